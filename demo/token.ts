import * as oidc from 'openid-client';
import { discoverProvider } from './auth/discover-provider.js';
import { ConfigError, readConfig } from './config/demo.config.js';
import { CLI_CLIENT, DEMO_USERS, findUser, SERVICE_CLIENT } from './provider/demo-accounts.js';
import { CookieJar } from './token-cookie-jar.js';

const USAGE = 'Usage: npm run -s token -- alice   (or bob, or --service)';
const MAX_STEPS = 10;

/** What a person can mend; the message says how. */
class UsageError extends Error {}

/** An access token for the push server, got like those of other OAuth clients. */
async function accessToken(who: string | undefined): Promise<string> {
  const config = readConfig(process.env);
  if (!config.embedded)
    throw new UsageError('Tokens are printed for the demo’s own provider only: unset OIDC_ISSUER.');
  const { issuer, audience: resource } = config.provider;
  if (who === '--service') {
    const client = await discover(issuer, SERVICE_CLIENT.id, oidc.ClientSecretBasic(SERVICE_CLIENT.secret));
    return (await oidc.clientCredentialsGrant(client, { resource })).access_token;
  }
  const user = findUser(who ?? '');
  if (!user) {
    const known = new Intl.ListFormat('en-GB').format(DEMO_USERS.map(({ id }) => id));
    throw new UsageError(
      `${who === undefined ? '' : `There is no user ${who}; there are ${known}. `}${USAGE}`,
    );
  }
  const client = await discover(issuer, CLI_CLIENT.id, oidc.None());
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const expectedNonce = oidc.randomNonce();
  const start = oidc.buildAuthorizationUrl(client, {
    redirect_uri: CLI_CLIENT.redirectUri,
    scope: 'openid',
    resource,
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  const answer = await signIn(start, user.id, user.password);
  const tokens = await oidc.authorizationCodeGrant(client, answer, {
    pkceCodeVerifier,
    expectedState,
    expectedNonce,
  });
  return tokens.access_token;
}

async function discover(
  issuer: string,
  clientId: string,
  auth: oidc.ClientAuth,
): Promise<oidc.Configuration> {
  try {
    return await discoverProvider(issuer, clientId, auth);
  } catch {
    throw new UsageError(
      `The demo does not answer at ${new URL(issuer).origin}: run npm start in another terminal first ` +
        '(and set the same PORT or PUBLIC_URL here, if you set one there).',
    );
  }
}

/** Goes through the login page as a browser would, and stops where the browser would leave for the client. */
async function signIn(start: URL, login: string, password: string): Promise<URL> {
  const jar = new CookieJar();
  let url = start;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const response = await fetch(url, {
      ...(form && { method: 'POST', body: form }),
      headers: { accept: 'text/html', cookie: jar.header(url) },
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    });
    jar.take(url, response.headers.getSetCookie());
    const location = response.headers.get('location');
    if (location) {
      url = new URL(location, url);
      if (url.href.startsWith(CLI_CLIENT.redirectUri)) return url;
      form = undefined;
    } else if (response.ok && !form) {
      // The login page: its form goes back to where it came from.
      form = new URLSearchParams({ login, password });
    } else {
      break;
    }
  }
  throw new UsageError(
    `The demo at ${start.origin} did not accept the sign-in of ${login}: is it this version of the demo?`,
  );
}

try {
  console.log(await accessToken(process.argv[2]));
} catch (error) {
  const known = error instanceof UsageError || error instanceof ConfigError;
  console.error(
    known ? error.message : `No token: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exitCode = 1;
}
