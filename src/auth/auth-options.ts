import type { CryptoKey } from 'jose';
import type { TokenVerifier } from './token-verifier.js';

/**
 * How the tokens of an issuer are verified: by their signature (`jwt`, RFC 9068), by asking the issuer (`introspection`,
 * RFC 7662), or by both, one after the other.
 */
export type TokenStrategy = 'jwt' | 'introspection' | 'jwt+introspection';

/** Takes the tenant from a claim. A token with another tenant than these, or none, is refused. */
export interface TenantClaim {
  /** The claim that names the tenant. */
  claim: string;
  /** The tenants there are. */
  allow: readonly string[];
}

/**
 * The id of the user that claims speak for; it must be unlike the ids of all other issuers' users. What it throws, and
 * anything but a text of 1 to 255 characters, refuses the token.
 */
export type UserIdMapping = (claims: Readonly<Record<string, unknown>>) => string;

/**
 * Says whether claims are those of a user or of a service (a token of the client credentials grant). `undefined` leaves it to
 * what the token tells; `null`, a promise, anything else and whatever it throws refuse the token.
 */
export type KindDecision = (
  claims: Readonly<Record<string, unknown>>,
) => 'user' | 'service' | null | undefined;

/** How an issuer is asked about tokens (RFC 7662). */
export interface CometIntrospectionOptions {
  /** The name under which the issuer knows this server. */
  clientId: string;
  /** The secret that goes with it. */
  clientSecret?: string;
  /** Instead of a secret: the private key this server signs its requests with (`private_key_jwt`). */
  privateKey?: CryptoKey;
  /** How the secret is sent. @default 'client_secret_basic' */
  authentication?: 'client_secret_basic' | 'client_secret_post';
  /** The URL to ask at. @default the one in the issuer's metadata */
  endpoint?: string;
  /** Demands signed answers (RFC 9701), and with which algorithm; for example `'RS256'`. */
  signedResponseAlg?: string;
  /** Seconds for which an answer is believed: a revoked token may be good for so much longer. @default 30 */
  maxTtl?: number;
  /** Seconds for which a token that was refused is refused again without asking. @default 5 */
  negativeTtl?: number;
  /**
   * Seconds after which the tokens of living sessions are asked about again; a session whose token was withdrawn ends. 0
   * for never. Tokens are kept in memory for it, as long as their sessions. @default 300
   */
  recheck?: number;
  /** Questions that are asked at a time. @default 20 */
  concurrency?: number;
  /** Questions that may wait for their turn; past them clients are asked to try again later. @default 200 */
  queue?: number;
}

/** What becomes of a session when its token expires. All durations are seconds. */
export interface CometExpiryOptions {
  /**
   * How long before its token expires a client is told (`/service/comet/auth`, `expiring`), but a quarter of the time
   * that is left at most; 0 tells nobody. @default 60
   */
  refreshLead?: number;
  /** For how long messages still reach a client whose token has expired. What it sends itself is refused. @default 25 */
  grace?: number;
  /**
   * Keeps the session for `session.maxInterval` after that, with what waits for it, until its client presents a newer
   * token. Without it the session ends with the grace. @default true
   */
  suspend?: boolean;
  /** Age at which a session ends, whatever tokens it was given: its client handshakes anew. 0 for no limit. @default 43200 */
  maxSessionAge?: number;
  /** Takes a newer token of the same user also if it was issued to another client (`client_id`). @default false */
  anyClient?: boolean;
}

/** For how long it is known that tokens were revoked, in seconds. */
export interface CometRevocationOptions {
  /**
   * For a login that has ended (`sid`): as long as refresh tokens of it can still get new tokens, since these are refused
   * too. @default 86400
   */
  sidTtl?: number;
  /** For everything else: no shorter than the longest life of a token. @default 86400 */
  tokenTtl?: number;
}

/** Takes logouts from the issuer (OpenID Connect Back-Channel Logout 1.0), at `POST {path}/backchannel-logout`. */
export interface CometBackchannelLogoutOptions {
  /** The clients whose logouts count: those that name this server as their `backchannel_logout_uri`. */
  clientIds: readonly string[];
  /** Demands the `typ` header `logout+jwt`, which not every issuer writes. @default false */
  strictType?: boolean;
  /**
   * A logout of one login (`sid`) also ends sessions of the same user whose tokens do not say of which login they are.
   * @default true
   */
  fallbackToSub?: boolean;
}

