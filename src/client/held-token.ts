import type { FetchedToken } from './token-refresh.options.js';

/** Milliseconds before its end at which a token is renewed, at most. */
const LEAD = 90_000;
/** The share of what is left of a token that is kept for renewing it. */
const LEAD_SHARE = 1 / 3;
/** Milliseconds between two renewals, at least, whatever anybody says of a token's life. */
const MIN_DELAY = 1_000;

/** A token and its times, in milliseconds since the epoch. */
export interface HeldToken {
  readonly text: string;
  readonly expiresAt: number;
  readonly renewAt: number;
}

/** A token that expires then. */
export function heldToken(text: string, expiresAt: number, now: number): HeldToken {
  return { text, expiresAt, renewAt: renewalBefore(expiresAt, now) };
}

/** When to renew what expires then. */
export function renewalBefore(expiresAt: number, now: number): number {
  const left = expiresAt - now;
  return now + Math.max(MIN_DELAY, left - Math.min(LEAD, left * LEAD_SHARE));
}

/** When to renew what is to be renewed within so many seconds. */
export function renewalBy(seconds: number, now: number): number {
  return now + Math.max(MIN_DELAY, seconds * 1000);
}

/** Reads what the application has fetched. @throws TypeError if it is no token that one can use. */
export function readFetched(fetched: FetchedToken, now: number): HeldToken {
  const { token, expiresIn } = fetched;
  if (typeof token !== 'string' || token === '' || !(expiresIn > 0)) {
    throw new TypeError(
      'fetchToken has to answer { token, expiresIn }: a text, and the seconds for which it is good.',
    );
  }
  return heldToken(token, now + expiresIn * 1000, now);
}
