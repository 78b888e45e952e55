import type { CometAuthOptions } from '../auth/auth-options.js';
import type { ChannelRule } from '../auth/channel-rule.js';
import type { ActivityMode, SessionBinding } from '../bayeux/bayeux-options.js';
import type { TransportName, TrustProxy } from '../transports/transport-options.js';
import type { ChannelAuthorizer } from './channel-authorizer.js';
import type { CometAudit } from './comet-audit.js';
import type { CometExtension } from './comet-extension.js';
import type { CometQueuePolicy } from './comet-queue-policy.js';

/** The rhythm of sessions, where it differs on one transport. All durations are milliseconds. */
export interface CometTransportTimes {
  /** For how long a connect is held. @default `session.timeout` */
  timeout?: number;
  /** For how long clients wait between two connects. @default `session.interval` */
  interval?: number;
  /** Silence, beyond `interval`, after which a session is removed. @default `session.maxInterval` */
  maxInterval?: number;
}

/** Times and identity of sessions. All durations are milliseconds. */
export interface CometSessionOptions {
  /** For how long a connect is held. Keep it under the idle timeout of every proxy on the way. @default 30000 */
  timeout?: number;
  /** For how long clients wait between two connects. @default 0 */
  interval?: number;
  /**
   * Silence, beyond `interval`, after which a session is removed with what waits for it. Browsers run the timers of hidden
   * tabs once a minute, so that shorter ones lose the sessions of such tabs. @default 60000
   */
  maxInterval?: number;
  /** For how long a handler may take; until then its session does not expire. @default 30000 */
  maxProcessing?: number;
  /** For how long an authorisation, or admitting a session, may take before it is denied. @default 10000 */
  hookTimeout?: number;
  /**
   * Upper bound of the random delay before clients handshake anew after a restart. aiocometd and aiosfstream read the
   * milliseconds of `interval` as seconds: write 0 where they connect, or they stay away for more than an hour.
   * @default 5000
   */
  rehandshakeSpread?: number;
  /** Sessions of one user or service. @default 20 */
  maxPerUser?: number;
  /**
   * Connects of one browser that are held at a time over HTTP/1.1, as browsers open few connections to a host; its other
   * tabs poll. 0 holds none, -1 all. @default 1
   */
  maxHeldPerBrowser?: number;
  /** The same over HTTP/2, where a browser needs one connection only. @default -1 */
  maxHeldPerBrowserHttp2?: number;
  /** How often the tabs past `maxHeldPerBrowser` poll; 0 refuses them. @default 2000 */
  multiSessionInterval?: number;
  /**
   * Lets clients ask for acknowledged delivery (`ext.ack`): what they have not seen is sent again, so that nothing is
   * lost with a connection. @default true
   */
  acknowledge?: boolean;
  /** Lets clients estimate the clock of the server and the lag of the network (`ext.timesync`). @default true */
  timesync?: boolean;
  /** Gives everything that goes out a `timestamp`, in ISO 8601. @default false */
  timestamp?: boolean;
  /** Hands data that `ext.binary` marks to handlers as `BinaryData`, and sends `BinaryData` so marked. @default true */
  binary?: boolean;
  /** Milliseconds after which a session is ended that does nothing but connect; 0 for no limit. @default 0 */
  maxInactivity?: number;
  /** What counts as activity: what the client sends, or also what it is sent. @default 'client' */
  activityMode?: ActivityMode;
  /** Sends messages with connect replies only, also where the transport could push them. @default false */
  metaConnectDeliverOnly?: boolean;
  /** Tells clients `maxInterval`, so that they handshake by themselves when they were away for longer. @default false */
  handshakeReconnect?: boolean;
  /** Sends what waits at the handshake with its reply, and not with the first connect. @default false */
  deliverDuringHandshake?: boolean;
  /**
   * How a request proves that it may use the session whose `clientId` it quotes: by a token of the same principal
   * or the browser's cookie (`principal`), by a token only, or by the `clientId` alone.
   * @default 'principal'
   */
  binding?: SessionBinding;
}

/** How messages reach the subscribers of channels. */
export interface CometChannelOptions {
  /** Sends publishers their own messages too, where they are subscribed. @default true */
  broadcastToPublisher?: boolean;
  /** Milliseconds for which a lazy message waits for others to go along with; 0 makes none wait. @default 5000 */
  lazyTimeout?: number;
}

/** What is special about the WebSocket transport. */
export interface CometWebSocketOptions extends CometTransportTimes {
  /** The sub-protocol that is agreed on with clients that offer it. @default 'bayeux' */
  protocol?: string;
  /** Messages in one frame to a client. @default 100 */
  messagesPerFrame?: number;
  /** Bytes of one frame to a client, unless a single message is larger. @default 65536 */
  frameBytes?: number;
  /** Milliseconds a client may say nothing; 0 leaves it to the expiry of its session. @default 0 */
  idleTimeout?: number;
  /** Compresses frames (`permessage-deflate`), which costs memory for every socket. @default false */
  compression?: boolean;
  /** Lets no socket go on with a session of another: each begins with a handshake. @default false */
  requireHandshakePerConnection?: boolean;
}

