import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Measures what the heap of this process holds when all garbage has been collected. */
export class HeapWatch {
  readonly #collect: () => void;
  readonly #sizes: number[] = [];

  constructor() {
    // The process need not have been started with the flag; a new context has what its flags give.
    setFlagsFromString('--expose-gc');
    this.#collect = runInNewContext('gc') as () => void;
  }

  measure(): void {
    this.#collect();
    this.#sizes.push(process.memoryUsage().heapUsed);
  }

  /** Bytes by which the middle of the second half of the measurements is above that of the first. */
  get growth(): number {
    const half = Math.floor(this.#sizes.length / 2);
    return median(this.#sizes.slice(-half)) - median(this.#sizes.slice(0, half));
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}
