/** What a client shall do next (Bayeux 1.0 §3.4). */
export interface Advice {
  /** `retry`: connect again after `interval`; `handshake`: the session is gone; `none`: stop for good. */
  readonly reconnect: 'retry' | 'handshake' | 'none';
  /** Milliseconds to wait before the next connect or handshake. */
  readonly interval?: number;
  /** Milliseconds for which the server holds a connect. */
  readonly timeout?: number;
  /** Milliseconds of silence after which the session is removed; clients then handshake by themselves. */
  readonly maxInterval?: number;
  /** Another session of the same browser is held already. */
  readonly 'multiple-clients'?: true;
}

/** Stop for good: a refused handshake, a kick, or the end of a session. */
export const ADVICE_NONE: Advice = Object.freeze({ reconnect: 'none' });

/** Connect again, but not at once. */
export const ADVICE_LATER: Advice = Object.freeze({ reconnect: 'retry', interval: 5_000 });

let lastRetry: Advice = Object.freeze({ reconnect: 'retry', interval: 0, timeout: 30_000 });

/** Connect again. Most clients are told the same, by the same object. */
export function adviseRetry(interval: number, timeout: number): Advice {
  if (interval !== lastRetry.interval || timeout !== lastRetry.timeout) {
    lastRetry = Object.freeze({ reconnect: 'retry', interval, timeout });
  }
  return lastRetry;
}

/** Other tabs of the browser are held already: ask again every `interval` milliseconds, or not at all if it is 0. */
export function adviseMultipleClients(interval: number, timeout: number): Advice {
  if (interval === 0) return { 'multiple-clients': true, reconnect: 'none' };
  return { 'multiple-clients': true, reconnect: 'retry', interval, timeout };
}

/** The session is gone: handshake again after `interval` milliseconds. */
export function adviseHandshake(interval: number): Advice {
  return { reconnect: 'handshake', interval };
}

/** What a client may ask for in the advice of its own connect, after clamping; `undefined` where it did not ask. */
export interface RequestedAdvice {
  readonly timeout?: number;
  readonly interval?: number;
}

/**
 * Reads the advice of a connect request. Wrong types and negative numbers are ignored, large numbers are cut to
 * the maximum: a client must not be able to hold a connection or a session for as long as it likes.
 */
export function readRequestedAdvice(
  advice: unknown,
  maximum: { timeout: number; interval: number },
): RequestedAdvice {
  if (typeof advice !== 'object' || advice === null) return {};
  const { timeout, interval } = advice as { timeout?: unknown; interval?: unknown };
  return {
    ...(isDuration(timeout) && { timeout: Math.min(timeout, maximum.timeout) }),
    ...(isDuration(interval) && { interval: Math.min(interval, maximum.interval) }),
  };
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
