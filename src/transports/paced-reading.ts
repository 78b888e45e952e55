import type { Duplex } from 'node:stream';
import type { Turns } from '../bayeux/turns.js';

/** Bytes that `ws` is given at a time: a socket that is to be read no further stops within so many. */
const PIECE = 1_024;

/** What is known of the frames that were made of what was read. */
export interface FrameReader {
  /** Frames that have come. */
  readonly framesRead: number;
  /** Whether nothing more shall be read for the time being. */
  readonly paused: boolean;
}

type Feed = (this: Duplex, chunk: Buffer) => void;

/**
 * Hands what a connection receives to `ws` in pieces. `ws` makes frames of a chunk at once, and 64 KB hold ten thousand
 * of them; it does not stop in the middle when it is paused. What is not handed on goes back to the stream, so that the
 * end of the connection, and back-pressure, stay what they are.
 */
export class PacedReading {
  readonly #connection: Duplex;
  readonly #turns: Turns;
  readonly #reader: FrameReader;
  readonly #feed: Feed;
  readonly #take: Feed;
  /** The rest waits for its turn. */
  #waits = false;
  /** It is its turn. */
  #called = false;

  /** @param connection what was handed to `ws`, whose listener is the last one. */
  constructor(connection: Duplex, turns: Turns, reader: FrameReader) {
    this.#connection = connection;
    this.#turns = turns;
    this.#reader = reader;
    this.#feed = connection.listeners('data').at(-1) as Feed;
    // Named as what it wraps, as `once` does, so that `ws` takes it off by its own listener.
    this.#take = Object.assign(
      (chunk: Buffer): void => {
        this.#read(chunk);
      },
      { listener: this.#feed },
    );
    connection.off('data', this.#feed).on('data', this.#take);
  }

  #read(chunk: Buffer): void {
    if (this.#held) {
      this.#putBack(chunk);
    } else if (chunk.length <= PIECE) {
      this.#feed.call(this.#connection, chunk);
    } else if (this.#turns.busy && !this.#called) {
      this.#putBack(chunk);
      this.#wait();
    } else {
      this.#readPieces(chunk);
    }
  }

  #readPieces(chunk: Buffer): void {
    const slice = this.#turns.slice();
    for (let at = 0; at < chunk.length; at += PIECE) {
      const before = this.#reader.framesRead;
      this.#feed.call(this.#connection, chunk.subarray(at, at + PIECE));
      const rest = chunk.subarray(at + PIECE);
      // It has closed: what comes behind that is nothing.
      if (rest.length === 0 || !this.#listens) return;
      const spent = slice.spend(this.#reader.framesRead - before);
      // Who has paused it resumes it too: the link, or `ws` itself.
      const paused = this.#connection.isPaused();
      if (!spent && !paused) continue;
      this.#putBack(rest);
      if (!paused) this.#wait();
      return;
    }
  }

  get #listens(): boolean {
    return this.#connection.rawListeners('data').includes(this.#take);
  }

  #putBack(chunk: Buffer): void {
    this.#connection.pause();
    this.#connection.unshift(chunk);
  }

  #wait(): void {
    this.#waits = true;
    this.#turns.next(() => {
      this.#waits = false;
      if (!this.#held) this.#goOn();
    });
  }

  /** What waits is read here, and not in a tick of its own behind which there would be the next one. */
  #goOn(): void {
    this.#called = true;
    try {
      this.#connection.resume();
      this.#connection.read();
    } finally {
      this.#called = false;
    }
  }

  /** Whether there is nothing to go on with, or not yet. */
  get #held(): boolean {
    return this.#waits || this.#reader.paused || this.#connection.destroyed;
  }
}
