import { leaveUnheard } from '../bayeux/maybe-promise.js';
import type { KindDecision } from './auth-options.js';
import {
  ACCESS_TOKEN,
  audiencesIn,
  type Claims,
  clientsOf,
  listOf,
  own,
  refused,
  scopesIn,
} from './claims.js';
import type { ClaimsOptions } from './claims-options.js';
import { failureCode } from './failure-code.js';
import { isNameText } from './name-text.js';
import type { TokenError } from './token-verifier.js';

/** Claims that come of a login (OpenID Connect Core §2, RFC 9068 §2.2.1, OpenID Connect Session Management). */
const LOGIN_CLAIMS = ['sid', 'session_state', 'auth_time', 'acr', 'amr'] as const;

/** How issuers write the client credentials grant in `gty`. */
const CLIENT_CREDENTIALS = /^client[-_ ]?credentials$/i;

/** What may be that grant, written in a way that is not known. It is no mark of a login either. */
const LIKE_CLIENT_CREDENTIALS = /client[^a-z]*cred/i;

/**
 * Whether a token speaks for a user or for a service, by what its issuer says of it. The first of these decides: the
 * application (`auth.kind`); marks of the client credentials grant; RFC 9068 §2.2, by which a client that acts for itself
 * is the subject of its token; a subject that is no client. A missing claim proves nothing, and neither does one that users
 * choose, such as `preferred_username`.
 *
 * @param type the `typ` of the token's header, bare and in lower case.
 * @throws TokenError if that does not tell, or marks of both are there.
 */
export function kindOf(claims: Claims, options: ClaimsOptions, type: string | undefined): 'user' | 'service' {
  const answer = answerOf(claims, options.kind);
  if (answer !== undefined) return answer;
  const login = loginMarks(claims);
  const mark = grantMark(claims);
  if (mark !== undefined) {
    // Keycloak writes an `acr` into tokens of services too.
    const other = login.find((name) => !(mark === 'gty' && name === 'acr'));
    if (other !== undefined) throw unclear(`${mark} is that of a service, and ${other} comes of a login`);
    return 'service';
  }
  if (type === ACCESS_TOKEN && login.length === 0 && isOwnSubject(claims)) return 'service';
  refuseClients(claims, options);
  return 'user';
}

function answerOf(claims: Claims, kind: KindDecision | undefined): 'user' | 'service' | undefined {
  if (!kind) return undefined;
  let answer: unknown;
  try {
    answer = kind(claims);
  } catch (error) {
    throw refused(`auth.kind failed: ${failureCode(error)}`);
  }
  if (answer === undefined || answer === 'user' || answer === 'service') return answer;
  if (answer === null) throw refused('auth.kind refused it');
  leaveUnheard(answer);
  throw refused("auth.kind answered neither 'user' nor 'service' nor undefined, or with a promise");
}

/** The claim that marks a token of the client credentials grant. */
function grantMark(claims: Claims): string | undefined {
  const grants = grantsOf(claims);
  if (grants.length > 0 && grants.every(isClientCredentials)) return 'gty';
  const type = own(claims, 'idtyp');
  if (type === 'app') return 'idtyp';
  if (type !== undefined && type !== 'user') throw unclear('idtyp is neither app nor user');
  // Entra: the object of an application is its subject, while the subject of a user is another one for each application.
  const [sub, oid, tid] = [own(claims, 'sub'), own(claims, 'oid'), own(claims, 'tid')];
  if (!isNameText(oid) || oid !== sub || scopesIn(own(claims, 'scp')).length > 0) return undefined;
  if (!Object.hasOwn(claims, 'tid') && loginMarks(claims).length > 0) return undefined;
  // In tokens of B2C's users `oid` and `sub` are equal too. But its ID tokens name no client, and its access tokens have scopes.
  if (!isNameText(tid) || clientsOf(claims).length === 0 || Object.hasOwn(claims, 'scp')) {
    throw unclear('its oid is its sub, and neither a scope nor tid and client tell whose');
  }
  return 'oid';
}

function loginMarks(claims: Claims): string[] {
  const marks: string[] = LOGIN_CLAIMS.filter((name) => Object.hasOwn(claims, name));
  const scopes = [own(claims, 'scope'), own(claims, 'scp')].flatMap(scopesIn);
  if (scopes.includes('openid')) marks.push('the scope openid');
  if (!grantsOf(claims).every(isClientCredentials)) marks.push('gty');
  if (own(claims, 'idtyp') === 'user') marks.push('idtyp');
  return marks;
}

/** @throws TokenError if there is a `gty` that is no grant. */
function grantsOf(claims: Claims): readonly string[] {
  if (!Object.hasOwn(claims, 'gty')) return [];
  const grants = listOf(claims['gty']);
  if (grants.length === 0 || !grants.every(isNameText)) throw unclear('gty is malformed');
  if (grants.some((grant) => LIKE_CLIENT_CREDENTIALS.test(grant) && !isClientCredentials(grant))) {
    throw unclear('gty names a grant that is not known');
  }
  if (new Set(grants.map(isClientCredentials)).size > 1) throw unclear('gty names grants of both');
  return grants;
}

function isClientCredentials(grant: string): boolean {
  return CLIENT_CREDENTIALS.test(grant);
}

function isOwnSubject(claims: Claims): boolean {
  return own(claims, 'sub') !== undefined && own(claims, 'client_id') === own(claims, 'sub');
}

/** @throws TokenError if the token names no user, or one that is called like its client. */
function refuseClients(claims: Claims, { userId, userClaim }: ClaimsOptions): void {
  const subject = own(claims, 'sub');
  if (subject === undefined) {
    throw unclear('it has no sub, which the issuer has to write into tokens of users');
  }
  const claimed = userId ? subject : own(claims, userClaim);
  if (!isNameText(claimed)) throw unclear(`missing or malformed user claim ${userClaim}`);
  const clients = clientsOf(claims);
  // Issuers that name no client address tokens to it, and make it the subject where it acts for itself.
  const names = clients.length > 0 ? clients : audiencesIn(claims);
  if (names.includes(subject) || names.includes(claimed)) {
    throw unclear('its sub or user claim is that of its client');
  }
  // Auth0's name for a client that acts for itself.
  if (clients.some((client) => subject === `${client}@clients`)) throw unclear('its sub is that of a client');
}

function unclear(why: string): TokenError {
  return refused(`neither a user nor a service for certain (${why}); auth.kind can tell`);
}