/** What is special about the long-polling transport. */
export interface CometLongPollingOptions extends CometTransportTimes {
  /** HTTP status of the older one of two connects of a session, 400 to 599. @default 500 */
  duplicateConnectStatus?: number;
}

/** What is special about the callback-polling transport. */
export interface CometCallbackPollingOptions extends CometTransportTimes {
  /** The parameter that names the callback. @default 'jsonp' */
  parameter?: string;
  /** Characters the name of a callback may have. @default 64 */
  maxCallbackLength?: number;
}

/** What may wait for one session. */
export interface CometQueueOptions {
  /** Messages. @default 1000 */
  maxMessages?: number;
  /** Bytes. @default 1048576 */
  maxBytes?: number;
  /**
   * What happens to a message for which there is no room: `drop-oldest`, `drop-newest`, `disconnect`, which ends the
   * session so that its client starts anew, or a function that decides.
   * @default 'disconnect'
   */
  policy?: CometQueuePolicy;
}

/** Limits on what clients send. Past them the client gets an error, and nobody else notices. */
export interface CometLimitOptions {
  /** Bytes of a request, in its body or its query, or of a WebSocket message. @default 65536 */
  messageBytes?: number;
  /** Messages in one request or frame; each that is behind them is answered with an error. @default 1000 */
  batch?: number;
  /**
   * Messages that one session may send in a second, those to `/meta/connect` left out. Each one past `burst` is answered
   * with `429::too_many_messages`, and its socket is not read for as long as it would have taken. A socket without a
   * session has the same share. 0 for no limit. @default 200
   */
  messagesPerSecond?: number;
  /** Messages that one session may send all at once, after it was silent for long enough. @default 1000 */
  burst?: number;
  /** Levels of nested arrays and objects. @default 100 */
  depth?: number;
  /** Characters of a channel name. @default 256 */
  channelLength?: number;
  /** Segments of a channel name. @default 16 */
  channelDepth?: number;
  /** Subscriptions of one session. @default 500 */
  subscriptions?: number;
  /** Channel names that the subscribe and unsubscribe messages of one request or frame hold together. @default 1000 */
  namesPerRequest?: number;
  /** Sessions in all; past it clients are asked to try again later. @default 100000 */
  sessions?: number;
  /**
   * Anonymous sessions of one address: past it handshakes without a token are asked to come later (429), until others have
   * ended. Addresses count as for `badHandshakes`. 0 for no limit. @default 500
   */
  anonymousSessionsPerAddress?: number;
  /** Milliseconds a WebSocket may stay without a session. @default 10000 */
  handshakeTimeout?: number;
  /**
   * Bad tokens that one address may present in a minute, with whatever messages. Past it further tokens from there are not
   * looked at, and their clients are asked to come later (429); tokens that were found good before pass, and sessions are
   * not disturbed. So many tokens of which nothing is known are verified at a time; the others wait. Requests to
   * controllers under `CometOAuthGuard` are counted apart. An IPv6 address counts with its /64 network, and behind a proxy
   * all clients have one address unless `trustProxy` is set. 0 for no limit, and no fair shares. @default 20
   */
  badHandshakes?: number;
  /** New tokens that a session may present in a minute; 0 for no limit. @default 10 */
  refreshes?: number;
  /**
   * WebSockets in all that have no session yet, and refused ones that are not closed yet; past it upgrades are refused
   * (429). 0 for no limit. @default 1000
   */
  pendingSockets?: number;
  /** The same for one address, counted as `badHandshakes` are; 0 for no limit. @default 100 */
  pendingSocketsPerAddress?: number;
  /** Bytes that may wait in a socket whose client does not read, before messages are kept back. @default 262144 */
  bufferedBytes?: number;
  /**
   * Bytes in all that request bodies may take while they come in, each with 4096 besides its own; past it requests are
   * refused (503). A body that comes in one piece is not counted. 0 for no limit. @default 33554432
   */
  bodyBytes?: number;
  /** The same for one address, counted as `badHandshakes` are; past it requests are refused (429). @default 4194304 */
  bodyBytesPerAddress?: number;
  /** Milliseconds in which a request body must have come (408). @default 10000 */
  bodyTimeout?: number;
}

/** The cookie that binds sessions to a browser. It is set with the handshake and never required. */
export interface CometCookieOptions {
  /**
   * Over TLS the default name begins with `__Host-`, unless `domain` or `path` is given: other hosts of the site cannot set
   * such a cookie. A name that is given is taken as it is. @default 'BAYEUX_BROWSER'
   */
  name?: string;
  /**
   * Secrets the cookie is signed with, of at least 32 characters each. The first signs, all verify, so that a new one can be
   * put ahead of the old. Processes that share them know each other's cookies. @default the process's own
   */
  keys?: readonly string[];
  /** @default the host of the request */
  domain?: string;
  /** @default '/' */
  path?: string;
  /**
   * `None` is for pages of other sites, and needs TLS. `false` leaves the attribute out, for clients that cannot read a
   * cookie with it (the `cookiejar` of Ruby); browsers then take `Lax`. @default 'Lax'
   */
  sameSite?: 'Strict' | 'Lax' | 'None' | false;
  /** Seconds for which browsers keep it. @default until the browser ends */
  maxAge?: number;
  /** Sends it over TLS only; `auto` for requests that came over TLS. @default 'auto' */
  secure?: boolean | 'auto';
  /** Hides it from scripts of the page. @default true */
  httpOnly?: boolean;
  /** Gives each site that embeds this one a cookie of its own (CHIPS). Needs TLS. @default false */
  partitioned?: boolean;
}

