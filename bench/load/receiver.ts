import { findMark, MARK_BYTES, placeAt, streamAt } from '../marks.js';
import type { Tally } from './tally.js';

/** What one client has received: of every stream each message once, in order. */
export class Receiver {
  readonly #tally: Tally;
  readonly #next: number[] = [];
  /** Places that were passed over, by stream and place; made when the first one is. */
  #skipped: Set<string> | undefined;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** Looks through the text of a protocol. @returns how many messages it holds. */
  take(bytes: Uint8Array, start: number, end: number): number {
    let count = 0;
    for (let mark = findMark(bytes, start, end); mark >= 0; mark = findMark(bytes, mark + MARK_BYTES, end)) {
      this.#check(streamAt(bytes, mark), placeAt(bytes, mark));
      count++;
    }
    return count;
  }

  #check(stream: number, place: number): void {
    const expected = this.#next[stream] ?? 0;
    if (place === expected) {
      this.#next[stream] = place + 1;
      this.#tally.receive(stream, place);
    } else if (place > expected) {
      this.#skipped ??= new Set();
      for (let passed = expected; passed < place; passed++) this.#skipped.add(`${stream} ${passed}`);
      this.#next[stream] = place + 1;
      this.#tally.receive(stream, place);
    } else if (this.#skipped?.delete(`${stream} ${place}`)) {
      this.#tally.reordered++;
      this.#tally.receive(stream, place);
    } else {
      this.#tally.duplicates++;
    }
  }
}
