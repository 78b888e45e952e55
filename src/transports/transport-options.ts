import type { BodyLimits } from './pending-bodies.js';
import type { PendingLimits } from './pending-sockets.js';

/** How many proxies to believe, or which: a number of hops, or addresses and CIDR ranges. */
export type TrustProxy = number | readonly string[];

/** The cookie that binds sessions to a browser. */
export interface BrowserCookieOptions {
  readonly name: string;
  /** Whether its name begins with `__Host-` where browsers take that. */
  readonly hostPrefix: boolean;
  /** Secrets it is signed with: the first signs, all verify. None for one of this process. */
  readonly keys: readonly string[];
  readonly domain: string | undefined;
  readonly path: string;
  readonly sameSite: 'Strict' | 'Lax' | 'None' | false;
  /** Seconds after which browsers forget it; without it they do at their end. */
  readonly maxAge: number | undefined;
  /** Whether it goes over TLS only: `auto` for requests that came over TLS. */
  readonly secure: boolean | 'auto';
  readonly httpOnly: boolean;
  /** Whether each site that embeds this one has a cookie of its own. */
  readonly partitioned: boolean;
}

/** How a server presents itself as a resource that access tokens are for (RFC 9728). */
export interface ProtectedResource {
  /** The path its metadata is served at. */
  readonly metadataPath: string;
  /** The same as a whole URL, for challenges. */
  readonly metadataUrl: string;
  /** The metadata, in the words of RFC 9728 §2. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The transports there are. */
export const TRANSPORTS = ['websocket', 'long-polling', 'callback-polling'] as const;

/** The name of a transport, as clients write it. */
export type TransportName = (typeof TRANSPORTS)[number];

/** What is special about WebSocket. */
export interface WebSocketOptions {
  /** The sub-protocol that is agreed on with clients that offer it. */
  readonly protocol: string;
  /** Messages in one frame to a client. */
  readonly messagesPerFrame: number;
  /** Bytes of one frame to a client, as long as it has several messages. */
  readonly frameBytes: number;
  /** For how long a client may say nothing; 0 for no limit but that of its session. */
  readonly idleTimeout: number;
  /** Whether frames are compressed (`permessage-deflate`). */
  readonly compression: boolean;
}

/** What is special about callback-polling. */
export interface CallbackOptions {
  /** The parameter that names the callback. */
  readonly parameter: string;
  /** Characters of its name. */
  readonly maxCallbackLength: number;
}

/** What the transports can be told. Durations are milliseconds, sizes bytes. */
export interface TransportOptions {
  /** Path of the endpoint; everything below it belongs to it too. */
  readonly path: string;
  /** Origins that may connect besides the server's own. */
  readonly origins: readonly string[];
  /** Names of this server; none for any name. */
  readonly hosts: readonly string[];
  readonly trustProxy: TrustProxy | undefined;
  readonly cookie: BrowserCookieOptions;
  /** What is served; each is offered at the handshake in this order. */
  readonly transports: readonly TransportName[];
  readonly webSocket: WebSocketOptions;
  readonly callback: CallbackOptions;
  /** Status of the older one of two connects over HTTP. */
  readonly duplicateConnectStatus: number;
  /** Whether the habits of clients of Salesforce are understood. */
  readonly salesforce: boolean;
  /** Size of a request body, a query or an incoming frame. */
  readonly maxMessageBytes: number;
  /** Nesting of a request or frame. */
  readonly maxDepth: number;
  /** What may wait in a socket for a client that does not read, before pushes are kept back. */
  readonly maxBufferedBytes: number;
  /** For how long a socket may stay without a session. */
  readonly handshakeTimeout: number;
  /** Sockets that have no session yet. */
  readonly pendingSockets: PendingLimits;
  /** Bodies of requests that are being read. */
  readonly bodies: BodyLimits;
  /** Bad credentials that one address may present in a minute; 0 for any number. */
  readonly badHandshakes: number;
  /** Tokens by which a session may renew itself in a minute; 0 for any number. */
  readonly refreshes: number;
  /** Seconds after which clients that could not be served are asked to come back. */
  readonly retryAfter: number;
  /** Absent where nothing is said of the server as a resource. */
  readonly resource?: ProtectedResource | undefined;
}

/** The defaults of all options of the transports. */
export const DEFAULT_TRANSPORT_OPTIONS: TransportOptions = Object.freeze<TransportOptions>({
  path: '/cometd',
  origins: [],
  hosts: [],
  trustProxy: undefined,
  cookie: {
    name: 'BAYEUX_BROWSER',
    hostPrefix: true,
    keys: [],
    domain: undefined,
    path: '/',
    sameSite: 'Lax',
    maxAge: undefined,
    secure: 'auto',
    httpOnly: true,
    partitioned: false,
  },
  transports: ['websocket', 'long-polling'],
  webSocket: {
    protocol: 'bayeux',
    messagesPerFrame: 100,
    frameBytes: 65_536,
    idleTimeout: 0,
    compression: false,
  },
  callback: { parameter: 'jsonp', maxCallbackLength: 64 },
  duplicateConnectStatus: 500,
  salesforce: false,
  maxMessageBytes: 65_536,
  maxDepth: 100,
  maxBufferedBytes: 262_144,
  handshakeTimeout: 10_000,
  pendingSockets: { inAll: 1_000, perAddress: 100 },
  bodies: { inAll: 33_554_432, perAddress: 4_194_304, timeout: 10_000 },
  badHandshakes: 20,
  refreshes: 10,
  retryAfter: 5,
});
