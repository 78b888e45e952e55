import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import type { Configuration } from 'oidc-provider';

type OidcProvider = typeof import('oidc-provider');

/** The one user: the portal is to know her by `preferred_username`, not by `sub`. */
export const CAROL = { sub: 'a3f1-4711', preferred_username: 'carol', name: 'Carol Example' } as const;

const CLIENT = { id: 'portal-at-work', secret: 'external-client-secret' } as const;
const AUDIENCE = 'comet';
/** Resources have to be URIs, audiences have not. */
const RESOURCE = 'urn:example:comet';

/** What the provider's token endpoint gave out. */
export interface IssuedTokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
}

/**
 * A provider unlike the demo's own: another place, a name for an audience, plain `JWT` as the type of access tokens,
 * and a `sub` that says nothing. It signs Carol in without asking.
 */
export class ExternalProvider {
  /** Every answer of the token endpoint. */
  readonly issued: IssuedTokens[] = [];
  readonly #server: Server;

  private constructor(
    readonly issuer: string,
    server: Server,
  ) {
    this.#server = server;
  }

  static async start(portal: string): Promise<ExternalProvider> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const external = new ExternalProvider(issuer, server);
    const provider = await quietly(async () => {
      const library = await import('oidc-provider');
      return new library.default(issuer, await configuration(portal, library));
    });
    provider.use(async (ctx, next) => {
      await next();
      const answer = ctx.body as Partial<IssuedTokens> | undefined;
      if (ctx.path === '/token' && answer?.access_token) external.issued.push(answer as IssuedTokens);
    });
    const serve = provider.callback();
    server.on('request', (request, response) => {
      if (!request.url?.startsWith('/interaction/')) void serve(request, response);
      else void provider.interactionFinished(request, response, { login: { accountId: CAROL.sub } });
    });
    return external;
  }

  /** What the demo has to be told of this provider. */
  environment(): Record<string, string> {
    return {
      OIDC_ISSUER: this.issuer,
      OIDC_CLIENT_ID: CLIENT.id,
      OIDC_CLIENT_SECRET: CLIENT.secret,
      OIDC_AUDIENCE: AUDIENCE,
      OIDC_TOKEN_TYP: 'JWT',
      OIDC_USER_CLAIM: 'preferred_username',
    };
  }

  /** Everything that must stay between the provider and the portal's server. */
  get secrets(): string[] {
    return [CLIENT.secret, ...this.issued.flatMap(({ refresh_token }) => refresh_token ?? [])];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

async function configuration(portal: string, { interactionPolicy }: OidcProvider): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const policy = interactionPolicy.base();
  policy.remove('consent');
  return {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        token_endpoint_auth_method: 'client_secret_post',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [`${portal}/auth/callback`],
        post_logout_redirect_uris: [`${portal}/signed-out`],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'external' }] },
    cookies: { keys: ['external-cookie-key'] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ ...CAROL }) }),
    claims: { openid: ['sub'], profile: ['name', 'preferred_username'] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    issueRefreshToken: () => Promise.resolve(true),
    interactions: { policy, url: (_ctx, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async ({ oidc: { client, session, provider } }) => {
      const grant = new provider.Grant({
        ...(client && { clientId: client.clientId }),
        ...(session?.accountId && { accountId: session.accountId }),
      });
      grant.addOIDCScope('openid profile');
      grant.addResourceScope(RESOURCE, '');
      await grant.save();
      return grant;
    },
    extraTokenClaims: () => ({ preferred_username: CAROL.preferred_username }),
    formats: {
      customizers: {
        jwt: (_ctx, _token, parts) => {
          parts.header = { ...parts.header, typ: 'JWT' };
        },
      },
    },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: '', audience: AUDIENCE, accessTokenFormat: 'jwt' }),
      },
    },
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 300,
      Interaction: 600,
      RefreshToken: 600,
      Session: 600,
    },
  };
}

/** The library warns of an old Node.js and of its store in memory; both are meant here. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { warn, info } = console;
  console.warn = console.info = () => undefined;
  try {
    return await work();
  } finally {
    Object.assign(console, { warn, info });
  }
}
