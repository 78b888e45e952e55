import { type HeldToken, heldToken, momentIn, readFetched, renewalDelay, timeLeft } from './held-token.js';
import type { Platform } from './platform.js';
import { TabShare } from './tab-share.js';
import type { TokenRefreshOptions } from './token-refresh.options.js';

const FETCH_TIMEOUT = 30_000;
const FIRST_RETRY = 1_000;
const MAX_RETRY = 30_000;
/** Milliseconds after which the clocks are looked at again: timers stand still while the machine sleeps. */
const MAX_DELAY = 60_000;

/** Who wants to hear of tokens. */
export interface TokenKeeperHost {
  /** There is another token than before. */
  renewed(): void;
  /** There will be none any more. */
  signedOut(): void;
}

/**
 * Holds the token and renews it before it expires: for all tabs of the login at once. The token is in memory only. At any
 * time there is one timer at most besides those that bound what is under way.
 */
export class TokenKeeper {
  readonly #options: TokenRefreshOptions;
  readonly #platform: Platform;
  readonly #host: TokenKeeperHost;
  #share: TabShare | undefined;
  #current: HeldToken | undefined;
  /** What the server has refused, which must not come back by way of another tab. */
  #refused: string | undefined;
  #timer: unknown;
  /** One attempt. */
  #attempt: Promise<boolean> | undefined;
  /** Attempts until one succeeds. */
  #renewal: Promise<boolean> | undefined;
  #retries = 0;
  #stopping: AbortController | undefined;

  constructor(options: TokenRefreshOptions, platform: Platform, host: TokenKeeperHost) {
    this.#options = options;
    this.#platform = platform;
    this.#host = host;
  }

