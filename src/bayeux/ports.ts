import type { Delivery } from './delivery.js';
import type { DenialReason, Operation } from './errors.js';
import type { Reply } from './message.js';
import type { TokenBucket } from './rate-limit.js';
import type { Revocation, RevocationResult } from './revocation.js';

/** A value, or a promise of it. The core awaits only thenables, so that a synchronous answer costs no promise. */
export type MaybePromise<T> = T | PromiseLike<T>;

/** Who a session belongs to. Plain data, so that a request can be handed to another node. */
export interface Principal {
  readonly kind: 'user' | 'service' | 'anonymous';
  /** `''` unless tenants are configured. */
  readonly tenant: string;
  /** The user that `sendMessage` reaches; `null` for services and anonymous sessions. */
  readonly userId: string | null;
  /** Equal for two tokens of the same subject of one tenant at the same issuer; `''` for anonymous sessions. */
  readonly identity: string;
  /** Milliseconds since the epoch after which the principal no longer holds; absent for anonymous sessions. */
  readonly expiresAt?: number;
  /** The same without what is added as clocks may differ: clients are told to renew before it. @default expiresAt */
  readonly statedExpiry?: number;
  /** Milliseconds since the epoch at which the token was issued: of two tokens the later one counts. */
  readonly issuedAt?: number;
  /** Tells one token from another without being one. */
  readonly tokenRef?: string;
  /** The client the token was issued to. */
  readonly clientId?: string | null;
  /** What the token grants, as its client is told. */
  readonly scopes?: readonly string[];
}

/** What became of the credentials of one request. They are taken out of the messages before the core sees these. */
export type Credential<P extends Principal = Principal> =
  | { readonly kind: 'none' }
  | { readonly kind: 'principal'; readonly principal: P }
  /** `error` is a code of the catalogue, as `401::invalid_token`. */
  | { readonly kind: 'refused'; readonly error: string };

/** Habits of clients that were written for another server, where they differ from the protocol. */
export type Dialect = 'salesforce';

/** What the core knows of the request a message came in. Plain data. */
export interface RequestContext {
  readonly credential: Credential;
  /** True if the credential came with the connection, so that only another connection can bring a newer one. */
  readonly ofConnection?: true;
  /** Digest of the browser cookie the request came with, or was given. */
  readonly browser?: string;
  /** True if the connection carries many requests at once, as HTTP/2 does. */
  readonly multiplexed?: boolean;
  /** Absent for clients that speak the protocol as it is. */
  readonly dialect?: Dialect;
  /** Address of the client, as far as trusted proxies tell. */
  readonly address?: string;
  /** Allow-listed request headers, lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One request or frame: its messages, without credentials, and its context. */
export interface BayeuxRequest {
  readonly messages: readonly unknown[];
  readonly context: RequestContext;
}

/** What goes out on a link. */
export type Outbound = Delivery | Reply;

/** Told once whether what was written left this process. */
export interface Receipt {
  settled(flushed: boolean): void;
}

/** Why the server lets go of a link; the transport maps it to a status or a close code. */
export type LinkEnd =
  /** A newer connect, or a newer socket, speaks for the session now. */
  | 'superseded'
  /** The client does not read fast enough. */
  | 'overflow'
  /** The server is going away. */
  | 'shutdown'
  /** Nothing can be decided at present; the client shall try again later. */
  | 'unavailable'
  /** Too much came from where the client is; it shall try again later. */
  | 'limited'
  /** The token that came with the connection has expired; another connection may bring a newer one. */
  | 'expired';

/** Lets requests in one after the other. */
export interface Entrance {
  /** Whether one is being taken in, or waits. */
  readonly busy: boolean;
  pass<T>(task: () => MaybePromise<T>): MaybePromise<T>;
}

/**
 * One connection as the core sees it. A session outlives its links: a socket may die and another take over, a poll
 * is a link for one response.
 */
export interface Link {
  readonly transport: string;
  /** True for a link that carries one response only. */
  readonly once: boolean;
  /** True where messages go with connect replies only, and other replies go alone. */
  readonly connectOnly?: boolean;
  /** What carries the response, if the responses on it keep their order. */
  readonly connection?: object;
  /** True while the peer does not read, or does not any more: what is written now would only pile up. */
  readonly congested: boolean;
  /** True once the peer has gone. */
  readonly closed: boolean;
  /** True if the token of its session came with the connection; set by the core. */
  bearsToken?: boolean;
  /** The session this link speaks for; set by the core, when the link is proven for it or holds its connect. */
  sessionId: string | undefined;
  /** What its peer may still send that belongs to no session; set by the core. */
  meter?: TokenBucket | undefined;
  /** Where requests that belong to no session wait while an earlier one is being taken in; set by the core. */
  entrance?: Entrance | undefined;
  /** The peer has sent too much: nothing is read from it for so many milliseconds more. Left out where that cannot be. */
  slowDown?(milliseconds: number): void;
  /** Called by the core when a link that lasts begins or ceases to speak for a session. */
  bound(sessionId: string | undefined): void;
  /** Writes one array. Receipts are settled in the order of the writes, each once. */
  write(messages: readonly Outbound[], receipt?: Receipt): void;
  /**
   * The client was told to stop: its handshake was refused, or its session has ended for good, by revocation perhaps. The
   * transport may close the link after a while, also if it speaks for the session of an earlier handshake still.
   */
  stopped(why?: 'revoked' | 'refused'): void;
  /** Ends the link without a reply in the array sense, or in the middle of one. */
  end(why: LinkEnd): void;
}

/** One message on its way: to the subscribers of its channel, or to all sessions of a user. */
export type Envelope = (
  | { readonly to: 'channel'; readonly tenant: string; readonly delivery: Delivery }
  | { readonly to: 'user'; readonly tenant: string; readonly userId: string; readonly delivery: Delivery }
) & {
  /** The client id of the session that sent it. */
  readonly sender?: string | undefined;
  /** False if the sender gets no copy, even where it is subscribed. */
  readonly echo?: boolean | undefined;
};

/** What became of a message. An object, so that it may grow. */
export interface PublishResult {
  /** Sessions whose queue took the message. */
  readonly sessions: number;
}

/** What an engine tells a node. */
export interface EngineReceiver {
  /** Called in stream order, for local and remote messages alike. */
  deliver(envelope: Envelope): PublishResult;
  /** Called for local and remote revocations alike, once they are stored. More than once does no harm. */
  revoked(revocation: Revocation): RevocationResult;
}

/** Carries messages to every node, and keeps who is no longer welcome. */
export interface Engine {
  start(receiver: EngineReceiver): MaybePromise<void>;
  /** Settles only after this node has delivered the message. */
  publish(envelope: Envelope): MaybePromise<PublishResult>;
  /**
   * Stores a revocation until it may be forgotten, then tells the other nodes, then its own, in that order: whoever is let
   * in by a look-up that came too early is found by what is told afterwards. Fails if it could not be stored.
   */
  revoke(revocation: Revocation): MaybePromise<RevocationResult>;
  /** The revocations that hold for any of these keys. Fails if that cannot be told: then nobody is let in. */
  revoked(keys: readonly string[]): MaybePromise<readonly Revocation[]>;
  /**
   * Those that hold and were stored at this time or later, for a node that may not have been told. Left out by an engine
   * that cannot fail to tell.
   */
  revokedSince?(time: number): MaybePromise<readonly Revocation[]>;
  stop(): MaybePromise<void>;
}

/** Yes, or no with the reason that goes into the error. */
export type Decision =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly why: DenialReason;
      /** What was refused, if it is not what was asked for but the channel itself. */
      readonly operation?: Operation;
    };