/** How the tokens of an issuer are verified and what is read from them. */
export interface CometIssuerSettings {
  /**
   * The audience that names this push server in the `aud` of a token; several names are permitted.
   * @default the resource
   */
  audience?: string | readonly string[];
  /**
   * The claim that names this server in tokens without an `aud`, for example `'client_id'` for Amazon Cognito. A token that
   * has an `aud` is still judged by that.
   * @default 'aud'
   */
  audienceClaim?: string;
  /** How tokens are verified. @default 'jwt' */
  strategy?: TokenStrategy;
  /** How the issuer is asked about tokens, if `strategy` says that it is. */
  introspection?: CometIntrospectionOptions;
  /** Where the issuer publishes its keys. @default the one in the issuer's metadata */
  jwksUri?: string;
  /** Signature algorithms that are accepted. @default ['RS256', 'PS256', 'ES256', 'EdDSA'] */
  algorithms?: readonly string[];
  /**
   * Values of the `typ` header that access tokens have besides the `at+jwt` of RFC 9068 §4, for example `'JWT'`. `'none'`
   * stands for a header without `typ`. Tokens of such a type are searched for marks of ID tokens and others.
   * @default ['at+jwt']
   */
  tokenTypes?: readonly string[];
  /** Scopes that every token must have. @default [] */
  requiredScopes?: readonly string[];
  /** The claim that holds the user's id. @default 'sub' */
  userClaim?: string;
  /** What user ids begin with, ahead of the claim, so that those of several issuers are never equal. @default '' */
  userPrefix?: string;
  /** Makes the user's id, instead of `userClaim` and `userPrefix`. */
  userId?: UserIdMapping;
  /** Tells users and services apart, where tokens do not tell: the first of the rules that docs/security.md lists. */
  kind?: KindDecision;
  /** The tenant of all tokens of this issuer, or the claim that holds it. */
  tenant?: string | TenantClaim;
  /**
   * Claims that principals keep, for rules and handlers. Every session holds them. An object gives them names of your own,
   * and says where each stands: `{ roles: 'realm_access.roles' }`, or `{ roles: ['resource_access', 'my.app', 'roles'] }`
   * where names have dots. A claim whose name is the whole text comes first.
   * @default []
   */
  claims?: readonly string[] | Readonly<Record<string, string | readonly string[]>>;
  /** Seconds by which clocks may differ. @default 5 */
  clockTolerance?: number;
  /** Seconds after which a token must be presented again, however long it is good for. @default 3600 */
  maxTokenLifetime?: number;
  /** Accepts an issuer over plain HTTP that is not on this host. Never in production. @default false */
  allowInsecureIssuer?: boolean;
}

/** One of several issuers. */
export interface CometIssuerOptions extends CometIssuerSettings {
  /** The issuer of access tokens, exactly as in the `iss` of its tokens. */
  issuer: string;
}

/** How clients prove who they are. */
export interface CometAuthOptions extends CometIssuerSettings {
  /** The issuer of access tokens, exactly as in the `iss` of its tokens, for example `https://login.example.com`. */
  issuer?: string;
  /**
   * The URL by which this server is known as a resource that tokens are for (RFC 9728): clients ask their issuer for
   * tokens with `resource=` and this (RFC 8707). With it the server says at `/.well-known/oauth-protected-resource`,
   * followed by its path, which issuer is the right one, and challenges name that place. Without it nothing is served.
   */
  resource?: string;
  /**
   * Characters a token may have. Node takes no more than 16 KB of headers in all, unless the HTTP server is created with a
   * larger `maxHeaderSize`; messages (`ext.auth.token`) have room for longer tokens.
   * @default 16384
   */
  maxTokenLength?: number;
  /** Scopes that `resource` is described with. @default the required scopes */
  scopesSupported?: readonly string[];
  /**
   * Several issuers, instead of `issuer`. What stands beside holds for each that does not say otherwise; what only one
   * can have (`strategy`, `introspection`, `jwksUri`, `tenant`, `userPrefix`, `userId`) stands in its element. Users of
   * one tenant must have ids that no other issuer can give, by `userPrefix` or `userId`.
   */
  issuers?: readonly CometIssuerOptions[];
  /** Verifies tokens instead of the built-in verifiers. */
  verifier?: TokenVerifier;
  /**
   * Says that the principals of a verifier of your own have tenants. Channels, users and services of one tenant are then
   * out of reach for every other, and the server has to say which tenant it means. Sessions without a token are in the
   * tenant `''`.
   * @default false
   */
  tenants?: boolean;
  /** Lets clients in that present no token, as anonymous sessions. A bad token still fails. @default false */
  anonymous?: boolean;
  /**
   * Where a handshake may also carry its token: paths of members, from `ext` on. The member a path begins with is taken
   * out of every message. `ext.auth.token` and the `Authorization` header are always read.
   * @default [['authentication', 'token'], ['authToken'], ['access_token'], ['token']]
   */
  aliases?: readonly (readonly string[])[];
  expiry?: CometExpiryOptions;
  revocation?: CometRevocationOptions;
  backchannelLogout?: CometBackchannelLogoutOptions;
}
