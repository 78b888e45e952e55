import type { ChannelLimits } from './channel.js';
import type { OutboxLimits } from './outbox.js';

/** How a request proves that it may speak for the session whose `clientId` it quotes. */
export type SessionBinding =
  /** A token of the same principal, or the browser cookie of the session. */
  | 'principal'
  /** A token of the same principal. */
  | 'token'
  /** The `clientId` alone. */
  | 'clientId';

/** Everything the core can be told. All durations are milliseconds. */
export interface BayeuxOptions {
  /** For how long a connect is held. */
  readonly timeout: number;
  /** For how long a client waits between two connects. */
  readonly interval: number;
  /** Silence, beyond `interval`, after which a session is removed. */
  readonly maxInterval: number;
  /** For how long a message in processing keeps its session from expiring. */
  readonly maxProcessing: number;
  /** For how long a hook of the application may take; an authorisation that takes longer is denied. */
  readonly hookTimeout: number;
  /** Upper bound of the random delay before clients handshake again, while draining or just after the start. */
  readonly rehandshakeSpread: number;
  /** Sessions in all; past it handshakes are answered as "unavailable". */
  readonly maxSessions: number;
  /** Sessions of one user or service. */
  readonly maxSessionsPerUser: number;
  /** Connects of one browser that are held at a time over HTTP/1.1; 0 holds none, a negative number all. */
  readonly maxHeldPerBrowser: number;
  /** How often the tabs past `maxHeldPerBrowser` poll; 0 refuses them. */
  readonly multiSessionInterval: number;
  /** Subscriptions of one session. */
  readonly maxSubscriptions: number;
  /** Characters of a message `id`. */
  readonly maxIdLength: number;
  readonly sessionBinding: SessionBinding;
  readonly channel: ChannelLimits;
  readonly queue: OutboxLimits;
  /** Whether clients may ask for acknowledged delivery. */
  readonly acknowledge: boolean;
  /** Whether clients may estimate the server's clock. */
  readonly timesync: boolean;
  /** Transports offered at the handshake, the preferred one first. */
  readonly transports: readonly string[];
}

/** The defaults of all options of the core. */
export const DEFAULT_BAYEUX_OPTIONS: BayeuxOptions = Object.freeze({
  timeout: 30_000,
  interval: 0,
  maxInterval: 30_000,
  maxProcessing: 30_000,
  hookTimeout: 10_000,
  rehandshakeSpread: 5_000,
  maxSessions: 100_000,
  maxSessionsPerUser: 20,
  maxHeldPerBrowser: 1,
  multiSessionInterval: 2_000,
  maxSubscriptions: 500,
  maxIdLength: 128,
  sessionBinding: 'principal',
  channel: { maxLength: 256, maxDepth: 16 },
  queue: { maxMessages: 1_000, maxBytes: 1_048_576 },
  acknowledge: true,
  timesync: true,
  transports: ['websocket', 'long-polling'],
});
