import type { TokenVerifier } from './token-verifier.js';

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
  expiry?: CometExpiryOptions;
}
