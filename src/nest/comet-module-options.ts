import type { CometAuthOptions } from '../auth/auth-options.js';
import type { ChannelRule } from '../auth/channel-rule.js';
import type { SessionBinding } from '../bayeux/bayeux-options.js';
import type { TrustProxy } from '../transports/transport-options.js';

/** Times and identity of sessions. All durations are milliseconds. */
export interface CometSessionOptions {
  /** For how long a connect is held. Keep it under the idle timeout of every proxy on the way. @default 30000 */
  timeout?: number;
  /** For how long clients wait between two connects. @default 0 */
  interval?: number;
  /** Silence, beyond `interval`, after which a session is removed with what waits for it. @default 30000 */
  maxInterval?: number;
  /** For how long a handler may take; until then its session does not expire. @default 30000 */
  maxProcessing?: number;
  /** For how long an authorisation, or admitting a session, may take before it is denied. @default 10000 */
  hookTimeout?: number;
  /** Upper bound of the random delay before clients handshake anew after a restart. @default 5000 */
  rehandshakeSpread?: number;
  /** Sessions of one user or service. @default 20 */
  maxPerUser?: number;
  /**
   * Connects of one browser that are held at a time over HTTP/1.1, as browsers open few connections to a host; its other
   * tabs poll. 0 holds none, -1 all. @default 1
   */
  maxHeldPerBrowser?: number;
  /** How often the tabs past `maxHeldPerBrowser` poll; 0 refuses them. @default 2000 */
  multiSessionInterval?: number;
  /**
   * Lets clients ask for acknowledged delivery (`ext.ack`): what they have not seen is sent again, so that nothing is
   * lost with a connection. @default true
   */
  acknowledge?: boolean;
  /** Lets clients estimate the clock of the server and the lag of the network (`ext.timesync`). @default true */
  timesync?: boolean;
  /**
   * How a request proves that it may use the session whose `clientId` it quotes: by a token of the same principal
   * or the browser's cookie (`principal`), by a token only, or by the `clientId` alone.
   * @default 'principal'
   */
  binding?: SessionBinding;
}

/** What may wait for one session. A session that passes a limit is ended, so that its client starts anew. */
export interface CometQueueOptions {
  /** Messages. @default 1000 */
  maxMessages?: number;
  /** Bytes. @default 1048576 */
  maxBytes?: number;
}

/** Limits on what clients send. Past them the client gets an error, and nobody else notices. */
export interface CometLimitOptions {
  /** Bytes of a request, in its body or its query, or of a WebSocket message. @default 65536 */
  messageBytes?: number;
  /** Messages in one request or frame. @default 100 */
  batch?: number;
  /** Levels of nested arrays and objects. @default 100 */
  depth?: number;
  /** Characters of a channel name. @default 256 */
  channelLength?: number;
  /** Segments of a channel name. @default 16 */
  channelDepth?: number;
  /** Subscriptions of one session. @default 500 */
  subscriptions?: number;
  /** Sessions in all; past it clients are asked to try again later. @default 100000 */
  sessions?: number;
  /** Milliseconds a WebSocket may stay without a session. @default 10000 */
  handshakeTimeout?: number;
  /** Bytes that may wait in a socket whose client does not read, before messages are kept back. @default 262144 */
  bufferedBytes?: number;
}

/** The cookie that binds sessions to a browser. It is set with the handshake and never required. */
export interface CometCookieOptions {
  /** @default 'BAYEUX_BROWSER' */
  name?: string;
  /** @default the host of the request */
  domain?: string;
  /** @default '/' */
  path?: string;
  /** `None` is for pages of other sites, and needs TLS. @default 'Lax' */
  sameSite?: 'Strict' | 'Lax' | 'None';
}

/** Options of `CometModule`. */
export interface CometModuleOptions {
  /** Path of the endpoint, for all transports. @default '/cometd' */
  path?: string;
  /** How clients prove who they are. Without tokens: `auth: { anonymous: true }`. */
  auth: CometAuthOptions;
  /** Who may subscribe and publish where. Without a rule nobody may, but for one's own `/user/{userId}/**`. */
  rules?: readonly ChannelRule[];
  /** Origins of pages of other sites that may connect, for example `https://portal.example.com`. @default [] */
  origins?: readonly string[];
  /**
   * The proxies in front, as a number of hops or a list of addresses and CIDR ranges. Only then are their
   * `X-Forwarded-*` headers believed, which behind TLS termination the origin check needs.
   */
  trustProxy?: TrustProxy;
  /**
   * Offers `callback-polling` (JSONP) as the last resort, for old clients on pages of the same site. It is the weakest
   * transport: everything a client sends is in the URL, so that proxies, logs and histories keep its `clientId` and
   * the token in `ext.auth`. Cookies and the `Authorization` header prove nothing on it, so every request of a
   * session that is not anonymous has to carry its token. Pages of other sites are refused, whatever `origins` says.
   * @default false
   */
  callbackPolling?: boolean;
  session?: CometSessionOptions;
  queue?: CometQueueOptions;
  limits?: CometLimitOptions;
  cookie?: CometCookieOptions;
}

/** Makes the options of `CometModule.forRootAsync({ useClass })`. */
export interface CometOptionsFactory {
  createCometOptions(): CometModuleOptions | Promise<CometModuleOptions>;
}