/** Habits of clients that were written for other servers. */
export interface CometCompatOptions {
  /**
   * Serves clients of the Salesforce Streaming API as they are, jsforce for example. Their token may come as
   * `Authorization: OAuth <token>`, or without a scheme. Below a version, as in `/cometd/61.0`, filters and a slash
   * at the end of channel names are taken off, and a session that is unknown fails with `403::Unknown client`. Events
   * are not replayed.
   * @default false
   */
  salesforce?: boolean;
  /**
   * Takes the token of a handshake from the members of clients of eXo too: `exoToken` holds an access token, and
   * `exoId`, if it is sent, must be the id of the user it speaks for.
   * @default false
   */
  exo?: boolean;
}

/** The services that gateways answer. */
export interface CometServiceOptions {
  /**
   * Answers `null` where a handler has no result: nothing is returned, a promise of nothing, or an Observable without values.
   * Clients that wait for an answer to each call need it: `remoteCall` of cometd ends in a time-out else. One call asks for
   * it by `ext: { call: true }`, as in `cometd.remoteCall('save', data, 5000, { ext: { call: true } }, done)`.
   * @default false
   */
  answerVoid?: boolean;
  /**
   * For how many milliseconds calls, publishes and subscribes may go on that are under way when the application shuts down, so
   * that they get their answers. Those over HTTP that last longer get a 503. Providers that handlers use must not close in
   * `onModuleDestroy`, which Nest calls before. @default 5000
   */
  drainTimeout?: number;
}

/** Options of `CometModule`. */
export interface CometModuleOptions {
  /** Path of the endpoint, for all transports. @default '/cometd' */
  path?: string;
  /** How clients prove who they are. Without tokens: `auth: { anonymous: true }`. */
  auth: CometAuthOptions;
  /** Who may subscribe and publish where. Without a rule nobody may, but for one's own `/user/{userId}/**`. */
  rules?: readonly ChannelRule[];
  /** Code that is asked what the rules permit, before a session creates, subscribes, publishes or calls. @default [] */
  authorizers?: readonly ChannelAuthorizer[];
  /**
   * Origins of pages of other sites that may connect, for example `https://portal.example.com`. They are compared as
   * browsers do: a port that is the scheme's default does not count, another scheme or port does. @default []
   */
  origins?: readonly string[];
  /**
   * Names under which clients know this server, for example `push.example.com`, `push.example.com:8443` or `*.example.com`.
   * Requests for other hosts are answered with 421. They come from pages whose site resolves its own name to this server (DNS
   * rebinding), which have an origin of their own there: an application with anonymous sessions should say its names.
   * @default the host of any request
   */
  hosts?: readonly string[];
  /**
   * The proxies in front, as a number of hops or a list of addresses and CIDR ranges. Only then are their
   * `X-Forwarded-For`, `-Proto` and `-Host` believed, which behind TLS termination the origin check needs. Entries are read
   * from the right, one for each trusted proxy; an address that cannot be read ends the walk. Where the server listens on a
   * path (a Unix domain socket), the process that connects is the nearest hop. `Forwarded` (RFC 7239) is not read. By
   * default no proxy is trusted.
   */
  trustProxy?: TrustProxy;
  /**
   * What is served, and offered at the handshake in this order. `callback-polling` (JSONP) is the last resort, for old
   * clients on pages of the same site, and the weakest transport: everything a client sends is in the URL, so that
   * proxies, logs and histories keep its `clientId` and the token in `ext.auth`. Cookies and the `Authorization` header
   * prove nothing on it, so every request of a session that is not anonymous has to carry its token. Pages of other
   * sites are refused, whatever `origins` says.
   * @default ['websocket', 'long-polling']
   */
  transports?: readonly TransportName[];
  /** Extensions of the server, in the order that messages from clients meet them. @default [] */
  extensions?: readonly CometExtension[];
  compat?: CometCompatOptions;
  services?: CometServiceOptions;
  session?: CometSessionOptions;
  channels?: CometChannelOptions;
  queue?: CometQueueOptions;
  websocket?: CometWebSocketOptions;
  longPolling?: CometLongPollingOptions;
  callbackPolling?: CometCallbackPollingOptions;
  limits?: CometLimitOptions;
  cookie?: CometCookieOptions;
  /** Records what whoever answers for security wants to know of. Without it nothing is recorded. */
  audit?: CometAudit;
}

/** Makes the options of `CometModule.forRootAsync({ useClass })`. */
export interface CometOptionsFactory {
  createCometOptions(): CometModuleOptions | Promise<CometModuleOptions>;
}
