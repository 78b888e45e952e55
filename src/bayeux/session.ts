import { ADVICE_NONE, type Advice, adviseHandshake, adviseRetry } from './advice.js';
import type { SessionTimes } from './bayeux-options.js';
import { CredentialLife } from './credential-life.js';
import type { Composed, Delivery } from './delivery.js';
import { unknownSession } from './dialect.js';
import { BayeuxErrors } from './errors.js';
import { type Extension, Extensions } from './extension.js';
import { HeldConnect } from './held-connect.js';
import { type Incoming, replyTo } from './incoming.js';
import { Lifetime } from './lifetime.js';
import { Mailbox } from './mailbox.js';
import { afterwards } from './maybe-promise.js';
import { isConnectReply, type Reply } from './message.js';
import { SaidReceipt } from './receipts.js';
import type { Batch } from './outbox.js';
import type { Entrance, Link, MaybePromise, Outbound, Principal } from './ports.js';
import type { SessionObserver } from './session-observer.js';
import type { TokenBucket } from './rate-limit.js';
import {
  type SessionEnd,
  type SessionHost,
  type SessionSettings,
  type SessionState,
  timeOf,
} from './session-state.js';
import { Turnstile } from './turnstile.js';

/**
 * One client. It outlives its connections: a link that lasts pushes at once; without one, messages wait for the held
 * connect or the next request. Its expiry is armed from the first moment to the last.
 */
export class Session {
  readonly mailbox: Mailbox;
  /** Its token, if it has one. */
  readonly credential: CredentialLife | undefined;
  /** Whether listeners know of it: of one whose handshake is refused they never hear. */
  announced = false;
  /** What this session alone is extended by. */
  extensions: Extensions | undefined;
  /** What it may still send. */
  meter: TokenBucket | undefined;
  /** Where requests wait while the messages of an earlier one are being taken in; none before there was a long one. */
  entrance: Entrance | undefined;
  readonly #host: SessionHost;
  readonly #lifetime: Lifetime;
  readonly #held: HeldConnect;
  readonly #turnstile = new Turnstile();
  #link: Link | undefined;
  /** The poll whose reply took messages that it has not sent yet. */
  #replying: Link | undefined;
  #broken = false;
  #deferrals = 0;
  #attributes: Map<string, unknown> | undefined;
  #end: SessionEnd | undefined;

  constructor(
    host: SessionHost,
    readonly state: SessionState,
    /** The transport it is on. */
    public transport: string,
  ) {
    this.#host = host;
    this.mailbox = new Mailbox(this, host);
    this.#lifetime = new Lifetime(this, host);
    this.#held = new HeldConnect(this, host);
    this.#lifetime.arm(0);
    this.credential = CredentialLife.of(this, host);
  }

  get id(): string {
    return this.state.id;
  }

  get principal(): Principal {
    return this.state.principal;
  }

  /** Its rhythm, on the transport it is on. */
  get times(): SessionTimes {
    return {
      timeout: this.time('timeout'),
      interval: this.time('interval'),
      maxInterval: this.time('maxInterval'),
    };
  }

