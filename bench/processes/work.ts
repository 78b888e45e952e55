/** What a server sends with every tick, the same for all contenders. */
export type Work =
  | {
      readonly to: 'channels';
      readonly channels: readonly string[];
      /** Messages to each channel, all in one turn. */
      readonly burst: number;
      /** Bytes that each message carries besides its number. */
      readonly pad: number;
    }
  | { readonly to: 'users'; readonly users: number; readonly pad: number };

/** Ticks at a fixed pace. */
export interface Schedule {
  /** The first tick: ticks count from the start of the server. */
  readonly first: number;
  readonly ticks: number;
  /** Microseconds between two. */
  readonly interval: number;
  /** When the first one is due, on the clock that processes share. */
  readonly start: number;
}

export function userName(index: number): string {
  return `user-${String(index).padStart(5, '0')}`;
}
