import { Admission } from './admission.js';
import { type Audit, NO_AUDIT } from './audit.js';
import type { BayeuxOptions } from './bayeux-options.js';
import { decide } from './authorization.js';
import { isMeta } from './channel.js';
import type { BayeuxPorts, Core } from './core.js';
import type { Composed, Delivery } from './delivery.js';
import { BayeuxErrors, denied, type Operation } from './errors.js';
import { Channels } from './channels.js';
import { Exchange } from './exchange.js';
import { Extensions } from './extension.js';
import { HeldConnects } from './held-connects.js';
import { timesync } from './extensions/timesync.js';
import { validate } from './incoming.js';
import { isThenable, withTimeLimit } from './maybe-promise.js';
import { MessageHandling } from './message-handling.js';
import { firstClientId, isHandshake, type Reply } from './message.js';
import type {
  BayeuxRequest,
  Credential,
  Decision,
  Entrance,
  Envelope,
  Link,
  MaybePromise,
  PublishResult,
  RequestContext,
} from './ports.js';
import { prove } from './proof.js';
import { IRREVOCABLE } from './revocation.js';
import { Revocations } from './revocations.js';
import { denyRenewal, renew, tellOfToken } from './renewal.js';
import { Listeners } from './listeners.js';
import { compose, NOBODY, passesListeners, send, type Sending } from './sending.js';
import type { ServerListener } from './server-listener.js';
import type { Failure } from './service.js';
import type { Session } from './session.js';
import type { SessionEnd } from './session-state.js';
import { type SessionDirectory, Sessions } from './sessions.js';
import { leave } from './subscribing.js';
import { Subscriptions } from './subscriptions.js';
import { Turns } from './turns.js';
import { Turnstile } from './turnstile.js';

/** What is alive in a server; all zero once every client is gone. */
export interface BayeuxCounts {
  readonly sessions: number;
  /** Channels and patterns that somebody subscribed to. */
  readonly channels: number;
  readonly deadlines: number;
}

