import type { Payload } from '../marks.js';

/** What a server is started with. */
export interface Setup {
  /** Where real access tokens come from; without it the token is the name of the user. */
  readonly issuer?: string;
}

/** A server that is measured, alone in its process. */
export interface Contender {
  /** Listens on the port it returns. */
  listen(setup: Setup): Promise<number>;
  /** Sends messages to all subscribers of a channel, all in this turn. */
  broadcast(channel: string, messages: readonly Payload[]): void;
  /** Sends a message to one user. */
  toUser(user: string, message: Payload): void;
  /** What is alive in it, if it can tell. */
  counts?(): Readonly<Record<string, number>>;
  /** Verifies access tokens and does nothing else. */
  verify?(tokens: readonly string[]): Promise<void>;
}

/** The audience of access tokens. */
export const AUDIENCE = 'https://bench.example/cometd';
