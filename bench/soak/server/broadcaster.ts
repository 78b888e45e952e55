import type { CometService } from '../../../src/index.js';
import { NEWS_CHANNELS } from '../channels.js';

/** Milliseconds between two messages on one channel. */
const EVERY = 4_000;

/** Broadcasts on all channels of news, on one after the other, and numbers what it sends on each. */
export class Broadcaster {
  readonly #service: CometService;
  readonly #failed: (error: unknown) => void;
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(service: CometService, failed: (error: unknown) => void) {
    this.#service = service;
    this.#failed = failed;
  }

  get sent(): number {
    return this.#sent;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#next();
    }, EVERY / NEWS_CHANNELS.length);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #next(): void {
    const sent = this.#sent++;
    const channel = NEWS_CHANNELS[sent % NEWS_CHANNELS.length] as string;
    const seq = Math.floor(sent / NEWS_CHANNELS.length);
    // Lengths differ, so that buffers and strings of all sizes come and go.
    const pad = 'n'.repeat(20 + ((sent * 7_919) % 600));
    this.#service.broadcast(channel, { from: 'server', seq, pad }).catch(this.#failed);
  }
}
