import type { Platform, TabChannel } from './platform.js';

/** Milliseconds for which other tabs are asked whether they have a token. */
const ASKING = 100;
const PREFIX = 'nestjs-comet token ';

/** What tabs hand each other. The origin is the same, so it goes to nobody who could not fetch it himself. */
interface Shared {
  readonly token: string;
  readonly expiresAt: number;
}

/** Who a tab is among the others of its login. */
export interface TabShareHost {
  /** What this tab has to offer. */
  offer(): Shared | undefined;
  /** Another tab has a token. */
  take(shared: Shared): void;
}

/** The tabs of one login: one fetches at a time, and hands what it got to the others. */
export class TabShare {
  readonly #name: string | undefined;
  readonly #platform: Platform;
  readonly #host: TabShareHost;
  readonly #channel: TabChannel | undefined;
  #answered: (() => void) | undefined;

  constructor(name: string | undefined, platform: Platform, host: TabShareHost) {
    this.#name = name;
    this.#platform = platform;
    this.#host = host;
    if (name === undefined || !platform.openChannel) return;
    const channel = platform.openChannel(PREFIX + name);
    channel.onmessage = ({ data }) => {
      this.#hear(data);
    };
    this.#channel = channel;
  }

  /** Runs `task` while no other tab does; at once where tabs cannot agree. Rejects when `signal` ends the waiting. */
  alone<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const { locks } = this.#platform;
    if (this.#name === undefined || !locks) return task();
    return locks.request(PREFIX + this.#name, { signal }, task);
  }

  /** Asks the other tabs for a token. Settles when one has answered, or soon after. */
  ask(): Promise<void> {
    const channel = this.#channel;
    if (!channel) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#platform.setTimeout(() => {
        this.#answered?.();
      }, ASKING);
      this.#answered = () => {
        this.#answered = undefined;
        this.#platform.clearTimeout(timer);
        resolve();
      };
      channel.postMessage({ ask: true });
    });
  }

  /** Hands a token to the other tabs. */
  tell(shared: Shared): void {
    this.#channel?.postMessage(shared);
  }

  close(): void {
    this.#answered?.();
    if (!this.#channel) return;
    this.#channel.onmessage = null;
    this.#channel.close();
  }

  #hear(data: unknown): void {
    if (typeof data !== 'object' || data === null) return;
    if ('ask' in data) {
      const offer = this.#host.offer();
      if (offer) this.tell(offer);
      return;
    }
    const { token, expiresAt } = data as Partial<Shared>;
    if (typeof token !== 'string' || typeof expiresAt !== 'number') return;
    this.#host.take({ token, expiresAt });
    this.#answered?.();
  }
}
