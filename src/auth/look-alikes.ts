import { ACCESS_TOKEN, audiencesIn, type Claims, clientsOf, own, refused, scopesIn } from './claims.js';

/** Claims in which issuers say what kind of token it is, with the values of access tokens, in lower case. */
const STATEMENTS: readonly (readonly [claim: string, accepted: readonly string[], marks: boolean])[] = [
  // Cognito and Hydra.
  ['token_use', ['access', 'access_token'], true],
  // ForgeRock and Ping.
  ['tokenName', ['access_token'], true],
  // Keycloak; others repeat there the type of the header, which says nothing.
  ['typ', ['bearer', 'access', 'access_token', 'at+jwt'], true],
  ['token_type', ['bearer', 'access', 'access_token'], false],
];

/** Values of a claim `type` that tell another kind of token; other applications use a claim of this name otherwise. */
const OTHER_TYPES = /^(?:id|refresh|offline|logout)(?:[-_ ]?token)?$/i;

/** Claims of ID tokens, logout tokens and other statements that no access token has. */
const FOREIGN_CLAIMS = ['at_hash', 'c_hash', 's_hash', 'events', 'token_introspection'] as const;

/**
 * Refuses what only looks like an access token, whether it was verified by its signature or by asking the issuer. RFC 9068 §4
 * relies on `typ` for that. Where the header does not tell, an access token is known by what is written into it, and an
 * ID token by its `nonce` and by being addressed to the client that asked for it.
 *
 * @param type the `typ` of the token's header, bare and in lower case.
 * @throws TokenError if the claims are those of an ID token, a refresh token, a logout token or another statement.
 * @internal
 */
export function refuseLookAlikes(claims: Claims, type?: string): void {
  const marked = isMarked(claims);
  if (type === ACCESS_TOKEN) return;
  for (const name of FOREIGN_CLAIMS) refuseClaim(claims, name);
  if (marked) return;
  refuseClaim(claims, 'nonce');
  // A bearer token with scopes is one for a resource, also where issuers write the client into `aud`.
  const granted = Object.hasOwn(claims, 'token_type') && scopesIn(own(claims, 'scope')).length > 0;
  const audiences = audiencesIn(claims);
  if (!granted && clientsOf(claims).some((client) => audiences.includes(client))) {
    throw refused('no access token: it is addressed to its own client');
  }
}

/**
 * Whether the token says that it is an access token.
 *
 * @throws TokenError if it says that it is something else.
 */
function isMarked(claims: Claims): boolean {
  const other = own(claims, 'type');
  if (typeof other === 'string' && OTHER_TYPES.test(other)) throw refused('no access token, by its type');
  let marked = scopesIn(own(claims, 'scp')).length > 0;
  for (const [name, accepted, marks] of STATEMENTS) {
    if (!Object.hasOwn(claims, name)) continue;
    const said = claims[name];
    const text = typeof said === 'string' ? said.toLowerCase() : '';
    if (name !== 'token_use' && text === 'jwt') continue;
    if (!accepted.includes(text)) throw refused(`no access token, by its ${name}`);
    marked ||= marks;
  }
  return marked;
}

function refuseClaim(claims: Claims, name: string): void {
  if (Object.hasOwn(claims, name)) throw refused(`no access token: it has ${name}`);
}
