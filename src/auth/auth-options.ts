import type { TokenVerifier } from './token-verifier.js';

/** How clients prove who they are. */
export interface CometAuthOptions {
  /** The issuer of access tokens, exactly as in the `iss` of its tokens, for example `https://login.example.com`. */
  issuer?: string;
  /**
   * The URL by which this server is known as a resource that tokens are for (RFC 9728): clients ask their issuer for
   * tokens with `resource=` and this (RFC 8707). With it the server says at `/.well-known/oauth-protected-resource`,
   * followed by its path, which issuer is the right one, and challenges name that place. Without it nothing is served.
   */
  resource?: string;
  /** Scopes that `resource` is described with. @default the required scopes */
  scopesSupported?: readonly string[];
  /**
   * The audience that names this push server in the `aud` of a token; several names are permitted.
   * @default the resource
   */
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
}
