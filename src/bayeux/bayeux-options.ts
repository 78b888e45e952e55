import type { ChannelLimits } from './channel.js';
import type { OutboxLimits } from './outbox.js';
import type { QueuePolicy } from './queue-policy.js';
import type { MessageRate } from './rate-limit.js';

/** How a request proves that it may speak for the session whose `clientId` it quotes. */
export type SessionBinding =
  /** A token of the same principal, or the browser cookie of the session. */
  | 'principal'
  /** A token of the same principal. */
  | 'token'
  /** The `clientId` alone. */
  | 'clientId';

/** The longest time a timer takes: 2^31 - 1 milliseconds. */
export const MAX_TIME = 2_147_483_647;

/** The rhythm of a session. All durations are milliseconds. */
export interface SessionTimes {
  /** For how long a connect is held. */
  readonly timeout: number;
  /** For how long a client waits between two connects. */
  readonly interval: number;
  /** Silence, beyond `interval`, after which a session is removed. */
  readonly maxInterval: number;
}

/** What becomes of a session whose token expires. All durations are milliseconds. */
export interface ExpiryOptions {
  /** How long before its token expires the client is told, but a quarter of what is left of its life at most. */
  readonly refreshLead: number;
  /** For how long messages still reach a client whose token has expired; what it sends itself is refused. */
  readonly grace: number;
  /** Whether the session is then kept for `maxInterval`, with what waits for it, until a newer token comes. */
  readonly suspend: boolean;
  /** Age at which a session ends, whatever tokens it has been given; 0 for no limit. */
  readonly maxSessionAge: number;
  /** Whether the newer token may have been issued to another client. */
  readonly anyClient: boolean;
}

/** What counts as a sign of life for `maxInactivity`: what the client sends, or also what it is sent. */
export type ActivityMode = 'client' | 'client-server';

/** Everything the core can be told. All durations are milliseconds. */
export interface BayeuxOptions extends SessionTimes {
  /** Times of sessions on one transport, where they differ. */
  readonly transportTimes: Readonly<Record<string, Partial<SessionTimes>>>;
  /** For how long a message in processing keeps its session from expiring. */
  readonly maxProcessing: number;
  /** For how long calls may go on that are under way when the server is going away. */
  readonly drainTimeout: number;
  /** Whether a service whose handler has no result answers `null`. */
  readonly answerVoid: boolean;
  /** For how long a hook of the application may take; an authorisation that takes longer is denied. */
  readonly hookTimeout: number;
  /** Upper bound of the random delay before clients handshake again, while draining or just after the start. */
  readonly rehandshakeSpread: number;
  /** Sessions in all; past it handshakes are answered as "unavailable". */
  readonly maxSessions: number;
  /** Sessions of one user or service. */
  readonly maxSessionsPerUser: number;
  /** Anonymous sessions whose handshakes came from one network; 0 for any number. */
  readonly maxAnonymousPerNetwork: number;
  /** Connects of one browser that are held at a time over HTTP/1.1; 0 holds none, a negative number all. */
  readonly maxHeldPerBrowser: number;
  /** The same over HTTP/2, where a browser needs one connection only. */
  readonly maxHeldPerBrowserHttp2: number;
  /** How often the tabs past `maxHeldPerBrowser` poll; 0 refuses them. */
  readonly multiSessionInterval: number;
  /** Subscriptions of one session. */
  readonly maxSubscriptions: number;
  /** Messages of one request or frame that are handled. */
  readonly maxBatch: number;
  /** Messages of one session, connects left out, or of one socket before it has a session. */
  readonly rate: MessageRate;
  /** Names that the subscribe and unsubscribe messages of one request or frame hold together. */
  readonly maxNames: number;
  /** Characters of a message `id`. */
  readonly maxIdLength: number;
  readonly sessionBinding: SessionBinding;
  readonly expiry: ExpiryOptions;
  readonly channel: ChannelLimits;
  readonly queue: OutboxLimits;
  /** What happens at a full queue. */
  readonly queuePolicy: QueuePolicy;
  /** Whether publishers get their own messages, where they are subscribed. */
  readonly broadcastToPublisher: boolean;
  /** For how long a lazy message waits for others to go along with; 0 makes none wait. */
  readonly lazyTimeout: number;
  /** Whether messages go with connect replies only. */
  readonly metaConnectDeliverOnly: boolean;
  /** Whether a socket takes over no session, so that each begins with a handshake. */
  readonly requireHandshakePerConnection: boolean;
  /** Whether clients are told `maxInterval`, so that they handshake by themselves when they were away for longer. */
  readonly handshakeReconnect: boolean;
  /** Whether what waits at the handshake comes with its reply. */
  readonly deliverDuringHandshake: boolean;
  /** Whether clients may ask for acknowledged delivery. */
  readonly acknowledge: boolean;
  /** Whether clients may estimate the server's clock. */
  readonly timesync: boolean;
  /** Whether everything that goes out has a `timestamp`. */
  readonly timestamp: boolean;
  /** Whether `ext.binary` marks data that stands for bytes. */
  readonly binary: boolean;
  /** Milliseconds without activity after which a session that still connects is ended; 0 for no limit. */
  readonly maxInactivity: number;
  readonly activityMode: ActivityMode;
  /** Transports offered at the handshake, the preferred one first. */
  readonly transports: readonly string[];
}

/** The defaults of all options of the core. */
export const DEFAULT_BAYEUX_OPTIONS: BayeuxOptions = Object.freeze<BayeuxOptions>({
  timeout: 30_000,
  interval: 0,
  maxInterval: 60_000,
  maxProcessing: 30_000,
  drainTimeout: 5_000,
  answerVoid: false,
  hookTimeout: 10_000,
  rehandshakeSpread: 5_000,
  maxSessions: 100_000,
  maxSessionsPerUser: 20,
  maxAnonymousPerNetwork: 500,
  transportTimes: {},
  maxHeldPerBrowser: 1,
  maxHeldPerBrowserHttp2: -1,
  multiSessionInterval: 2_000,
  maxSubscriptions: 500,
  maxBatch: 1_000,
  rate: { perSecond: 200, burst: 1_000 },
  maxNames: 1_000,
  maxIdLength: 128,
  sessionBinding: 'principal',
  expiry: {
    refreshLead: 60_000,
    grace: 25_000,
    suspend: true,
    maxSessionAge: 43_200_000,
    anyClient: false,
  },
  channel: { maxLength: 256, maxDepth: 16 },
  queue: { maxMessages: 1_000, maxBytes: 1_048_576 },
  queuePolicy: 'disconnect',
  broadcastToPublisher: true,
  lazyTimeout: 5_000,
  metaConnectDeliverOnly: false,
  requireHandshakePerConnection: false,
  handshakeReconnect: false,
  deliverDuringHandshake: false,
  acknowledge: true,
  timesync: true,
  timestamp: false,
  binary: true,
  maxInactivity: 0,
  activityMode: 'client',
  transports: ['websocket', 'long-polling'],
});
