import { Tally } from '../../soak/load/tally.js';

/** What no connection that breaks can excuse. */
const NEVER = ['gap', 'repeated', 'out of order', 'not asked for', 'not acknowledgeable', 'never answered'];

/** What the clients that behave have lost, and how long they have waited. */
export class Losses {
  readonly tally = new Tally();
  readonly #taken: number[] = [];
  #slowest = 0;
  #excused = 0;
  /** While it is set, connections may break. */
  excusing = false;

  readonly complain = (kind: string, details: string): void => {
    if (this.excusing && !NEVER.includes(kind)) this.#excused++;
    else this.tally.violation(kind, details);
  };

  /** A call was answered after so many milliseconds. */
  took(milliseconds: number): void {
    this.tally.count('calls answered');
    this.#slowest = Math.max(this.#slowest, milliseconds);
    if (!this.excusing) this.#taken.push(milliseconds);
  }

  get excused(): number {
    return this.#excused;
  }

  /** Milliseconds; the last phase, which may take longer, is only in the slowest. */
  get latency(): { readonly p50: number; readonly p99: number; readonly slowest: number } {
    const sorted = this.#taken.toSorted((left, right) => left - right);
    const of = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
    return { p50: of(0.5), p99: of(0.99), slowest: this.#slowest };
  }
}
