import { ADVICE_NONE, type Advice, adviseHandshake } from './advice.js';
import type { BayeuxOptions } from './bayeux-options.js';
import { isMeta, isService } from './channel.js';
import type { BayeuxPorts, Core } from './core.js';
import { BayeuxErrors, denied } from './errors.js';
import { Exchange, type Replies } from './exchange.js';
import { HeldConnects } from './held-connects.js';
import { timesync } from './extensions/timesync.js';
import { failure, type Incoming, validate } from './incoming.js';
import { isThenable, withTimeLimit } from './maybe-promise.js';
import { isHandshake, isJsonObject } from './message.js';
import { connect } from './meta/connect.js';
import { disconnect } from './meta/disconnect.js';
import { handshake } from './meta/handshake.js';
import { subscribe } from './meta/subscribe.js';
import { unsubscribe } from './meta/unsubscribe.js';
import type {
  BayeuxRequest,
  Decision,
  Envelope,
  Link,
  MaybePromise,
  Principal,
  PublishResult,
} from './ports.js';
import { type Proof, prove } from './proof.js';
import { callService, publish } from './publish.js';
import type { Session, SessionEnd } from './session.js';
import { type SessionDirectory, Sessions } from './sessions.js';
import { Subscriptions } from './subscriptions.js';

/** For how long after the start clients of the server before it come back all at once. */
const RUSH_AFTER_START = 60_000;

/** What is alive in a server; all zero once every client is gone. */
export interface BayeuxCounts {
  readonly sessions: number;
  /** Channels and patterns that somebody subscribed to. */
  readonly channels: number;
  readonly deadlines: number;
}

/** The Bayeux server: sessions, subscriptions, and the way every message takes through them. */
export class BayeuxServer implements Core {
  readonly sessions = new Sessions();
  readonly subscriptions = new Subscriptions<Session>();
  readonly heldConnects = new HeldConnects();
  readonly directory: SessionDirectory = this.sessions;
  readonly scheduler;
  readonly engine;
  readonly authority;
  readonly services;
  readonly listener;
  readonly ids;
  readonly logger;
  readonly random;
  readonly #startedAt: number;
  #dirty: Session[] = [];
  #draining = false;

  constructor(
    readonly options: BayeuxOptions,
    ports: BayeuxPorts,
  ) {
    ({
      scheduler: this.scheduler,
      engine: this.engine,
      authority: this.authority,
      services: this.services,
      listener: this.listener,
      ids: this.ids,
      logger: this.logger,
      random: this.random,
    } = ports);
    this.#startedAt = this.scheduler.now();
  }

  get draining(): boolean {
    return this.#draining;
  }

  get counts(): BayeuxCounts {
    return {
      sessions: this.sessions.size,
      channels: this.subscriptions.size,
      deadlines: this.scheduler.armed,
    };
  }

  /** Connects the engine. */
  start(): MaybePromise<void> {
    return this.engine.start((envelope) => this.deliver(envelope));
  }

  /**
   * Handles one request or frame and writes what it deserves on `link`. Never throws; the promise, if there is one,
   * resolves when all messages are answered or held.
   */
  handle(request: BayeuxRequest, link: Link): MaybePromise<void> {
    const clientId = firstClientId(request.messages);
    const found = clientId === undefined ? undefined : this.directory.find(clientId);
    return isThenable(found)
      ? found.then(
          (session) => this.#process(request, link, session),
          (error: unknown) => {
            this.logger.error('A session could not be looked up.', error);
            link.end('unavailable');
          },
        )
      : this.#process(request, link, found);
  }

  /** The one way in for messages to clients. Returns how many sessions took it. */
  deliver(envelope: Envelope): PublishResult {
    const { tenant, delivery } = envelope;
    const receivers =
      envelope.to === 'channel'
        ? this.subscriptions.match(tenant, delivery.channel)
        : this.sessions.ofUser(tenant, envelope.userId);
    let sessions = 0;
    for (const session of receivers) if (session.deliver(delivery)) sessions++;
    return { sessions };
  }

  /** The peer of a link has gone. */
  closed(link: Link): void {
    if (link.sessionId !== undefined) this.sessions.find(link.sessionId)?.closed(link);
  }

  /**
   * Lets no more handshakes in and ends all sessions: held connects are answered with a retry, each after another
   * while, so that clients do not arrive elsewhere in one moment.
   */
  drain(): void {
    this.#draining = true;
    for (const session of this.sessions.all()) {
      session.end('shutdown', this.random() * this.options.rehandshakeSpread);
    }
  }

  decide(
    operation: 'subscribe' | 'publish' | 'call',
    principal: Principal,
    channel: string,
  ): MaybePromise<Decision> {
    const deny = (error: unknown): Decision => {
      this.logger.error(`The ${operation} authorisation failed, so it is denied.`, error);
      return { allowed: false, why: 'denied_by_security_policy' };
    };
    try {
      const decision = withTimeLimit(
        this.scheduler,
        this.options.hookTimeout,
        `The ${operation} authorisation`,
        () => this.authority[operation](principal, channel),
      );
      return isThenable(decision) ? decision.then(undefined, deny) : decision;
    } catch (error) {
      return deny(error);
    }
  }

