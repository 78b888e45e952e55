import type { TransportName } from '../support/bench.js';

/** What a real client is told at the start. */
export interface RealClientSettings {
  readonly url: string;
  readonly transport: TransportName;
  /** Sent in `ext.auth` of messages; a function is asked each time. */
  readonly token?: string | (() => string);
  /** The channels of messages that carry it. @default the handshake only, as stock clients do */
  readonly presentedOn?: readonly string[];
  /** Members added to everything it publishes, as an attacker would. */
  readonly disguise?: Readonly<Record<string, unknown>>;
}

/** A client that somebody else has written, behind one face for all of them. */
export interface RealClient {
  /** Messages it has sent on a channel. */
  sent(channel: string): number;
  /** The session it has at present. */
  readonly clientId: string | null;
  readonly connected: boolean;
  /** Shakes hands. @throws Error the error of the reply, if it is refused. */
  start(): Promise<void>;
  /** Subscribes; the data that comes is added to the list. */
  subscribe(channel: string): Promise<unknown[]>;
  publish(channel: string, data: unknown): Promise<void>;
  /** Sends data to a service; its answer. */
  call(service: string, data: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** How each of them is made. */
export type RealClientFactory = (settings: RealClientSettings) => RealClient;

/** The token that is good now. */
export function tokenOf({ token }: RealClientSettings): string | undefined {
  return typeof token === 'function' ? token() : token;
}
