import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import type { ClientMetadata, Configuration, KoaContextWithOIDC } from 'oidc-provider';
import type { DemoConfig } from '../config/demo.config.js';
import { CLI_CLIENT, findUser, SERVICE_CLIENT } from './demo-accounts.js';
import { endSessionView, providerErrorView, signedOutView } from './provider.views.js';

type OidcProvider = typeof import('oidc-provider');

const HOUR = 60 * 60;

/** The embedded provider: three users, three clients, one resource server. Keys are new at every start. */
export async function providerConfiguration(
  config: DemoConfig,
  library: OidcProvider,
): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const secure = config.secure;
  const accessTokenTTL = config.provider.tokenLifetime;
  return {
    clients: clients(config),
    jwks: {
      keys: [
        { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: randomBytes(8).toString('hex') },
      ],
    },
    cookies: {
      keys: [randomBytes(32).toString('base64url')],
      names: {
        interaction: config.cookieName('oidc-interaction'),
        resume: config.cookieName('oidc-resume'),
        session: config.cookieName('oidc-session'),
      },
      long: { httpOnly: true, sameSite: 'lax', signed: true, secure },
      short: { httpOnly: true, sameSite: 'lax', signed: true, secure },
    },
    findAccount: (_ctx, id) => {
      const user = findUser(id);
      return (
        user && {
          accountId: id,
          claims: () => ({ sub: id, name: user.name, preferred_username: id, roles: user.roles }),
        }
      );
    },
    scopes: ['openid'],
    claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'roles'] },
    // The login that a token comes from, so that a sign-out ends what it was good for, and nothing else of the user's.
    extraTokenClaims: (_ctx, token) =>
      token.kind === 'AccessToken' && token.sid ? { sid: token.sid } : undefined,
    // The portal takes the name from the ID token and saves itself the call for it.
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    pkce: { required: () => true },
    // Without offline_access: such a refresh token ends with the provider's session.
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    interactions: {
      policy: withoutConsent(library),
      url: (_ctx, interaction) => `/sign-in/${interaction.uid}`,
    },
    loadExistingGrant: (ctx) => grantFor(ctx, config),
    clientBasedCORS: () => false,
    features: {
      devInteractions: { enabled: false },
      // The portal asks for `sid` by it.
      claimsParameter: { enabled: true },
      clientCredentials: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: endSessionView,
        postLogoutSuccessSource: signedOutView,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => config.provider.audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => {
          if (resource !== config.provider.audience) throw new library.errors.InvalidTarget();
          return {
            scope: '',
            audience: resource,
            accessTokenTTL,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          };
        },
      },
    },
    renderError: providerErrorView,
    ttl: {
      AccessToken: accessTokenTTL,
      AuthorizationCode: 60,
      ClientCredentials: accessTokenTTL,
      Grant: 12 * HOUR,
      IdToken: HOUR,
      Interaction: 10 * 60,
      RefreshToken: 12 * HOUR,
      Session: 12 * HOUR,
    },
  };
}

function clients({ publicUrl, provider }: DemoConfig): ClientMetadata[] {
  return [
    {
      client_id: provider.clientId,
      client_secret: provider.clientSecret ?? '',
      client_name: 'Comet Portal',
      // The only way passport-oauth2 can send it.
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      redirect_uris: [`${publicUrl}/auth/callback`],
      post_logout_redirect_uris: [`${publicUrl}/signed-out`],
    },
    {
      client_id: CLI_CLIENT.id,
      client_name: 'Token script',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: [CLI_CLIENT.redirectUri],
    },
    {
      client_id: SERVICE_CLIENT.id,
      client_secret: SERVICE_CLIENT.secret,
      client_name: 'Back-end service',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
  ];
}

/** The provider serves its own clients only: there is nobody to ask for consent. */
function withoutConsent({ interactionPolicy }: OidcProvider) {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return policy;
}

async function grantFor(ctx: KoaContextWithOIDC, config: DemoConfig) {
  const { client, session, provider } = ctx.oidc;
  if (!client || !session) return undefined;
  // Each sign-in is a login of its own, also where the provider's session goes on: what a sign-out ends stays ended.
  session.sidFor(client.clientId, randomBytes(16).toString('base64url'));
  const known = session.grantIdFor(client.clientId);
  if (known) return provider.Grant.find(known);
  const grant = new provider.Grant({
    clientId: client.clientId,
    ...(session.accountId && { accountId: session.accountId }),
  });
  grant.addOIDCScope('openid profile');
  grant.addResourceScope(config.provider.audience, '');
  await grant.save();
  return grant;
}
