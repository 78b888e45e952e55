/** Of a phase, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Microseconds of one bucket, and how many buckets there are; what is later goes into the last one. */
const WIDTH = 20;
const BUCKETS = 100_000;

/** Counts latencies without keeping them. */
export class Histogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;
  #max = 0;

  record(microseconds: number): void {
    const bucket = Math.max(0, Math.min(BUCKETS - 1, Math.floor(microseconds / WIDTH)));
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1;
    this.#count++;
    if (microseconds > this.#max) this.#max = microseconds;
  }

  get latency(): Latency {
    return {
      p50: this.#percentile(0.5),
      p99: this.#percentile(0.99),
      p999: this.#percentile(0.999),
      max: this.#max / 1e3,
    };
  }

  #percentile(share: number): number {
    const rank = Math.ceil(this.#count * share);
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#buckets[bucket] as number;
      if (seen >= rank) return ((bucket + 1) * WIDTH) / 1e3;
    }
    return this.#max / 1e3;
  }
}
