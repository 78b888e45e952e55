import type { Audit } from './audit.js';
import type { BayeuxOptions, SessionTimes } from './bayeux-options.js';
import type { Composed, Delivery } from './delivery.js';
import type { HeldConnects } from './held-connects.js';
import type { Reply } from './message.js';
import type { Logger, Principal, RequestContext, Scheduler } from './ports.js';
import type { Session } from './session.js';

/** What a session is, apart from its live parts: plain values that could be stored or sent to another node. */
export interface SessionState {
  readonly id: string;
  principal: Principal;
  /** Digest of the browser cookie the session was made with. */
  readonly browser: string | undefined;
  /** The request of its handshake: where it came from, and what it said of itself. */
  readonly client: Pick<RequestContext, 'address' | 'headers'>;
  /**
   * Whether its client has said at the handshake that it presents newer tokens by itself (`ext.auth.refresh`), and so
   * understands notices about its token.
   */
  readonly refreshes?: boolean;
  /** True for a session of the server itself, which no client can use and which does not expire. */
  readonly local?: true;
  /** True from the first connect on. */
  connected: boolean;
  /** Milliseconds the client waits between connects. */
  interval: number;
  readonly subscriptions: Set<string>;
  /**
   * Number of the last connect reply, if the client acknowledges them (`ext.ack`). Messages then go with connect
   * replies only, and are kept until the client says which reply it has seen.
   */
  acknowledged?: number;
  /** What was settled for this session alone. */
  own: Readonly<SessionSettings>;
}

/** What can be settled for one session. What is not, is as the options say. */
export interface SessionSettings {
  timeout?: number | undefined;
  interval?: number | undefined;
  maxInterval?: number | undefined;
  metaConnectDeliverOnly?: boolean | undefined;
  broadcastToPublisher?: boolean | undefined;
}

/** What most sessions have of their own. */
export const NOTHING_SETTLED: Readonly<SessionSettings> = Object.freeze({});

/** How a session came to its end. */
export type SessionEnd =
  | 'disconnect'
  | 'kick'
  | 'timeout'
  | 'inactive'
  | 'token_expired'
  | 'max_age'
  | 'revoked'
  | 'overflow'
  | 'shutdown';

/** What a session needs of the server it belongs to. */
export interface SessionHost {
  readonly options: BayeuxOptions;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  readonly audit: Audit;
  /** A number from 0 to 1, which spreads clients over time. */
  readonly random: () => number;
  readonly heldConnects: HeldConnects;
  /** What is said to a client is said through here: extensions may change it, or keep it back. */
  complete(replies: readonly Reply[], session: Session): readonly Reply[];
  /** A message of the server to one session, or nothing if an extension keeps it back. */
  compose(message: Composed, receiver: Session): Delivery | undefined;
  /** What a message that goes out now is stamped with, if any is. */
  timestamp(): string | undefined;
  /** For how long a message may wait for others. */
  lazyFor(tenant: string, delivery: Delivery): number;
  /** Has `flush` called at the end of the turn. */
  flushLater(session: Session): void;
  /** The session has ended. */
  ended(session: Session, why: SessionEnd): void;
}

/** One time of a session on `transport`: its own, that of the transport, or that of all. */
export function timeOf(
  name: keyof SessionTimes,
  options: BayeuxOptions,
  own: Readonly<SessionSettings>,
  transport: string,
): number {
  return own[name] ?? options.transportTimes[transport]?.[name] ?? options[name];
}
