import type { TokenVerifier } from './token-verifier.js';

/** For how long it is known that tokens were revoked, in seconds. */
export interface CometRevocationOptions {
  /**
   * For a login that has ended (`sid`): as long as refresh tokens of it can still get new tokens, since these are refused
   * too. @default 86400
   */
  sidTtl?: number;
  /** For everything else: at least as long as any token is good. @default 86400 */
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

/** How clients prove who they are. */
export interface CometAuthOptions {
  /** The issuer of access tokens, exactly as in the `iss` of its tokens, for example `https://login.example.com`. */
  issuer?: string;
  /** The audience that names this push server in the `aud` of a token; several names are permitted. */
  audience?: string | readonly string[];
  /** Signature algorithms that are accepted. @default ['RS256', 'PS256', 'ES256', 'EdDSA'] */
  algorithms?: readonly string[];
  /** Values of the `typ` header that mark an access token (RFC 9068 §4). @default ['at+jwt'] */
  tokenTypes?: readonly string[];
  /** Scopes that every token must have. @default [] */
  requiredScopes?: readonly string[];
  /** The claim that holds the user's id. @default 'sub' */
  userClaim?: string;
  /** Seconds by which clocks may differ. @default 5 */
  clockTolerance?: number;
  /** Accepts an issuer over plain HTTP that is not on this host. Never in production. @default false */
  allowInsecureIssuer?: boolean;
  /** Verifies tokens instead of the built-in verifier for JWT access tokens. */
  verifier?: TokenVerifier;
  /** Lets clients in that present no token, as anonymous sessions. A bad token still fails. @default false */
  anonymous?: boolean;
  revocation?: CometRevocationOptions;
  backchannelLogout?: CometBackchannelLogoutOptions;
}
