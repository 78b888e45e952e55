import type { Numbered } from '../channels.js';

/** A message that was received. */
export interface Received extends Numbered {
  readonly channel: string;
}

/** Told of whatever breaks the promises of the server. */
export type Complain = (kind: string, details: string) => void;

interface Stream {
  /** The last number of those without a gap; `undefined` before the first. */
  last: number | undefined;
  /** Received, and not looked at yet. */
  readonly pending: Set<number>;
}

/**
 * What one session has received, stream by stream: one sender on one channel. Each stream has to go on without gap
 * and without repetition. Arrays that come over several connections at once may overtake each other on the way, so
 * their order is looked at when nothing is under way any more; within an array it must be right at once.
 */
export class Ledger {
  readonly #streams = new Map<string, Stream>();
  readonly #complain: Complain;
  readonly #repeated: (count: number) => void;
  #pardoned = false;

  constructor(complain: Complain, repeated: (count: number) => void) {
    this.#complain = complain;
    this.#repeated = repeated;
  }

  /** One frame or response. `repeats` are messages the server had to send again. */
  collect(messages: readonly Received[], repeats: boolean): void {
    const inArray = new Map<string, number>();
    for (const { channel, from, seq } of messages) {
      const name = `${channel} of ${from}`;
      const before = inArray.get(name);
      if (before !== undefined && seq <= before) {
        this.#complain('out of order', `${name}: ${seq} after ${before} in one array`);
      }
      inArray.set(name, seq);
      this.#add(name, seq, repeats || this.#pardoned);
    }
  }

  /** Nothing is under way: what has been collected must be complete. */
  settle(): void {
    this.#pardoned = false;
    for (const [name, stream] of this.#streams) {
      if (stream.pending.size > 0) this.#settle(name, stream);
    }
  }

  /** Messages may have been lost with a connection: every stream begins anew. */
  forget(): void {
    this.#streams.clear();
  }

  /** The session has moved: until the next `settle` messages may have come over both connections. */
  pardonRepeats(): void {
    this.#pardoned = true;
  }

  #add(name: string, seq: number, mayRepeat: boolean): void {
    let stream = this.#streams.get(name);
    if (!stream) {
      stream = { last: undefined, pending: new Set() };
      this.#streams.set(name, stream);
    }
    if (stream.pending.has(seq) || seq <= (stream.last ?? -1)) {
      if (mayRepeat) this.#repeated(1);
      else this.#complain('repeated', `${name}: ${seq} again, after ${stream.last ?? 'nothing'}`);
      return;
    }
    stream.pending.add(seq);
  }

  #settle(name: string, stream: Stream): void {
    for (const seq of [...stream.pending].sort((left, right) => left - right)) {
      if (stream.last !== undefined && seq !== stream.last + 1) {
        this.#complain('gap', `${name}: ${seq} after ${stream.last}`);
      }
      stream.last = seq;
    }
    stream.pending.clear();
  }
}
