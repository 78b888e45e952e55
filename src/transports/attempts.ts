import { RateLimit } from '../bayeux/rate-limit.js';
import { networkOf } from './client-network.js';
import type { TransportOptions } from './transport-options.js';

const MINUTE = 60_000;

/** Addresses, or sessions, of which attempts are remembered. */
const MAX_REMEMBERED = 10_000;

/** Counts what clients try: bad credentials by address, and new tokens by session. */
export class Attempts {
  readonly #bad: RateLimit;
  readonly #renewals: RateLimit;

  constructor(
    { badHandshakes, refreshes }: Pick<TransportOptions, 'badHandshakes' | 'refreshes'>,
    now: () => number,
  ) {
    this.#bad = new RateLimit({ times: badHandshakes, window: MINUTE }, MAX_REMEMBERED, now);
    this.#renewals = new RateLimit({ times: refreshes, window: MINUTE }, MAX_REMEMBERED, now);
  }

  /** Whether so many bad credentials came from an address that handshakes from there are not looked at. */
  exhausted(address: string | undefined): boolean {
    return this.#bad.size > 0 && this.#bad.wait(networkOf(address)) > 0;
  }

  /** Bad credentials came from an address. */
  failed(address: string | undefined): void {
    this.#bad.take(networkOf(address));
  }

  /** A session presents a new token. @returns whether it may. */
  mayRenew(clientId: string): boolean {
    return this.#renewals.take(clientId);
  }
}
