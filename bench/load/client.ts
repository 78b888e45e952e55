import type { Receiver } from './receiver.js';

/** A client of any transport. First it is asked and answers, one text after the other; then it only receives. */
export interface Client {
  /** Sends a text and resolves with the next one that comes. */
  ask(text: string): Promise<string>;
  /** From now on it receives; `live` says how. */
  goLive(live: Live): void;
  /** Sends texts in one write. */
  say(texts: readonly string[]): void;
  /** Reads no more, but stays. */
  stall(): void;
  resume(): void;
  leave(): void;
}

/** How a client goes on by itself. */
export interface Live {
  readonly receiver: Receiver;
  /** What a text that holds more than messages has to be answered with, if anything. */
  readonly upkeep: ((text: string) => string | undefined) | undefined;
}