  /** One of its times. */
  time(name: keyof SessionTimes): number {
    return timeOf(name, this.#host.options, this.state.own, this.transport);
  }

  /** Settles something for this session alone; what is `undefined` is as the options say again. */
  settle(settings: SessionSettings): void {
    this.state.own = { ...this.state.own, ...settings };
  }

  /** What the application keeps with the session. */
  get attributes(): Map<string, unknown> {
    return (this.#attributes ??= new Map());
  }

  /** Whether messages go with connect replies only. */
  get connectOnly(): boolean {
    const { acknowledged, own, local } = this.state;
    if (local) return false;
    return (
      acknowledged !== undefined || (own.metaConnectDeliverOnly ?? this.#host.options.metaConnectDeliverOnly)
    );
  }

  /** Nothing leaves at present, for the sake of its token. */
  get silent(): boolean {
    return this.credential?.silent === true;
  }

  /** Whether it is over. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** How the session ended, or `undefined` while it lives. */
  get endedBy(): SessionEnd | undefined {
    return this.#end;
  }

  /**
   * True if the client seems to have gone without a word: its connection broke, or its next connect is overdue. A client
   * that polls is not there between two polls, and yet lives.
   */
  get abandoned(): boolean {
    if (this.#link || this.#held.link) return false;
    if (this.#broken) return true;
    return this.state.connected && this.#lifetime.overdue;
  }

  /**
   * Queues a message, which may wait for `lazyFor` milliseconds for others to go along with. Returns false if it is not
   * wanted, if there is no room for it, or if the session is gone.
   */
  deliver(delivery: Delivery, sender?: Session, lazyFor = 0): boolean {
    if (this.#end) return false;
    const message = this.extensions ? this.extensions.delivery(delivery, sender, this) : delivery;
    if (!message || !this.mailbox.wants(message, sender) || this.endedBy) return false;
    // Nobody waits for company on a connection that is a function call.
    const wait = this.state.local ? 0 : lazyFor;
    if (!this.mailbox.add(message, wait)) {
      // A burst within one turn is no slow reader: what waits may just not have had its turn yet.
      this.mailbox.hurry();
      this.flush();
      if (this.ended) return false;
      const posted = this.mailbox.add(message, wait) ? 'added' : this.mailbox.force(message, wait);
      if (posted === 'disconnect') this.end('overflow');
      if (posted !== 'added') return false;
    }
    if (this.#host.options.activityMode === 'client-server') this.#lifetime.active();
    if (this.state.local) this.flush();
    else if (this.#deferrals === 0 && this.mailbox.due) this.#host.flushLater(this);
    return true;
  }

  /** Queues a message of the server for this session alone. Throws TypeError if JSON cannot express it. */
  send(message: Composed): boolean {
    const delivery = this.#host.compose(message, this);
    if (!delivery) return false;
    return this.deliver(delivery, undefined, this.#host.lazyFor(this.principal.tenant, delivery));
  }

  /** Extends this session alone. @returns what ends that. */
  extend(extension: Extension): () => void {
    return (this.extensions ??= new Extensions(this.#host.logger)).add(extension);
  }

  /** Runs `task`, and lets what is delivered meanwhile leave together when it is through. */
  batch<T>(task: () => MaybePromise<T>): MaybePromise<T> {
    this.deferFlush();
    return afterwards(task, () => {
      this.resumeFlush();
    });
  }

  /** Sends what waits, if it is due and there is a way to. */
  flush(): void {
    if (this.#end || this.#deferrals > 0 || !this.mailbox.due || this.silent) return;
    if (this.#link && !this.connectOnly) {
      if (!this.#link.congested) this.writeOn(this.#link, []);
    } else if (this.#held.link) {
      this.answerHeld();
    }
  }

  /** Writes replies, and ahead of them what waits. */
  writeOn(link: Link, replies: readonly Reply[]): void {
    if (this.silent || (this.mailbox.waiting === 0 && this.state.acknowledged === undefined)) {
      this.#say(link, replies);
      return;
    }
    if (this.state.acknowledged !== undefined) {
      this.#writeNumbered(link, replies, ++this.state.acknowledged);
      return;
    }
    const batch = this.mailbox.take(link, link.once, replies);
    if (link.once && replies.some(isConnectReply)) this.#replying = link;
    const last = replies.length === 0 ? replies : this.#host.complete(replies, this);
    const messages = last.length === 0 ? batch.messages : (batch.messages as Outbound[]).concat(last);
    link.write(messages, batch);
  }

  #say(link: Link, replies: readonly Reply[]): void {
    if (replies.length === 0) return;
    const said = this.#host.complete(replies, this);
    // A response must come, even where extensions have kept back all that it would say.
    if (said.length > 0 || link.once) link.write(said, link.once ? undefined : new SaidReceipt(this));
  }

  /** What was kept back while the replies of a lasting link were in its way leaves when they have. */
  said(): void {
    if (!this.#end && this.mailbox.due) this.#host.flushLater(this);
  }

  /** Answers a request. What waits goes along, unless another link pushes it. */
  reply(link: Link, replies: readonly Reply[]): void {
    if (replies.length === 0 && !this.mailbox.due) return;
    const anyReply = !this.connectOnly && link.connectOnly !== true;
    const carries = anyReply || replies.some(isConnectReply);
    if (carries && (link === this.#link || (link.once && !this.#link))) this.writeOn(link, replies);
    else this.#say(link, replies);
  }

  /** Only what the client says tells what has arrived, so no receipt is asked for. */
  #writeNumbered(link: Link, replies: readonly Reply[], number: number): void {
    const messages = this.mailbox.retain(number, replies);
    const numbered = replies.map((reply) =>
      isConnectReply(reply) ? { ...reply, ext: { ...reply.ext, ack: number } } : reply,
    );
    link.write([...messages, ...this.#host.complete(numbered, this)]);
  }

  /** What was handed to a link has left, or has not. */
  settled(batch: Batch, flushed: boolean): void {
    if (flushed) this.mailbox.sent(batch);
    else this.mailbox.putBack(batch.owner);
    if (this.#replying === batch.owner) this.#replying = undefined;
    if (!this.#end && this.mailbox.due) this.#host.flushLater(this);
  }

  /** Keeps pushes back while a request is handled, so that they travel with its replies. */
  deferFlush(): void {
    this.#deferrals++;
  }

  /** Ends `deferFlush`. */
  resumeFlush(): void {
    this.#deferrals--;
    if (this.#deferrals > 0 || !this.mailbox.due || this.#end) return;
    if (this.state.local) this.flush();
    else this.#host.flushLater(this);
  }

  /** A request of this session is being handled: it does not expire meanwhile, within `maxProcessing`. */
  beginProcessing(): void {
    this.#broken = false;
    this.#lifetime.beginProcessing();
  }

  endProcessing(): void {
    this.#lifetime.endProcessing();
  }

  /** A promise while requests of it are being handled, which resolves when the last one is answered. */
  idle(): PromiseLike<void> | undefined {
    return this.#lifetime.idle();
  }

  /** Any message but a connect: the client lives. It puts expiry off but does not suspend it. */
  touch(): void {
    this.#lifetime.touch();
  }

  /** The client lives, and has said nothing else: that is no activity. */
  heard(): void {
    this.#lifetime.heard();
  }

  /** True if too long nothing has happened but connects. */
  get inactive(): boolean {
    return this.#lifetime.inactive;
  }

  /** Runs `task` after the earlier ordered messages of this session; at once if there are none under way. */
  inOrder<T>(task: () => MaybePromise<T>): MaybePromise<T> {
    return this.#turnstile.pass(task);
  }

  /** A link that lasts speaks for the session from now on; the one before is closed. */
  attach(link: Link): void {
    const former = this.#link;
    if (former === link) return;
    this.#link = link;
    if (former) this.#dismiss(former);
    if (this.mailbox.due) this.#host.flushLater(this);
  }

  /** The session goes on over requests: the link that pushed so far is closed. */
  detach(): void {
    const former = this.#link;
    this.#link = undefined;
    if (former) this.#dismiss(former);
  }

  /** The peer of a link has gone. What it was given but did not take waits for the next one. */
  closed(link: Link): void {
    this.mailbox.putBack(link);
    const held = this.#held.link === link;
    if (this.#link === link || held) this.#broken = true;
    if (this.#link === link) this.#link = undefined;
    if (held) {
      this.#held.release(false);
      if (!this.#end) this.#lifetime.arm(0);
    }
  }

  /** Holds a connect for `timeout` milliseconds, counted among those of `browser` if there is one. */
  hold(link: Link, message: Incoming, timeout: number, browser?: string): void {
    link.sessionId = this.id;
    this.#lifetime.arm(timeout);
    this.#held.begin(link, message, timeout, browser);
  }

  /**
   * A newer connect has come: the older one gets no messages, and over HTTP no answer either. One that is being answered
   * still is cut off, and its messages come first in the next answer: a client that asks again has given it up, unless it
   * asks on the same connection, where answers cannot overtake each other.
   */
  supersedeHeld(next?: Link): void {
    const replying = this.#replying;
    if (replying && (replying.connection === undefined || replying.connection !== next?.connection)) {
      this.#replying = undefined;
      this.mailbox.putBack(replying);
      replying.end('superseded');
    }
    const { link, message } = this.#held;
    if (!link || !message) return;
    this.#held.release(false);
    if (link.once) link.end('superseded');
    else this.#say(link, [this.connectReply(message)]);
  }

  /** Answers the held connect, if there is one, with what waits ahead of the reply. */
  answerHeld(reply?: Partial<Reply>, before: readonly Reply[] = [], timedOut = false): void {
    const { link, message } = this.#held;
    if (!link || !message) return;
    this.#held.release(timedOut);
    const usual = this.connectReply(message);
    const answer = reply ? { ...usual, ...reply } : usual;
    this.writeOn(link, before.length === 0 ? [answer] : [...before, answer]);
    if (!this.#end) this.#lifetime.arm(0);
  }

  /** The client's next connect is due `interval` after this; expiry counts from here. */
  connectAnswered(): void {
    this.#lifetime.arm(0);
  }

  /** The reply to a connect. It always carries advice, which also takes back any earlier one. */
  connectReply(message: Incoming): Reply {
    if (this.credential?.suspended) return this.credential.refusal(message);
    return replyTo(message, { successful: true, advice: this.advice() });
  }

  /** What the client is to do while all is well. */
  advice(): Advice {
    const advice = adviseRetry(this.state.interval, this.time('timeout'));
    if (!this.#host.options.handshakeReconnect) return advice;
    return { ...advice, maxInterval: this.time('maxInterval') };
  }

  /** Only another connection brings a newer token, as its client presents none in messages. */
  get tokenOfConnection(): boolean {
    return this.#link?.bearsToken === true && this.state.refreshes !== true;
  }

  /** Nothing leaves any more, and silence does not count, until a newer token has come. */
  suspend(): void {
    const link = this.tokenOfConnection ? this.#link : undefined;
    this.#lifetime.pause();
    this.answerHeld();
    link?.end('expired');
  }

  /** Ends the session at the will of the client; returns what answers the held connect, to be called afterwards. */
  endByClient(): () => void {
    const link = this.#link;
    this.#close('disconnect');
    return () => {
      this.answerHeld({ advice: ADVICE_NONE });
      link?.stopped();
    };
  }

  /**
   * Ends the session at the will of the server, and tells the client where there is a way to. That happens outside the
   * context of the caller: one whose message is too much for a queue has nothing to do with the session it ends.
   */
  end(why: Exclude<SessionEnd, 'disconnect'>, spread = 0): void {
    if (this.#end) return;
    this.#host.scheduler.outside(() => {
      this.#endBy(why, spread);
    });
  }

  #endBy(why: Exclude<SessionEnd, 'disconnect'>, spread: number): void {
    const link = this.#link;
    const { tokenOfConnection } = this;
    this.#close(why);
    switch (why) {
      case 'inactive':
        // It was told with the reply to its connect; another one may be held still.
        this.answerHeld({ advice: ADVICE_NONE });
        link?.stopped();
        break;
      case 'kick':
        this.#tell(link, ADVICE_NONE, [KICK]);
        link?.stopped();
        break;
      case 'revoked':
        // What waits may no longer be seen.
        this.mailbox.discard();
        if (this.#held.link) this.answerHeld(REVOKED);
        else if (link) this.writeOn(link, [{ ...KICK, ...REVOKED }]);
        link?.stopped('revoked');
        break;
      case 'shutdown':
        this.#tell(link, adviseRetry(Math.round(spread), this.time('timeout')));
        link?.end('shutdown');
        break;
      case 'token_expired':
      case 'max_age':
      case 'timeout': {
        const unknown = unknownSession(this.#held.message?.dialect);
        const error = why === 'token_expired' ? BayeuxErrors.tokenExpired : unknown;
        this.answerHeld({ successful: false, error, advice: adviseHandshake(Math.round(spread)) });
        if (why === 'token_expired' && tokenOfConnection) link?.end('expired');
        break;
      }
      case 'overflow': {
        // That something is lost is known here, so the connection goes and the client starts anew.
        const held = this.#held.link;
        this.#held.release(false);
        if (held && held !== link) held.end('overflow');
        link?.end('overflow');
        break;
      }
    }
  }

  #tell(link: Link | undefined, advice: Advice, messages: readonly Reply[] = []): void {
    if (this.#held.link) this.answerHeld({ advice }, messages);
    else if (link) this.writeOn(link, messages);
  }

  #close(why: SessionEnd): void {
    this.#end = why;
    this.#lifetime.end();
    this.credential?.end();
    this.mailbox.close();
    this.#held.close();
    const link = this.#link;
    this.#link = undefined;
    if (link) this.#unbind(link);
    this.#host.ended(this, why);
    this.observe((observer) => observer.removed?.(why));
  }

  /** Tells whoever listens to the session. */
  observe(tell: (observer: SessionObserver) => void): void {
    if (this.mailbox.observed) this.mailbox.observers.tell('A listener to a session', tell);
  }

  #dismiss(former: Link): void {
    // Its batches come back now and not when it closes: what the next link writes must not overtake them.
    this.mailbox.putBack(former);
    this.#unbind(former);
    if (this.#held.link === former) this.supersedeHeld();
    former.end('superseded');
  }

  #unbind(link: Link): void {
    if (link.sessionId !== this.id) return;
    link.sessionId = undefined;
    link.bound(undefined);
  }
}

/** Tells a client that its session was ended. It answers nothing, so it has no id. */
export const KICK: Reply = Object.freeze({ channel: '/meta/disconnect', successful: true });

/** Its principal is no longer welcome, and need not come back. */
const REVOKED = Object.freeze({
  successful: false,
  error: BayeuxErrors.sessionRevoked,
  advice: ADVICE_NONE,
});
