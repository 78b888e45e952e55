import type { CryptoKey } from 'jose';
import type {
  CometAuthOptions,
  CometIntrospectionOptions,
  CometIssuerOptions,
  TokenStrategy,
} from './auth-options.js';
import type { KeptClaim } from './claims.js';
import type { JwtVerifierOptions } from './jwt-verifier.options.js';
import { MAX_TOKEN_LENGTH } from './presented-token.js';

/** How an issuer is asked about tokens, with every default filled in. */
export interface IntrospectionSettings {
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly privateKey: CryptoKey | undefined;
  readonly authentication: 'client_secret_basic' | 'client_secret_post';
  readonly signedResponseAlg: string | undefined;
  /** Seconds. */
  readonly maxTtl: number;
  /** Seconds. */
  readonly negativeTtl: number;
  /** Seconds. */
  readonly recheck: number;
  readonly concurrency: number;
  readonly queue: number;
}

/** One issuer, with every default filled in. */
export interface IssuerSettings extends JwtVerifierOptions {
  readonly strategy: TokenStrategy;
  readonly introspection: IntrospectionSettings | undefined;
}

/** What only one issuer can have, so that it says nothing beside several. */
export const OF_ONE_ISSUER = [
  'strategy',
  'introspection',
  'jwksUri',
  'tenant',
  'userPrefix',
  'userId',
] as const satisfies readonly (keyof CometAuthOptions)[];

/** The issuers whose tokens the built-in verifiers accept; none if another verifier does, or nobody. */
export function issuerSettings(auth: CometAuthOptions): IssuerSettings[] {
  if (auth.verifier) return [];
  const { audience = auth.resource ?? [] } = auth;
  if (auth.issuers) return auth.issuers.map((issuer) => settingsOf({ ...auth, audience, ...given(issuer) }));
  return auth.issuer === undefined ? [] : [settingsOf({ ...auth, audience, issuer: auth.issuer })];
}

function settingsOf(options: CometIssuerOptions & Pick<CometAuthOptions, 'maxTokenLength'>): IssuerSettings {
  return {
    issuer: options.issuer,
    audience: options.audience ?? [],
    audienceClaim: options.audienceClaim ?? 'aud',
    maxTokenLength: options.maxTokenLength ?? MAX_TOKEN_LENGTH,
    strategy: options.strategy ?? 'jwt',
    introspection: options.introspection && introspectionOf(options.introspection),
    introspectionEndpoint: options.introspection?.endpoint,
    jwksUri: options.jwksUri,
    algorithms: options.algorithms ?? ['RS256', 'PS256', 'ES256', 'EdDSA'],
    tokenTypes: options.tokenTypes ?? ['at+jwt'],
    requiredScopes: options.requiredScopes ?? [],
    userClaim: options.userClaim ?? 'sub',
    userPrefix: options.userPrefix ?? '',
    userId: options.userId,
    kind: options.kind,
    tenant: options.tenant,
    claims: keptClaims(options.claims ?? []),
    clockTolerance: options.clockTolerance ?? 5,
    maxTokenLifetime: options.maxTokenLifetime ?? 3600,
    allowInsecureIssuer: options.allowInsecureIssuer ?? false,
  };
}

/** Elements of a list are claims of that very name; an object says where each stands. */
export function keptClaims(claims: NonNullable<CometIssuerOptions['claims']>): KeptClaim[] {
  if (isList(claims)) return claims.map((name) => ({ name, source: [name] }));
  return Object.entries(claims).map(([name, source]) => ({ name, source }));
}

/** `Array.isArray` does not narrow lists that are read-only. */
function isList<T>(value: readonly T[] | object): value is readonly T[] {
  return Array.isArray(value);
}

function introspectionOf(options: CometIntrospectionOptions): IntrospectionSettings {
  return {
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    privateKey: options.privateKey,
    authentication: options.authentication ?? 'client_secret_basic',
    signedResponseAlg: options.signedResponseAlg,
    maxTtl: options.maxTtl ?? 30,
    negativeTtl: options.negativeTtl ?? 5,
    recheck: options.recheck ?? 300,
    concurrency: options.concurrency ?? 20,
    queue: options.queue ?? 200,
  };
}

/** Without what is `undefined`, which would undo what stands beside the issuers. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