/** The Bayeux server: sessions, subscriptions, and the way every message takes through them. */
export class BayeuxServer implements Core {
  readonly sessions: Sessions;
  readonly subscriptions = new Subscriptions<Session>();
  readonly heldConnects = new HeldConnects();
  readonly directory: SessionDirectory;
  readonly scheduler;
  readonly engine;
  readonly authority;
  readonly services;
  readonly listener;
  readonly ids;
  readonly logger;
  readonly random;
  readonly audit: Audit;
  readonly revocations: Revocations;
  readonly channels: Channels;
  readonly extensions: Extensions;
  readonly listeners: Listeners<ServerListener>;
  /** Sessions of the server itself, by id: no client can use them. */
  readonly locals = new Map<string, Session>();
  /** What takes long waits there for its next slice. */
  readonly turns: Turns;
  readonly underWay = new Set<Exchange>();
  readonly #handling: MessageHandling;
  readonly #admission: Admission;
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
    this.sessions = new Sessions(ports.networkOf);
    this.directory = this.sessions;
    this.audit = ports.audit ?? NO_AUDIT;
    this.channels = new Channels(this.logger);
    this.extensions = new Extensions(this.logger);
    this.listeners = new Listeners(this.logger);
    this.revocations = new Revocations(this, ports.revocable ?? (() => IRREVOCABLE));
    this.turns = new Turns(this.scheduler);
    this.#handling = new MessageHandling(this);
    this.#admission = new Admission(this);
    this.scheduler.onWallStep(() => {
      for (const session of this.sessions.all()) session.credential?.wallStepped();
    });
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
    return this.engine.start({
      deliver: (envelope) => this.deliver(envelope),
      revoked: (revocation) => this.revocations.heard(revocation),
    });
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
          (session) => this.process(request, link, session),
          (error: unknown) => {
            this.logger.error('A session could not be looked up.', error);
            link.end('unavailable');
          },
        )
      : this.process(request, link, found);
  }

  /** The one way in for messages to clients. Returns how many sessions took it. */
  deliver(envelope: Envelope): PublishResult {
    const { tenant, delivery, echo = true } = envelope;
    const sender = envelope.sender === undefined ? undefined : this.#sessionOf(envelope.sender);
    const lazyFor = this.lazyFor(tenant, delivery);
    const receivers =
      envelope.to === 'channel'
        ? this.subscriptions.match(tenant, delivery.channel)
        : this.sessions.ofUser(tenant, envelope.userId);
    let sessions = 0;
    let locals: Set<Session> | undefined;
    for (const session of receivers) {
      if (!echo && session === sender) continue;
      // Their receivers are called at once, and may subscribe: not while the subscribers are walked over.
      if (session.state.local) (locals ??= new Set()).add(session);
      else if (session.deliver(delivery, sender, lazyFor)) sessions++;
    }
    if (locals) for (const session of locals) if (session.deliver(delivery, sender, lazyFor)) sessions++;
    return { sessions };
  }

  compose(message: Composed, receiver: Session): Delivery | undefined {
    return compose(this, message, undefined, receiver);
  }

  announce(session: Session): void {
    session.announced = true;
    this.listeners.tell('A listener to sessions', (listener) => listener.sessionAdded?.(session));
  }

  /** Takes a subscription back. */
  unsubscribe(session: Session, subscription: string): void {
    leave(this, session, subscription);
  }

  /** Sends a message of the server. Listeners to its channel may stop it, unless it is for one user. */
  send(sending: Sending): MaybePromise<PublishResult> {
    const { tenant, channel, data, ext, userId } = sending;
    if (userId !== undefined) return send(this, sending);
    const next = (passed: boolean | Failure): MaybePromise<PublishResult> =>
      passed === true ? send(this, sending) : NOBODY;
    const passes = passesListeners(this, tenant, { channel, data, ext }, undefined);
    return isThenable(passes) ? passes.then(next) : next(passes);
  }

  timestamp(): string | undefined {
    return this.options.timestamp ? new Date(this.scheduler.wallTime()).toISOString() : undefined;
  }

  complete(replies: readonly Reply[], session: Session | undefined): readonly Reply[] {
    const timestamp = this.timestamp();
    const own = session?.extensions;
    if (timestamp === undefined && !this.extensions.has('outgoing') && !own?.has('outgoing')) return replies;
    return replies.flatMap((reply) => {
      const stamped = timestamp === undefined ? reply : { ...reply, timestamp };
      const extended = this.extensions.reply(stamped, session);
      return (extended && own ? own.reply(extended, session) : extended) ?? [];
    });
  }

  /** The peer of a link has shown that it lives, and said nothing else. */
  heard(link: Link): void {
    this.count(link);
    if (link.sessionId !== undefined) this.sessions.find(link.sessionId)?.heard();
  }

  /** The peer of a link has sent something that is no message, but takes time as one does. */
  count(link: Link): void {
    this.#admission.count(link);
  }

  /** The peer of a link has gone. */
  closed(link: Link): void {
    if (link.sessionId !== undefined) this.sessions.find(link.sessionId)?.closed(link);
  }

  /**
   * Lets no more handshakes in and ends all sessions: held connects are answered with a retry, each after another
   * while, so that clients do not arrive elsewhere in one moment. Calls under way get their answers first, within
   * `drainTimeout`; the promise, if there is one, resolves when the last session has ended.
   */
  drain(): MaybePromise<void> {
    this.#draining = true;
    const waiting: PromiseLike<void>[] = [];
    for (const session of this.sessions.all()) {
      const idle = session.idle();
      if (isThenable(idle))
        waiting.push(
          idle.then(() => {
            this.#sendAway(session);
          }),
        );
      else this.#sendAway(session);
    }
    for (const session of [...this.locals.values()]) session.end('shutdown');
    // What a client said before it left is handled all the same.
    for (const { session, settled } of this.underWay)
      if (session?.endedBy) waiting.push(settled.then(() => undefined));
    // A handshake gets no session any more, and need not wait to hear of it.
    this.#letGo(({ session }) => session === undefined);
    if (waiting.length === 0) return undefined;
    const { drainTimeout } = this.options;
    return Promise.resolve(
      withTimeLimit(this.scheduler, drainTimeout, 'Answering what was under way', () => Promise.all(waiting)),
    ).then(
      () => undefined,
      (error: unknown) => {
        this.logger.warn(`${(error as Error).message} Those calls get no answer.`);
        for (const session of this.sessions.all()) this.#sendAway(session);
        this.#letGo(() => true);
      },
    );
  }

  /** Its client is to come back, after a while of its own. */
  #sendAway(session: Session): void {
    session.end('shutdown', this.random() * this.options.rehandshakeSpread);
  }

  /** Answers requests that wait for handlers, as those would hold up the end of their HTTP server. */
  #letGo(which: (exchange: Exchange) => boolean): void {
    for (const exchange of this.underWay) {
      if (exchange.link.once && which(exchange)) exchange.link.end('unavailable');
    }
  }

  decide(operation: Exclude<Operation, 'create'>, session: Session, channel: string): MaybePromise<Decision> {
    const decision = decide(this, operation, session, channel);
    return isThenable(decision)
      ? decision.then((settled) => this.#audited(operation, session, channel, settled))
      : this.#audited(operation, session, channel, decision);
  }

  #audited(
    operation: Operation,
    { principal, state }: Session,
    channel: string,
    decision: Decision,
  ): Decision {
    if (decision.allowed) return decision;
    const reason = denied(decision.operation ?? operation, decision.why);
    const { address } = state.client;
    this.audit.record({ type: 'authorization_denied', principal, address, channel, reason });
    return decision;
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
    this.#admission.ended(session);
    this.locals.delete(session.id);
    for (const name of [...session.state.subscriptions]) leave(this, session, name);
    if (why === 'overflow') {
      this.logger.warn(
        'A session was ended because its queue was full. Its client does not read as fast as messages come: ' +
          'send less, raise the limits of the queue, or let the client fetch what it missed.',
      );
    }
    this.listener.removed(session, why);
    if (session.announced) {
      this.listeners.tell('A listener to sessions', (listener) => listener.sessionRemoved?.(session, why));
    }
  }

  /**
   * Handles a request of the session it was found to quote, which it may not have proven to be its own.
   *
   * @param turn given where it is let in after others, and told when its last message is taken in.
   */
  process(
    request: BayeuxRequest,
    link: Link,
    found: Session | undefined,
    turn?: { taken?: PromiseLike<void> | undefined },
  ): MaybePromise<void> {
    const { messages, context } = request;
    if (context.ofConnection && this.#isExpired(context.credential)) {
      this.#sendForToken(request, link);
      return;
    }
    // A handshake stands alone; what else came with it cannot belong to a session yet.
    const greeting = messages.findIndex(isHandshake);
    found?.credential?.settle();
    const proof = found && greeting < 0 ? prove(found, link, context, this.options) : undefined;
    const session = proof === 'proven' && !found?.ended ? found : undefined;
    const owner = session ?? link;
    if (owner.entrance?.busy && !turn) return this.#processLater(owner.entrance, request, link, found);
    // A token that is no good proves nothing, but it is not a sign of an id in wrong hands either.
    if (found && proof === 'unproven' && context.credential.kind !== 'refused') this.#foreign(found, context);
    const exchange = new Exchange(link, context, messages.length, session, this);
    if (session) this.#adopt(session, exchange);
    else if (found && (proof === 'refused' || proof === 'mismatch')) denyRenewal(this, exchange, found);
    const handled = exchange.run((index) => {
      const message = validate(messages[index], this.options, context.dialect);
      const greets = index === greeting;
      const refused = this.#admission.refuse(exchange, message, index, greets);
      if (refused) return refused;
      if ('reply' in message) return [message.reply];
      if (this.options.timesync && message.body['ext'] !== undefined && isMeta(message.channel)) {
        const complete = timesync(message.body, this.scheduler);
        if (complete) message.complete = complete;
      }
      if (exchange.renewed && session?.credential) tellOfToken(message, session.credential);
      return this.#handling.handle(exchange, message, proof, greets);
    });
    const { taken } = exchange;
    if (turn) turn.taken = taken;
    else if (taken) void (owner.entrance ??= new Turnstile()).pass(() => taken);
    return handled;
  }

  /** What came before it is still being taken in, or waits itself. */
  #processLater(
    entrance: Entrance,
    request: BayeuxRequest,
    link: Link,
    found: Session | undefined,
  ): MaybePromise<void> {
    const turn: { taken?: PromiseLike<void> | undefined } = {};
    let handled = undefined as MaybePromise<void>;
    const entered = entrance.pass<void>(() => {
      handled = this.process(request, link, found, turn);
      return turn.taken;
    });
    return isThenable(entered) ? entered.then(() => handled) : handled;
  }

  #isExpired(credential: Credential): boolean {
    if (credential.kind === 'refused') return credential.error === BayeuxErrors.tokenExpired;
    if (credential.kind === 'none') return false;
    return (credential.principal.expiresAt ?? Infinity) <= this.scheduler.wallTime();
  }

  /**
   * A connection whose own token has expired is closed without an answer. Clients take a refused handshake as final, but
   * come back with a newer token from a connection that was lost.
   */
  #sendForToken({ messages, context }: BayeuxRequest, link: Link): void {
    if (messages.some(isHandshake)) {
      const { address } = context;
      this.audit.record({ type: 'handshake_denied', address, reason: BayeuxErrors.tokenExpired });
    }
    link.end('expired');
  }

  /** Somebody quotes a session without proof; the answer is that of an id that does not exist. */
  #foreign(session: Session, { address, credential }: RequestContext): void {
    const presented = credential.kind === 'principal' ? credential.principal : undefined;
    this.audit.record({
      type: 'client_id_mismatch',
      principal: session.principal,
      address,
      reason: presented ? 'the token of another principal' : 'no proof',
    });
  }

  #adopt(session: Session, exchange: Exchange): void {
    const { link, context } = exchange;
    const { credential } = context;
    if (credential.kind === 'principal') link.bearsToken = context.ofConnection === true;
    exchange.renewed = credential.kind === 'principal' && renew(this, session, credential.principal);
    // It may have gone while its token was being verified: what it said counts, but it leads nowhere any more.
    if (link.once || link.closed) return;
    if (link.sessionId !== session.id) {
      link.sessionId = session.id;
      link.bound(session.id);
    }
    session.attach(link);
  }

  #sessionOf(id: string): Session | undefined {
    return this.sessions.find(id) ?? this.locals.get(id);
  }

  /** For how long a message may wait for others; the most particular setting of its channel holds. */
  lazyFor(tenant: string, { channel, lazy }: Delivery): number {
    if (this.channels.empty) return lazy ? this.options.lazyTimeout : 0;
    const matching = this.channels.matching(tenant, channel);
    if (!lazy && !matching.some(({ settings }) => settings.lazy)) return 0;
    const settled = matching.findLast(({ settings }) => settings.lazyTimeout !== undefined);
    return settled?.settings.lazyTimeout ?? this.options.lazyTimeout;
  }
}
