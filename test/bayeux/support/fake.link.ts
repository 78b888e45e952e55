import { encode } from '../../support/encode.js';
import type { Link, LinkEnd, Outbound, Receipt } from '../../../src/bayeux/ports.js';
import type { Reply } from '../../../src/bayeux/message.js';

/** One array as it went out, parsed again from its text. */
export type Written = readonly Reply[];

/** A connection that keeps what is written on it. */
export class FakeLink implements Link {
  readonly transport = 'fake';
  readonly once: boolean;
  sessionId: string | undefined;
  congested = false;
  closed = false;
  /** What was written, one array a write. */
  readonly written: Written[] = [];
  readonly ends: LinkEnd[] = [];
  readonly bindings: (string | undefined)[] = [];
  refusals = 0;
  /** For how many milliseconds in all its peer was not to be read. */
  rest = 0;
  readonly #receipts: (Receipt | undefined)[] = [];
  readonly #manual: boolean;

  /** With `manual`, writes stay in flight until `settle` is called. */
  constructor({ once, manual = false }: { once: boolean; manual?: boolean }) {
    this.once = once;
    this.#manual = manual;
  }

  bound(sessionId: string | undefined): void {
    this.bindings.push(sessionId);
  }

  write(messages: readonly Outbound[], receipt?: Receipt): void {
    this.written.push(JSON.parse(encode(messages)) as Written);
    if (this.#manual) this.#receipts.push(receipt);
    else receipt?.settled(true);
  }

  slowDown(milliseconds: number): void {
    this.rest += milliseconds;
  }

  stopped(): void {
    this.refusals++;
  }

  end(why: LinkEnd): void {
    this.ends.push(why);
  }

  /** Settles the oldest write that is in flight. */
  settle(flushed: boolean): void {
    this.#receipts.shift()?.settled(flushed);
  }

  /** Takes what was written so far, all arrays in one. */
  take(): Reply[] {
    return this.written.splice(0).flat();
  }

  /** Takes what was written so far and tells the data of its deliveries. */
  takeData(): unknown[] {
    return this.take()
      .filter((message) => message.successful === undefined)
      .map(({ data }) => data);
  }
}

/** A link that lasts, like a socket. */
export const socket = (manual = false): FakeLink => new FakeLink({ once: false, manual });

/** A link for one response. */
export const poll = (manual = false): FakeLink => new FakeLink({ once: true, manual });
