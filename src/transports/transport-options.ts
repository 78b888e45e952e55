/** How many proxies to believe, or which: a number of hops, or addresses and CIDR ranges. */
export type TrustProxy = number | readonly string[];

/** The cookie that binds sessions to a browser. */
export interface BrowserCookieOptions {
  readonly name: string;
  readonly domain: string | undefined;
  readonly path: string;
  readonly sameSite: 'Strict' | 'Lax' | 'None';
}

/** What the transports can be told. Durations are milliseconds, sizes bytes. */
export interface TransportOptions {
  /** Path of the endpoint; everything below it belongs to it too. */
  readonly path: string;
  /** Origins that may connect besides the server's own. */
  readonly origins: readonly string[];
  readonly trustProxy: TrustProxy | undefined;
  readonly cookie: BrowserCookieOptions;
  /** Whether `callback-polling` is served. */
  readonly callbackPolling: boolean;
  /** Size of a request body, a query or an incoming frame. */
  readonly maxMessageBytes: number;
  /** Messages in a request or frame. */
  readonly maxBatch: number;
  /** Nesting of a request or frame. */
  readonly maxDepth: number;
  /** What may wait in a socket for a client that does not read, before pushes are kept back. */
  readonly maxBufferedBytes: number;
  /** For how long a socket may stay without a session. */
  readonly handshakeTimeout: number;
  /** Seconds after which clients that could not be served are asked to come back. */
  readonly retryAfter: number;
}

/** The defaults of all options of the transports. */
export const DEFAULT_TRANSPORT_OPTIONS: TransportOptions = Object.freeze<TransportOptions>({
  path: '/cometd',
  origins: [],
  trustProxy: undefined,
  cookie: { name: 'BAYEUX_BROWSER', domain: undefined, path: '/', sameSite: 'Lax' },
  callbackPolling: false,
  maxMessageBytes: 65_536,
  maxBatch: 100,
  maxDepth: 100,
  maxBufferedBytes: 262_144,
  handshakeTimeout: 10_000,
  retryAfter: 5,
});
