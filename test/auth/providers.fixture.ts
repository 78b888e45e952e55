import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { CryptoKey } from 'jose';
import { OAuth2Server } from 'oauth2-mock-server';
import type Provider from 'oidc-provider';
import { AUDIENCE } from './issuer.fixture.js';

/** The client that this server is, where it asks about tokens. */
export const COMET = { clientId: 'comet', clientSecret: 'cometSecret' } as const;

const SERVICE = { grant_types: ['client_credentials'], response_types: [], redirect_uris: [] };

/** A provider made by others. It issues what it pleases, and signs what a test makes up with its own key. */
export interface TestProvider {
  readonly issuer: string;
  /** An access token of alice, for this server. */
  mint(): Promise<string>;
  /** A token with these claims and header, signed with the key of the provider. */
  forge(claims: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

/** Claims of a good token for this server, good now; `undefined` takes one out. */
export function realClaims(issuer: string, changes: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    ...{ iss: issuer, aud: AUDIENCE, sub: 'alice', client_id: 'portal', jti: 'forged' },
    ...{ iat: now, exp: now + 300, nbf: undefined },
    ...changes,
  };
}

/** oauth2-mock-server, whose tokens are plain JWTs without an audience unless one says otherwise. */
export class MockProvider implements TestProvider {
  readonly #server: OAuth2Server;
  /** Whether it says of tokens that they are active. */
  active = true;

  private constructor(server: OAuth2Server) {
    this.#server = server;
  }

  static async open(): Promise<MockProvider> {
    const server = new OAuth2Server();
    await server.issuer.keys.generate('RS256');
    await server.start(0, '127.0.0.1');
    const provider = new MockProvider(server);
    server.service.on('beforeIntrospect', (response: { body: object }) => {
      response.body = { active: provider.active };
    });
    return provider;
  }

  get issuer(): string {
    return this.#server.issuer.url ?? '';
  }

  mint(): Promise<string> {
    return this.forge(realClaims(this.issuer));
  }

  /** As the provider makes it, with nothing changed. */
  mintPlain(): Promise<string> {
    return this.#server.issuer.buildToken();
  }

  forge(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
    return this.#server.issuer.buildToken({
      scopesOrTransform: (ofToken, payload) => {
        Object.assign(ofToken, { typ: 'at+jwt' }, header);
        Object.assign(payload, claims);
      },
    });
  }

  async close(): Promise<void> {
    await this.#server.stop();
  }
}

/** oidc-provider, whose resource `AUDIENCE` has JWTs and whose resource `urn:opaque` has opaque tokens. */
export class RealProvider implements TestProvider {
  readonly #server: Server;
  readonly #provider: Provider;
  readonly #key: CryptoKey;

  private constructor(
    readonly issuer: string,
    server: Server,
    provider: Provider,
    key: CryptoKey,
  ) {
    this.#server = server;
    this.#provider = provider;
    this.#key = key;
  }

  static async open(): Promise<RealProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}`;
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = { ...(await exportJWK(privateKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
    const provider = await quietly(async () => {
      const { default: OidcProvider } = await import('oidc-provider');
      return new OidcProvider(issuer, {
        jwks: { keys: [jwk] },
        clients: [
          {
            ...SERVICE,
            client_id: COMET.clientId,
            client_secret: COMET.clientSecret,
            introspection_signed_response_alg: 'RS256',
          },
          { ...SERVICE, client_id: 'alice', client_secret: 'aliceSecret' },
        ],
        extraTokenClaims: (_ctx, { kind }) =>
          kind === 'ClientCredentials' ? { gty: 'client-credentials' } : undefined,
        ttl: { AccessToken: 300, ClientCredentials: 300 },
        features: {
          devInteractions: { enabled: false },
          clientCredentials: { enabled: true },
          revocation: { enabled: true, allowedPolicy: () => true },
          introspection: { enabled: true, allowedPolicy: () => true },
          jwtIntrospection: { enabled: true },
          resourceIndicators: {
            enabled: true,
            getResourceServerInfo: (_ctx, resource) => resourceOf(resource),
          },
        },
      });
    });
    const serve = provider.callback();
    server.on('request', (request, response) => void serve(request, response));
    return new RealProvider(issuer, server, provider, (await importJWK(jwk)) as CryptoKey);
  }

  mint(): Promise<string> {
    return this.mintFor(AUDIENCE);
  }

  /** A token of alice for a resource, as a login would have made it. */
  async mintFor(resource: string): Promise<string> {
    const { AccessToken, Client, ResourceServer } = this.#provider;
    const client = await Client.find('alice');
    if (!client) throw new Error('The client is missing.');
    const token = new AccessToken({
      ...{ accountId: 'alice-account', client, gty: 'authorization_code', scope: 'news' },
      resourceServer: new ResourceServer(resource, resourceOf(resource)),
    } as never);
    return token.save();
  }

  /** A token of the client that is called alice, of the client credentials grant. */
  async mintService(resource: string): Promise<string> {
    const answer = await this.#post('/token', { grant_type: 'client_credentials', resource });
    return ((await answer.json()) as { access_token: string }).access_token;
  }

  async revoke(token: string): Promise<void> {
    await this.#post('/token/revocation', { token });
  }

  forge(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1', typ: 'at+jwt', ...header })
      .sign(this.#key);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #post(path: string, form: Record<string, string>): Promise<Response> {
    return fetch(this.issuer + path, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('alice:aliceSecret').toString('base64')}` },
      body: new URLSearchParams(form),
    });
  }
}

function resourceOf(resource: string) {
  return {
    ...{ scope: 'news', audience: resource, accessTokenTTL: 300 },
    accessTokenFormat: resource === AUDIENCE ? ('jwt' as const) : ('opaque' as const),
  };
}

/** It greets with warnings that are meant for production. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = () => undefined;
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}