  flushLater(session: Session): void {
    if (this.#dirty.push(session) > 1) return;
    this.scheduler.endOfTurn(() => {
      const dirty = this.#dirty;
      this.#dirty = [];
      for (const waiting of dirty) waiting.flush();
    });
  }

  ended(session: Session, why: SessionEnd): void {
    this.sessions.remove(session);
    const { tenant } = session.principal;
    for (const name of session.state.subscriptions) this.subscriptions.remove(tenant, name, session);
    session.state.subscriptions.clear();
    if (why === 'overflow') {
      this.logger.warn(
        'A session was ended because its queue was full. Its client does not read as fast as messages come: ' +
          'send less, raise the limits of the queue, or let the client fetch what it missed.',
      );
    }
    this.listener.removed(session);
  }

  #process(request: BayeuxRequest, link: Link, found: Session | undefined): MaybePromise<void> {
    const { messages, context } = request;
    // A handshake stands alone; what else came with it cannot belong to a session yet.
    const greeting = messages.findIndex(isHandshake);
    const proof =
      found && greeting < 0 ? prove(found, link, context, this.options.sessionBinding) : undefined;
    const session = proof === 'proven' ? found : undefined;
    const exchange = new Exchange(link, context, messages.length, session);
    if (session) this.#adopt(session, exchange);
    return exchange.run((index) => {
      const validated = validate(messages[index], this.options);
      if (!validated.ok) return [validated.reply];
      const { message } = validated;
      if (this.options.timesync && isMeta(message.channel)) {
        const complete = timesync(message.body, () => this.scheduler.now());
        if (complete) message.complete = complete;
      }
      try {
        const replies =
          index === greeting ? handshake(this, exchange, message) : this.#route(exchange, message, proof);
        return isThenable(replies)
          ? replies.then(undefined, (error: unknown) => this.#failed(message, error))
          : replies;
      } catch (error) {
        return this.#failed(message, error);
      }
    });
  }

  #adopt(session: Session, { link, context }: Exchange): void {
    if (context.credential.kind === 'principal') session.renew(context.credential.principal);
    // It may have gone while its token was being verified: what it said counts, but it leads nowhere any more.
    if (link.once || link.closed) return;
    if (link.sessionId !== session.id) {
      link.sessionId = session.id;
      link.bound(session.id);
    }
    session.attach(link);
  }

  #route(exchange: Exchange, message: Incoming, proof: Proof | undefined): MaybePromise<Replies> {
    const { session, context } = exchange;
    if (context.credential.kind === 'refused') return [this.#refused(message, context.credential.error)];
    if (proof === 'mismatch') return [failure(message, BayeuxErrors.principalMismatch)];
    if (!session || session.endedBy || message.body['clientId'] !== session.id)
      return [this.#unknown(message)];

    if (message.channel === '/meta/connect') return connect(this, exchange, message, session);
    if (message.channel === '/meta/disconnect') return disconnect(exchange, message, session);
    session.touch();
    return session.inOrder(() => this.#ordered(exchange, message, session));
  }

  #ordered(exchange: Exchange, message: Incoming, session: Session): MaybePromise<Replies> {
    const { channel } = message;
    if (channel === '/meta/subscribe') return subscribe(this, message, session);
    if (channel === '/meta/unsubscribe') return unsubscribe(this, message, session);
    if (isMeta(channel)) return [failure(message, denied('publish', 'denied_by_security_policy'))];
    if (isService(channel)) return callService(this, exchange, message, session);
    return publish(this, message, session);
  }

  #unknown(message: Incoming) {
    if (message.channel === '/meta/disconnect') return failure(message, BayeuxErrors.sessionUnknown);
    return failure(message, BayeuxErrors.sessionUnknown, { advice: this.#adviseHandshake() });
  }

  /** A bad token on a message after the handshake: a fresh one may do. */
  #refused(message: Incoming, error: string) {
    if (message.channel !== '/meta/connect') return failure(message, error);
    return failure(message, error, {
      advice: error.startsWith('401:') ? this.#adviseHandshake() : ADVICE_NONE,
    });
  }

  #adviseHandshake(): Advice {
    const rush = this.#draining || this.scheduler.now() - this.#startedAt < RUSH_AFTER_START;
    return adviseHandshake(rush ? Math.round(this.random() * this.options.rehandshakeSpread) : 0);
  }

  #failed(message: Incoming, error: unknown): Replies {
    this.logger.error(`A message on ${message.channel} could not be handled.`, error);
    return [failure(message, BayeuxErrors.serverError)];
  }
}

function firstClientId(messages: readonly unknown[]): string | undefined {
  for (const message of messages) {
    if (isJsonObject(message) && typeof message['clientId'] === 'string') return message['clientId'];
  }
  return undefined;
}
