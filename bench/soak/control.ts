import type { CometCounts } from '../../src/index.js';

/** Session times of the server: short, so that everything that can expire does so all the time. */
export const HOLD = 10_000;
export const MAX_INTERVAL = 10_000;
export const HANDSHAKE_TIMEOUT = 5_000;

/** What the server measures of itself, right after a full collection of garbage. */
export interface Sample {
  readonly heapUsed: number;
  readonly rss: number;
  readonly external: number;
  readonly arrayBuffers: number;
  readonly counts: CometCounts;
  /** TCP connections. */
  readonly connections: number;
  /** How late timers were since the sample before, in milliseconds, without the collection itself. */
  readonly delay: { readonly mean: number; readonly p99: number; readonly max: number };
  /** Seconds of CPU since the sample before. */
  readonly cpu: number;
  readonly broadcasts: number;
}

/** Whether a server has nothing left of anybody. */
export function isEmpty({ counts, connections }: Sample): boolean {
  const { sessions, channels, deadlines, sockets } = counts;
  return sessions + channels + deadlines + sockets + connections === 0;
}

/** What went wrong inside the server. */
export interface Incidents {
  /** Rejections and exceptions nobody handled, warnings of the process, and errors in the log. */
  readonly problems: readonly string[];
  /** Warnings in the log: queues that were full. */
  readonly warnings: number;
}

/** From the load to the server. */
export type Order =
  | { readonly order: 'sample' }
  | { readonly order: 'broadcast'; readonly on: boolean }
  | { readonly order: 'stop' };

/** From the server to the load. */
export type Report =
  | { readonly report: 'ready'; readonly port: number }
  | { readonly report: 'sample'; readonly sample: Sample }
  | { readonly report: 'stopped'; readonly incidents: Incidents };
