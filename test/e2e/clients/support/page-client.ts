import type { BrowserTransport } from './options.js';

/** How a client in a page is started. */
export interface ClientSettings {
  readonly transport: BrowserTransport;
  readonly token?: string;
  /** Whether the token goes into every message. @default the handshake only */
  readonly everywhere?: boolean;
  /** Whether the extensions that come with the client are registered, all of them. */
  readonly extensions?: boolean;
  /** Subscribed to after each handshake. */
  readonly channels?: readonly string[];
}

/** A message as a client in a page sees it. */
export interface PageMessage {
  readonly channel: string;
  readonly successful?: boolean;
  readonly error?: string;
  readonly data?: unknown;
  readonly timestamp?: string;
  readonly ext?: Readonly<Record<string, unknown>>;
  readonly advice?: Readonly<Record<string, unknown>>;
}

/** How a client in a page is. */
export interface ClientState {
  readonly clientId: string | null;
  readonly transport: string | null;
  readonly connected: boolean;
}

/** Bytes that arrived, with what came along. */
export interface ArrivedBytes {
  readonly bytes: readonly number[];
  readonly last?: boolean;
  readonly meta?: unknown;
}

/** What the scripts `*.driver.js` make of the client they drive, for tests to call. */
export interface PageClient {
  start(settings: ClientSettings): Promise<PageMessage>;
  subscribe(channel: string): Promise<PageMessage>;
  unsubscribe(channel: string): Promise<PageMessage>;
  publish(channel: string, data: unknown): Promise<PageMessage>;
  call(service: string, data: unknown): Promise<PageMessage>;
  stop(): Promise<void>;
  state(): ClientState;
  /** The data that came on a channel. */
  inbox(channel: string): unknown[];
  /** Every message that came, as it came. */
  arrived(): PageMessage[];
}

/** What only cometd's client can do. */
export interface CometdPageClient extends PageClient {
  publishBytes(channel: string, bytes: readonly number[], last: boolean, meta?: object): Promise<PageMessage>;
  callBytes(service: string, bytes: readonly number[]): Promise<PageMessage>;
  /** By how much the clock of the server is ahead, and how many answers that estimate is made of. */
  clock(): { readonly offset: number; readonly samples: number };
}
