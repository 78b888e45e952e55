import { Histogram } from '../../load/histogram.js';
import { Tally } from '../../soak/load/tally.js';

/** What no connection that breaks can excuse. */
const NEVER = ['gap', 'repeated', 'out of order', 'not asked for', 'not acknowledgeable', 'never answered'];

/** What the clients that behave have lost, and how long they have waited. */
export class Losses {
  readonly tally = new Tally();
  readonly #histogram = new Histogram();
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
    if (!this.excusing) this.#histogram.record(milliseconds * 1_000);
  }

  get excused(): number {
    return this.#excused;
  }

  /** Milliseconds; the last phase, which may take longer, is only in the slowest. */
  get latency(): { readonly p50: number; readonly p99: number; readonly slowest: number } {
    const { p50, p99 } = this.#histogram.latency;
    return { p50, p99, slowest: this.#slowest };
  }
}
