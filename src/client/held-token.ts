import type { Platform } from './platform.js';
import type { FetchedToken } from './token-refresh.options.js';

/** Milliseconds before its end at which a token is renewed, at most. */
const LEAD = 90_000;
/** The share of what is left of a token that is kept for renewing it. */
const LEAD_SHARE = 1 / 3;
/** Milliseconds between two renewals, at least, whatever anybody says of a token's life. */
const MIN_DELAY = 1_000;

/** What tells the time: see `Platform`. */
type Clocks = Pick<Platform, 'now' | 'wallTime'>;

/**
 * A moment on both clocks of a browser. One of them can be set, and the other may stand still while the machine sleeps:
 * the moment has come when it has come for either.
 */
export interface Moment {
  readonly at: number;
  readonly wallTime: number;
}

/** A token and its times. */
export interface HeldToken {
  readonly text: string;
  /** Milliseconds since the epoch, for people and other tabs. */
  readonly expiresAt: number;
  readonly end: Moment;
  readonly renewal: Moment;
}

/** The moment in so many milliseconds. */
export function momentIn(milliseconds: number, clocks: Clocks): Moment {
  return { at: clocks.now() + milliseconds, wallTime: clocks.wallTime() + milliseconds };
}

/** Milliseconds until a moment comes; none or fewer if it has come. */
export function timeLeft({ at, wallTime }: Moment, clocks: Clocks): number {
  return Math.min(at - clocks.now(), wallTime - clocks.wallTime());
}

/** A token that expires at `expiresAt`, in milliseconds since the epoch. */
export function heldToken(text: string, expiresAt: number, clocks: Clocks): HeldToken {
  const left = expiresAt - clocks.wallTime();
  const renewal = momentIn(renewalDelay(left), clocks);
  return { text, expiresAt, end: momentIn(left, clocks), renewal };
}

/**
 * Milliseconds after which to renew what lasts for `left`.
 *
 * @param most milliseconds after which it has to be renewed in any case.
 */
export function renewalDelay(left: number, most = Infinity): number {
  return Math.max(MIN_DELAY, Math.min(left - Math.min(LEAD, left * LEAD_SHARE), most));
}

/** Reads what the application has fetched. @throws TypeError if it is no token that one can use. */
export function readFetched(fetched: FetchedToken, clocks: Clocks): HeldToken {
  const { token, expiresIn } = fetched;
  if (typeof token !== 'string' || token === '' || !(expiresIn > 0)) {
    throw new TypeError(
      'fetchToken has to answer { token, expiresIn }: a text, and the seconds for which it is good.',
    );
  }
  return heldToken(token, clocks.wallTime() + expiresIn * 1000, clocks);
}
