import type { Faults } from '../load/tally.js';

/** What is measured; units are in the names. */
export interface Metrics {
  /** Server CPU for one delivery, at the fixed load. */
  cpuMicros?: number;
  /** Milliseconds, at the fixed load. */
  p50?: number;
  p99?: number;
  p999?: number;
  /** The share of its processor that the load took, at the fixed load. */
  busy?: number;
  /** Deliveries each second at saturation, the share of the load, and the CPU of the server for one. */
  saturation?: number;
  saturationBusy?: number;
  saturationMicros?: number;
  /** Bytes that one more connection takes. */
  rssBytes?: number;
  heapBytes?: number;
  /** Connections made in a second, and the CPU of the server for one. */
  handshakes?: number;
  handshakeMicros?: number;
  /** Mebibytes by which the server grew at most. */
  growthMiB?: number;
  /** Sessions that the server ended because their client did not read. */
  ended?: number;
}

/** What one contender did in one round. */
export interface Round {
  readonly metrics: Metrics;
  /** Messages that did not come. */
  readonly missing: number;
  readonly faults: Faults;
  /** Why it was not measured to the end. */
  readonly failed?: string;
}

const FAULTLESS: Faults = { duplicates: 0, reordered: 0, closed: 0 };

export function roundOf(metrics: Metrics, faults: Faults = FAULTLESS, missing = 0): Round {
  return { metrics, faults, missing };
}

export function failedRound(failed: string): Round {
  return { metrics: {}, faults: FAULTLESS, missing: 0, failed };
}

/** Whether clients received something else than they should. */
export function isWrong({ missing, faults }: Round): boolean {
  return missing > 0 || faults.duplicates > 0 || faults.reordered > 0;
}
