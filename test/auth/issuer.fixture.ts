import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTHeaderParameters } from 'jose';
import type { Clock, Logger } from '../../src/bayeux/ports.js';
import type { JwtVerifierOptions } from '../../src/auth/jwt-verifier.options.js';
import { freePort } from '../support/free-port.js';
import { MAX_TOKEN_LENGTH } from '../../src/auth/presented-token.js';

/** Clocks that stand still until they are moved, and begin far apart. */
export class TestClock implements Clock {
  /** The wall time. */
  time = Date.UTC(2030, 0, 1);
  #now = 1_000_000;
  now(): number {
    return this.#now;
  }
  wallTime(): number {
    return this.time;
  }
  /** The time in seconds, as tokens have it. */
  get seconds(): number {
    return Math.floor(this.time / 1000);
  }
  advance(milliseconds: number): void {
    this.#now += milliseconds;
    this.time += milliseconds;
  }
  /** Moves the wall time alone. */
  stepWall(milliseconds: number): void {
    this.time += milliseconds;
  }
}

/** Keeps what is logged. */
export class TestLogger implements Logger {
  readonly lines: string[] = [];
  debug(message: string | (() => string)): void {
    this.lines.push(`debug ${typeof message === 'string' ? message : message()}`);
  }
  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }
  error(message: string, cause?: unknown): void {
    this.lines.push(`error ${message}${cause === undefined ? '' : ` ${JSON.stringify(cause)}`}`);
  }
  get text(): string {
    return this.lines.join('\n');
  }
}

export interface IssuerKey {
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

export async function createKey(alg: string, kid: string): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export function answerJson(body: unknown, status = 200): Handler {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(body));
  };
}

export function answerStatus(status: number, headers: Record<string, string> = {}): Handler {
  return (_request, response) => {
    response.writeHead(status, { connection: 'close', ...headers });
    response.end();
  };
}

export const OIDC_PATH = '/.well-known/openid-configuration';
export const OAUTH_PATH = '/.well-known/oauth-authorization-server';
export const JWKS_PATH = '/jwks';

/** An issuer on a real port that publishes metadata and keys, and remembers what it was asked. */
export class TestIssuer {
  readonly requests: string[] = [];
  readonly routes = new Map<string, Handler>();
  #server: Server | undefined;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port.toString()}`;
  }

  async open(keys: readonly JWK[] = []): Promise<this> {
    await this.#listen(await freePort());
    this.routes.set(OIDC_PATH, answerJson({ issuer: this.url, jwks_uri: this.url + JWKS_PATH }));
    this.publish(keys);
    return this;
  }

  publish(keys: readonly JWK[]): void {
    this.routes.set(JWKS_PATH, answerJson({ keys }));
  }

  requestsTo(path: string): number {
    return this.requests.filter((asked) => asked === path).length;
  }

  /** Comes back on the port it had. */
  async reopen(): Promise<void> {
    await this.#listen(this.#port);
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async #listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      this.requests.push(request.url ?? '');
      (this.routes.get(request.url ?? '') ?? answerStatus(404))(request, response);
    });
    this.#server = server;
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }
}

export const AUDIENCE = 'https://push.example/comet';

export function optionsFor(issuer: string, changes: Partial<JwtVerifierOptions> = {}): JwtVerifierOptions {
  return {
    issuer,
    audience: AUDIENCE,
    audienceClaim: 'aud',
    maxTokenLength: MAX_TOKEN_LENGTH,
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    tokenTypes: ['at+jwt'],
    requiredScopes: [],
    userClaim: 'sub',
    userPrefix: '',
    claims: [],
    clockTolerance: 5,
    maxTokenLifetime: 3600,
    allowInsecureIssuer: false,
    ...changes,
  };
}

/** Claims that a good token has; `undefined` takes one out. */
export function claimsFor(issuer: string, clock: TestClock, changes: Record<string, unknown> = {}): object {
  return {
    iss: issuer,
    aud: AUDIENCE,
    sub: 'alice',
    client_id: 'portal',
    jti: 'token-1',
    iat: clock.seconds,
    exp: clock.seconds + 300,
    ...changes,
  };
}

export async function sign(
  key: IssuerKey,
  claims: object,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: key.alg, typ: 'at+jwt', kid: key.jwk.kid ?? '', ...header })
    .sign(key.privateKey);
}

export function base64url(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}
