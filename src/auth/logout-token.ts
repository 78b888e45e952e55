import type { JWTPayload } from 'jose';
import type { Revocation } from '../bayeux/revocation.js';
import { isNameText } from './name-text.js';
import { issuerKey } from './revocation-keys.js';
import type { RevocationTimes } from './revocation-target.js';
import { TokenError } from './token-verifier.js';

/** The event that a logout token tells of (OpenID Connect Back-Channel Logout 1.0 §2.4). */
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** What logout tokens must be like. */
export interface LogoutTokenOptions {
  /** Of which clients they may be: one of these is in the `aud`. */
  readonly clientIds: readonly string[];
  /** Whether the `typ` must be `logout+jwt`. */
  readonly strictType: boolean;
  /** Whether the end of a login concerns tokens too that do not say of which login they are. */
  readonly fallbackToSub: boolean;
}

/** Who has logged out, as an issuer says. */
export interface Logout {
  readonly issuer: string;
  /** The `jti` of the logout token. */
  readonly tokenId: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  /** The login that has ended; without one it is all of the subject's. */
  readonly sid: string | undefined;
  readonly subject: string | undefined;
}

/**
 * Reads the claims of a logout token whose signature, issuer, audience and times are verified already (§2.6).
 *
 * @throws TokenError if it is none.
 * @internal
 */
export function logoutOf(issuer: string, claims: JWTPayload): Logout {
  for (const name of ['sub', 'sid', 'jti']) {
    if (Object.hasOwn(claims, name) && !isNameText(claims[name])) throw refused(`malformed ${name}`);
  }
  const { jti, iat, sub, sid } = claims;
  if (jti === undefined || typeof iat !== 'number') throw refused('without jti or iat');
  // An ID token has one, and must not be taken for a logout.
  if (Object.hasOwn(claims, 'nonce')) throw refused('no logout token: it has nonce');
  const events = claims['events'];
  if (!isObject(events) || !Object.hasOwn(events, LOGOUT_EVENT) || !isObject(events[LOGOUT_EVENT])) {
    throw refused('no logout token: without the event');
  }
  if (sub === undefined && sid === undefined) throw refused('neither sub nor sid');
  return { issuer, tokenId: jti, issuedAt: iat * 1000, sid: sid as string | undefined, subject: sub };
}

/** How long what a logout revokes is kept, and how far it reaches. */
export interface LogoutReach {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly keptFor: RevocationTimes;
  readonly fallbackToSub: boolean;
}

/**
 * What a logout revokes: a login, and with it all tokens that come of it later; or what a subject was given up to then.
 *
 * @internal
 */
export function revocationsOf(
  { issuer, sid, subject, issuedAt }: Logout,
  { now, keptFor, fallbackToSub }: LogoutReach,
): Revocation[] {
  const of = { issuedUpTo: issuedAt, until: now + keptFor.token };
  if (sid === undefined) {
    return subject === undefined ? [] : [{ key: issuerKey('subject', issuer, subject), ...of }];
  }
  const login = { key: issuerKey('login', issuer, sid), until: now + keptFor.login };
  if (subject === undefined || !fallbackToSub) return [login];
  return [login, { key: issuerKey('subject without login', issuer, subject), ...of }];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(reason: string): TokenError {
  return new TokenError('invalid_token', reason);
}
