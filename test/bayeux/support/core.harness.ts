import { BayeuxServer } from '../../../src/bayeux/server.js';
import { type BayeuxOptions, DEFAULT_BAYEUX_OPTIONS } from '../../../src/bayeux/bayeux-options.js';
import type { BayeuxPorts } from '../../../src/bayeux/core.js';
import { Delivery } from '../../../src/bayeux/delivery.js';
import type { JsonObject } from '../../../src/bayeux/message.js';
import type { Credential, Decision, Link, MaybePromise, Principal } from '../../../src/bayeux/ports.js';
import type { Session } from '../../../src/bayeux/session.js';
import { MemoryEngine } from '../../../src/engine/memory.engine.js';
import { type FakeLink, poll, socket } from './fake.link.js';
import { VirtualClock } from './virtual.clock.js';

export const ALLOWED: Decision = { allowed: true };
export const DENIED: Decision = { allowed: false, why: 'denied_by_not_granting' };

/** A user as a verified token would name them. */
export function user(userId: string, more: Partial<Principal> = {}): Principal {
  return { kind: 'user', tenant: '', userId, identity: `issuer user:${userId}`, ...more };
}

/** A server without sockets, and what it was told to log. */
export interface Harness {
  readonly clock: VirtualClock;
  readonly server: BayeuxServer;
  readonly log: { level: 'debug' | 'warn' | 'error'; message: string }[];
  /** Sessions whose end the listener was told of. */
  readonly removed: string[];
  /** Sends messages as `principal`, or without credentials. */
  request(link: Link, messages: readonly JsonObject[], principal?: Principal): MaybePromise<void>;
  /** Handshakes over `link` and returns the new session. */
  handshake(link: FakeLink, principal?: Principal): Session;
  /** A session of a user, connected over a socket. */
  overSocket(principal?: Principal, manual?: boolean): { session: Session; link: FakeLink };
  /** A session of a user with a connect that is held. */
  overPoll(principal?: Principal): { session: Session; held: FakeLink };
}

/** What a test may replace. Everything is permitted and no service answers, unless it says otherwise. */
export type HarnessOptions = Partial<Omit<BayeuxPorts, 'scheduler'>> & {
  options?: Partial<BayeuxOptions>;
  scheduler?: VirtualClock;
};

/** Puts a server together. */
export function harness({
  options = {},
  scheduler: clock = new VirtualClock(),
  ...ports
}: HarnessOptions = {}): Harness {
  const log: Harness['log'] = [];
  const removed: string[] = [];
  let ids = 0;
  const server = new BayeuxServer(
    { ...DEFAULT_BAYEUX_OPTIONS, sessionBinding: 'clientId', ...options },
    {
      scheduler: clock,
      engine: new MemoryEngine(clock),
      authority: {
        anonymous: undefined,
        subscribe: () => ALLOWED,
        publish: () => ALLOWED,
        call: () => ALLOWED,
      },
      services: { call: () => ({ kind: 'unknown' }) },
      listener: { admit: () => undefined, removed: (session) => void removed.push(session.id) },
      ids: { clientId: () => `client-${++ids}` },
      logger: {
        debug: (message) =>
          void log.push({ level: 'debug', message: typeof message === 'string' ? message : message() }),
        warn: (message) => void log.push({ level: 'warn', message }),
        error: (message) => void log.push({ level: 'error', message }),
      },
      random: () => 0.5,
      ...ports,
    },
  );
  void server.start();

  const request: Harness['request'] = (link, messages, principal) => {
    const credential: Credential = principal ? { kind: 'principal', principal } : { kind: 'none' };
    return server.handle({ messages, context: { credential, headers: {} } }, link);
  };
  const handshake = (link: FakeLink, principal = user('alice')): Session => {
    void request(link, [{ channel: '/meta/handshake' }], principal);
    const { clientId } = link.take().at(-1) ?? {};
    const session = clientId === undefined ? undefined : server.sessions.find(clientId);
    if (!session) throw new Error('The handshake has failed.');
    return session;
  };
  return {
    clock,
    server,
    log,
    removed,
    request,
    handshake,
    overSocket(principal, manual = false) {
      const link = socket(manual);
      const session = handshake(link, principal);
      void request(link, [connect(session)]);
      // The replies to the handshake and to the connect.
      for (let reply = 0; reply < 2; reply++) link.settle(true);
      link.take();
      return { session, link };
    },
    overPoll(principal) {
      const session = handshake(poll(), principal);
      void request(poll(), [connect(session)]);
      const held = poll();
      void request(held, [connect(session)]);
      return { session, held };
    },
  };
}

/** A connect of a session. */
export function connect({ id }: Session, more: JsonObject = {}): JsonObject {
  return { channel: '/meta/connect', clientId: id, connectionType: 'long-polling', ...more };
}

/** A message of a session on any channel. */
export function message({ id }: Session, channel: string, more: JsonObject = {}): JsonObject {
  return { channel, clientId: id, data: {}, ...more };
}

/** What waits, numbered. */
export function push(session: Session, ...data: unknown[]): void {
  for (const value of data) session.deliver(new Delivery('/push', value));
}

/** A promise and its ends, for hooks that take as long as a test wants. */
export function deferred<T>(): {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Lets all promises that are settled have their say. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
}
