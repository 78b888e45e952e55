import { encode } from '../../support/encode.js';
import type { Reply } from '../../../src/bayeux/message.js';
import type { Link, LinkEnd, Outbound, Receipt } from '../../../src/bayeux/ports.js';

/** One array on its way to the client. */
export interface Write {
  readonly messages: readonly Reply[];
  readonly receipt: Receipt | undefined;
}

/** Told what a link does, while it does it. */
export interface LinkObserver {
  written(link: ModelLink, write: Write): void;
  arrived(write: Write): void;
  lost(write: Write): void;
  ended(link: ModelLink, why: LinkEnd): void;
}

/** A connection whose writes arrive at once, later or never, and which settles receipts as the transports do. */
export class ModelLink implements Link {
  readonly transport = 'model';
  sessionId: string | undefined;
  congested = false;
  closed = false;
  readonly ends: LinkEnd[] = [];
  writes = 0;
  readonly #pending: Write[] = [];
  #broken = false;

  constructor(
    readonly once: boolean,
    /** Whether writes stay on the way until `arrive` is called. */
    public slow: boolean,
    readonly observer: LinkObserver,
  ) {}

  /** Writes that are still on the way. */
  get pending(): number {
    return this.#pending.length;
  }

  /** True once a write has failed: no other will arrive. */
  get broken(): boolean {
    return this.#broken;
  }

  /** True once the response is complete, or the socket is closed by either side. */
  get over(): boolean {
    return this.closed || this.ends.length > 0 || (this.once && this.writes > 0);
  }

  bound(): void {
    // Nothing here depends on it.
  }

  stopped(): void {
    // The client goes or stays as the test says.
  }

  write(messages: readonly Outbound[], receipt?: Receipt): void {
    this.writes++;
    const write = { messages: JSON.parse(encode(messages)) as Reply[], receipt };
    this.observer.written(this, write);
    this.#pending.push(write);
    if (this.once && this.closed) this.fail();
    else if (!this.closed && !this.slow) this.arrive();
  }

  end(why: LinkEnd): void {
    this.ends.push(why);
    this.observer.ended(this, why);
  }

  /** The oldest write has left and is read; or all that are on the way. */
  arrive(count = this.#pending.length): void {
    if (this.#broken) this.fail();
    for (const write of this.#pending.splice(0, count)) {
      this.observer.arrived(write);
      write.receipt?.settled(true);
    }
  }

  /** Neither what is on the way will ever arrive, nor what is written from now on. */
  fail(): void {
    this.#broken = true;
    for (const write of this.#pending.splice(0)) {
      this.observer.lost(write);
      write.receipt?.settled(false);
    }
  }
}