/** Who may do what. Any exception, and any answer that takes too long, denies. */
export interface Authority {
  /** The principal of a handshake without credentials, or `undefined` where such a handshake is refused. */
  readonly anonymous: Principal | undefined;
  subscribe(principal: Principal, pattern: string): MaybePromise<Decision>;
  publish(principal: Principal, channel: string): MaybePromise<Decision>;
  call(principal: Principal, channel: string): MaybePromise<Decision>;
  /**
   * Whether a name that has neither subscribers nor settings may come into being by what has been permitted there.
   * @default permitted
   */
  create?(principal: Principal, name: string, operation: 'subscribe' | 'publish'): MaybePromise<Decision>;
  /**
   * Why an operation was denied, as the end of a sentence of the log. It is asked only where debug messages are read.
   * `by` is what was asked for, where `operation` is `create`. @default the reason of the decision
   */
  explain?(
    principal: Principal,
    name: string,
    operation: Operation,
    by: Exclude<Operation, 'create'>,
  ): string;
}

/** A deadline that can be moved and taken back without allocating anything. */
export interface Deadline {
  /** Moves the deadline, or arms it again after it has passed. Milliseconds by `now` of the scheduler. */
  moveTo(time: number): void;
  /** When it is due, or `undefined` while it is not armed. */
  readonly due: number | undefined;
  cancel(): void;
  /** The same for one that will soon be moved again: it keeps what it runs for as long as it would have taken. */
  pause(): void;
}

/**
 * Two clocks, which must not be mixed. What has elapsed is measured with `now`; what another clock has told or will be
 * told (times of tokens, revocations, timestamps) is compared with `wallTime`.
 */
export interface Clock {
  /** Whole milliseconds from an arbitrary beginning. They pass evenly, whatever becomes of the clock of the machine. */
  now(): number;
  /** Milliseconds since the epoch. The clock of the machine can be set, so that they jump to and fro. */
  wallTime(): number;
}

/** The only source of time. Whatever it runs, it runs outside the asynchronous context of its callers. */
export interface Scheduler extends Clock {
  /** Calls `listener` whenever the wall time was set, within a minute after that while any deadline is armed. */
  onWallStep(listener: () => void): void;
  /** A deadline that is not armed yet. */
  deadline(run: () => void): Deadline;
  /** Runs `task` once what is being handled now has been handled. */
  endOfTurn(task: () => void): void;
  /** Runs `task` at once, but as all the others outside the asynchronous context of the caller. */
  outside(task: () => void): void;
  /** Deadlines that are armed. */
  readonly armed: number;
}

/** Where the core writes what an operator should know. Never given a token or a whole client id. */
export interface Logger {
  /** A message that is a function is called only where debug messages are read. */
  debug(message: string | (() => string)): void;
  warn(message: string): void;
  error(message: string, cause?: unknown): void;
}

/** Unguessable names. */
export interface IdSource {
  /** At least 128 random bits, safe in a URL and a header. */
  clientId(): string;
}