  /** The token, until it expires. */
  get current(): HeldToken | undefined {
    const token = this.#current;
    return token && timeLeft(token.end, this.#platform) > 0 ? token : undefined;
  }

  /** The token that was had last, good or not. */
  get last(): string | undefined {
    return this.#current?.text;
  }

  /** Gets a token unless there is one. @throws what `fetchToken` rejects with. */
  async start(): Promise<void> {
    this.#open();
    if (!this.current) await this.#tryOnce();
  }

  /** Renews the token, and tries until there is one. True if there is, false if there will be none. */
  renew(): Promise<boolean> {
    const { signal } = this.#open();
    this.#renewal ??= this.#tryOn(signal).finally(() => {
      if (!signal.aborted) this.#renewal = undefined;
    });
    return this.#renewal;
  }

  /** The same after the server has refused the token. */
  replace(): Promise<boolean> {
    this.#refused = this.#current?.text;
    return this.renew();
  }

  /** The server says in how many seconds the token ends, and until when to renew it: sooner perhaps than was thought. */
  endsWithin(seconds: number, renewWithin = seconds): void {
    const token = this.#current;
    if (!token || this.#attempt || this.#renewal) return;
    const delay = renewalDelay(seconds * 1000, renewWithin * 1000);
    if (delay >= timeLeft(token.renewal, this.#platform)) return;
    this.#current = { ...token, renewal: momentIn(delay, this.#platform) };
    this.#arm();
  }

  stop(): void {
    this.#stopping?.abort();
    this.#stopping = undefined;
    this.#share?.close();
    this.#share = undefined;
    this.#platform.clearTimeout(this.#timer);
    this.#current = undefined;
    this.#refused = undefined;
    this.#attempt = undefined;
    this.#renewal = undefined;
    this.#retries = 0;
  }

  #open(): AbortController {
    this.#share ??= new TabShare(this.#options.shareAs, this.#platform, {
      offer: () => this.#offer(),
      take: ({ token, expiresAt }) => {
        this.#adopt(heldToken(token, expiresAt, this.#platform));
      },
    });
    return (this.#stopping ??= new AbortController());
  }

  async #tryOn(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      try {
        return await this.#tryOnce();
      } catch (error) {
        await this.#pause(error, signal);
        // Another tab may have got one meanwhile.
        if (this.#offer()) return true;
      }
    }
    return false;
  }

  /** Whoever asks while an attempt is under way waits for the same. */
  #tryOnce(): Promise<boolean> {
    const { signal } = this.#open();
    this.#platform.clearTimeout(this.#timer);
    this.#attempt ??= this.#obtain(signal).finally(() => {
      if (!signal.aborted) this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async #obtain(signal: AbortSignal): Promise<boolean> {
    const before = this.#current;
    const share = this.#share;
    const token = await this.#alone(signal, async (limit) => {
      // While this tab waited, or slept, another one may have been faster.
      if (this.#current === before) await share?.ask();
      return this.#current === before ? this.#fetch(limit) : this.#current;
    });
    if (signal.aborted) return false;
    if (!token) {
      this.#host.signedOut();
      return false;
    }
    if (token !== this.#current) {
      this.#accept(token);
      share?.tell({ token: token.text, expiresAt: token.expiresAt });
    }
    return true;
  }

  async #fetch(signal: AbortSignal): Promise<HeldToken | undefined> {
    const refused = this.#refused !== undefined && this.#refused === this.#current?.text;
    const fetched = await this.#options.fetchToken({ refused, signal });
    return fetched ? readFetched(fetched, this.#platform) : undefined;
  }

  /**
   * Runs `work` while no other tab does. It is given up when it takes too long or `stop` was called, also where it pays no
   * heed to its signal: the other tabs wait for the lock.
   */
  async #alone<T>(stopping: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { fetchTimeout = FETCH_TIMEOUT } = this.#options;
    const limit = new AbortController();
    const stop = (): void => {
      limit.abort(new Error('The helper was stopped.'));
    };
    const timer = this.#platform.setTimeout(() => {
      limit.abort(new Error(`No token came within ${fetchTimeout} ms.`));
    }, fetchTimeout);
    stopping.addEventListener('abort', stop, { once: true });
    const task = (): Promise<T> => unlessAborted(work(limit.signal), limit.signal);
    try {
      return await (this.#share?.alone(task, limit.signal) ?? task());
    } finally {
      this.#platform.clearTimeout(timer);
      stopping.removeEventListener('abort', stop);
    }
  }

  #offer(): { token: string; expiresAt: number } | undefined {
    const token = this.#current;
    if (!token || timeLeft(token.renewal, this.#platform) <= 0 || token.text === this.#refused)
      return undefined;
    return { token: token.text, expiresAt: token.expiresAt };
  }

  /** Another tab's token, if it is better than this one's. */
  #adopt(token: HeldToken): void {
    const left = timeLeft(token.end, this.#platform);
    if (token.text === this.#refused || left <= 0) return;
    const current = this.#current;
    const refused = current !== undefined && current.text === this.#refused;
    if (current && !refused && left <= timeLeft(current.end, this.#platform)) return;
    this.#accept(token);
  }

  #accept(token: HeldToken): void {
    this.#current = token;
    this.#retries = 0;
    this.#arm();
    this.#options.onToken?.(new Date(token.expiresAt));
    this.#host.renewed();
  }

  #arm(): void {
    this.#platform.clearTimeout(this.#timer);
    const left = this.#current ? timeLeft(this.#current.renewal, this.#platform) : 0;
    this.#timer = this.#platform.setTimeout(
      () => {
        if (left <= MAX_DELAY) void this.renew();
        else this.#arm();
      },
      Math.min(left, MAX_DELAY),
    );
  }

  /** Waits after a failure: longer each time, and not at the same moment as everybody else. */
  #pause(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const most = Math.min(MAX_RETRY, FIRST_RETRY * 2 ** this.#retries++);
    const retryIn = Math.round(most * (0.5 + this.#platform.random() / 2));
    this.#options.onError?.(error, retryIn);
    return new Promise((resolve) => {
      const over = (): void => {
        this.#platform.clearTimeout(timer);
        signal.removeEventListener('abort', over);
        resolve();
      };
      const timer = this.#platform.setTimeout(over, retryIn);
      signal.addEventListener('abort', over, { once: true });
    });
  }
}

/** `promise`, unless `signal` is aborted first. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject);
  });
}
