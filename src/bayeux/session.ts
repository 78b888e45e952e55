import { ADVICE_NONE, type Advice, adviseHandshake, adviseRetry } from './advice.js';
import type { BayeuxOptions } from './bayeux-options.js';
import type { Delivery } from './delivery.js';
import { BayeuxErrors } from './errors.js';
import type { HeldConnects } from './held-connects.js';
import { type Incoming, replyTo } from './incoming.js';
import type { Reply } from './message.js';
import { type Batch, Outbox } from './outbox.js';
import type { Deadline, Link, MaybePromise, Principal, Receipt, Scheduler } from './ports.js';
import { Turnstile } from './turnstile.js';

/** What a session is, apart from its live parts: plain values that could be stored or sent to another node. */
export interface SessionState {
  readonly id: string;
  principal: Principal;
  /** Digest of the browser cookie the session was made with. */
  readonly browser: string | undefined;
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
}

/** How a session came to its end. */
export type SessionEnd = 'disconnect' | 'kick' | 'timeout' | 'token_expired' | 'overflow' | 'shutdown';

/** Milliseconds that a connect may be overdue before its client counts as gone. */
const PATIENCE = 5_000;

/** What a session needs of the server it belongs to. */
export interface SessionHost {
  readonly options: BayeuxOptions;
  readonly scheduler: Scheduler;
  readonly heldConnects: HeldConnects;
  /** Has `flush` called at the end of the turn. */
  flushLater(session: Session): void;
  /** The session has ended. */
  ended(session: Session, why: SessionEnd): void;
}

interface Hold {
  readonly link: Link;
  readonly message: Incoming;
  /** The browser whose held connects it is counted among. */
  readonly browser: string | undefined;
}

/**
 * One client. It outlives its connections: a link that lasts pushes at once; without one, messages wait for the held
 * connect or the next request. Its expiry is armed from the first moment to the last.
 */
export class Session {
  readonly outbox: Outbox;
  readonly #host: SessionHost;
  readonly #expiry: Deadline;
  readonly #holdEnd: Deadline;
  readonly #principalEnd: Deadline;
  readonly #turnstile = new Turnstile();
  #link: Link | undefined;
  #held: Hold | undefined;
  #broken = false;
  #deferrals = 0;
  #processing = 0;
  #processingSince = 0;
  #end: SessionEnd | undefined;

  constructor(
    host: SessionHost,
    readonly state: SessionState,
  ) {
    this.#host = host;
    this.outbox = new Outbox(host.options.queue);
    this.#expiry = host.scheduler.deadline(() => {
      this.#expire();
    });
    this.#holdEnd = host.scheduler.deadline(() => {
      this.answerHeld();
    });
    this.#principalEnd = host.scheduler.deadline(() => {
      this.end('token_expired');
    });
    this.#armExpiry(0);
    this.#armPrincipalEnd();
  }

  get id(): string {
    return this.state.id;
  }

  get principal(): Principal {
    return this.state.principal;
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
    if (this.#link || this.#held) return false;
    if (this.#broken) return true;
    const { scheduler, options } = this.#host;
    const due = (this.#expiry.due ?? 0) - options.maxInterval;
    return this.state.connected && scheduler.now() > due + PATIENCE;
  }

  /** Queues a message. Returns false if the session is gone, or goes because its queue is full. */
  deliver(delivery: Delivery): boolean {
    if (this.#end) return false;
    if (!this.outbox.add(delivery)) {
      // A burst within one turn is no slow reader: what waits may just not have had its turn yet.
      this.flush();
      if (!this.outbox.add(delivery)) {
        this.end('overflow');
        return false;
      }
    }
    if (this.#deferrals === 0) this.#host.flushLater(this);
    return true;
  }

  /** Sends what waits, if there is a way to. */
  flush(): void {
    if (this.#end || this.#deferrals > 0 || this.outbox.waiting === 0) return;
    if (this.#link && this.state.acknowledged === undefined) {
      if (!this.#link.congested) this.writeOn(this.#link, []);
    } else if (this.#held) {
      this.answerHeld();
    }
  }

  /** Writes replies, and ahead of them what waits. */
  writeOn(link: Link, replies: readonly Reply[]): void {
    if (this.state.acknowledged !== undefined) {
      this.#writeNumbered(link, replies, ++this.state.acknowledged);
      return;
    }
    if (this.outbox.waiting === 0) {
      if (replies.length > 0) link.write(replies);
      return;
    }
    const batch = this.outbox.take(link, link.once);
    const messages = replies.length === 0 ? batch.messages : [...batch.messages, ...replies];
    link.write(messages, new BatchReceipt(this, batch));
  }

  /** Answers a request. What waits goes along, unless another link pushes it. */
  reply(link: Link, replies: readonly Reply[]): void {
    const anyReply = this.state.acknowledged === undefined && link.connectOnly !== true;
    const carries = anyReply || replies.some(isConnectReply);
    if (carries && (link === this.#link || (link.once && !this.#link))) this.writeOn(link, replies);
    else if (replies.length > 0) link.write(replies);
  }

  /** Only what the client says tells what has arrived, so no receipt is asked for. */
  #writeNumbered(link: Link, replies: readonly Reply[], number: number): void {
    const messages = this.outbox.retain(number);
    const numbered = replies.map((reply) =>
      isConnectReply(reply) ? { ...reply, ext: { ...reply.ext, ack: number } } : reply,
    );
    link.write([...messages, ...numbered]);
  }

  /** What was handed to `link` has left, or has not. */
  settled(batch: Batch, link: object, flushed: boolean): void {
    if (flushed) this.outbox.sent(batch);
    else this.outbox.putBack(link);
    if (!this.#end && this.outbox.waiting > 0) this.#host.flushLater(this);
  }

  /** Keeps pushes back while a request is handled, so that they travel with its replies. */
  deferFlush(): void {
    this.#deferrals++;
  }

  /** Ends `deferFlush`. */
  resumeFlush(): void {
    this.#deferrals--;
    if (this.#deferrals === 0 && this.outbox.waiting > 0 && !this.#end) this.#host.flushLater(this);
  }

  /** A request of this session is being handled: it does not expire meanwhile, within `maxProcessing`. */
  beginProcessing(): void {
    this.#broken = false;
    if (this.#processing++ === 0) this.#processingSince = this.#host.scheduler.now();
  }

  endProcessing(): void {
    this.#processing--;
  }

  /** Any message but a connect: the client lives. It puts expiry off but does not suspend it. */
  touch(): void {
    const { scheduler, options } = this.#host;
    const alive = scheduler.now() + options.maxInterval;
    if (!this.#end && (this.#expiry.due ?? 0) < alive) this.#expiry.moveTo(alive);
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
    if (this.outbox.waiting > 0) this.#host.flushLater(this);
  }

  /** The session goes on over requests: the link that pushed so far is closed. */
  detach(): void {
    const former = this.#link;
    this.#link = undefined;
    if (former) this.#dismiss(former);
  }

  /** The peer of a link has gone. What it was given but did not take waits for the next one. */
  closed(link: Link): void {
    this.outbox.putBack(link);
    if (this.#link === link || this.#held?.link === link) this.#broken = true;
    if (this.#link === link) this.#link = undefined;
    if (this.#held?.link === link) {
      this.#dropHold();
      if (!this.#end) this.#armExpiry(0);
    }
  }

  /** Holds a connect for `timeout` milliseconds, counted among those of `browser` if there is one. */
  hold(link: Link, message: Incoming, timeout: number, browser?: string): void {
    this.#held = { link, message, browser };
    if (browser !== undefined) this.#host.heldConnects.add(browser);
    link.sessionId = this.id;
    this.#holdEnd.moveTo(this.#host.scheduler.now() + timeout);
    this.#armExpiry(timeout);
  }

  /** A newer connect has come: the older one gets no messages, and over HTTP no answer either. */
  supersedeHeld(): void {
    const held = this.#dropHold();
    if (!held) return;
    if (held.link.once) held.link.end('superseded');
    else held.link.write([this.connectReply(held.message)]);
  }

  /** Answers the held connect, if there is one, with what waits ahead of the reply. */
  answerHeld(reply: Partial<Reply> = {}, before: readonly Reply[] = []): void {
    const held = this.#dropHold();
    if (!held) return;
    this.writeOn(held.link, [...before, { ...this.connectReply(held.message), ...reply }]);
    if (!this.#end) this.#armExpiry(0);
  }

  /** The client's next connect is due `interval` after this; expiry counts from here. */
  connectAnswered(): void {
    this.#armExpiry(0);
  }

  /** The reply to a good connect. It always carries advice, which also takes back any earlier one. */
  connectReply(message: Incoming): Reply {
    const advice = adviseRetry(this.state.interval, this.#host.options.timeout);
    return replyTo(message, { successful: true, advice });
  }

  /** The same principal has presented a newer token. */
  renew(principal: Principal): void {
    if ((principal.expiresAt ?? 0) <= (this.state.principal.expiresAt ?? 0)) return;
    this.state.principal = principal;
    this.#armPrincipalEnd();
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

  /** Ends the session at the will of the server, and tells the client where there is a way to. */
  end(why: Exclude<SessionEnd, 'disconnect'>, spread = 0): void {
    if (this.#end) return;
    const link = this.#link;
    this.#close(why);
    switch (why) {
      case 'kick':
        this.#tell(link, ADVICE_NONE, [{ channel: '/meta/disconnect', successful: true }]);
        link?.stopped();
        break;
      case 'shutdown':
        this.#tell(link, adviseRetry(Math.round(spread), this.#host.options.timeout));
        link?.end('shutdown');
        break;
      case 'token_expired':
      case 'timeout': {
        const error = why === 'timeout' ? BayeuxErrors.sessionUnknown : BayeuxErrors.tokenExpired;
        this.answerHeld({ successful: false, error, advice: adviseHandshake(0) });
        break;
      }
      case 'overflow': {
        // That something is lost is known here, so the connection goes and the client starts anew.
        const held = this.#dropHold();
        if (held && held.link !== link) held.link.end('overflow');
        link?.end('overflow');
        break;
      }
    }
  }

  #tell(link: Link | undefined, advice: Advice, messages: readonly Reply[] = []): void {
    if (this.#held) this.answerHeld({ advice }, messages);
    else if (link) this.writeOn(link, messages);
  }

  #close(why: SessionEnd): void {
    this.#end = why;
    this.#expiry.cancel();
    this.#principalEnd.cancel();
    const link = this.#link;
    this.#link = undefined;
    if (link) this.#unbind(link);
    this.#host.ended(this, why);
  }

  #dismiss(former: Link): void {
    // Its batches come back now and not when it closes: what the next link writes must not overtake them.
    this.outbox.putBack(former);
    this.#unbind(former);
    if (this.#held?.link === former) this.supersedeHeld();
    former.end('superseded');
  }

  #unbind(link: Link): void {
    if (link.sessionId !== this.id) return;
    link.sessionId = undefined;
    link.bound(undefined);
  }

  #dropHold(): Hold | undefined {
    const held = this.#held;
    this.#held = undefined;
    this.#holdEnd.cancel();
    if (held?.browser !== undefined) this.#host.heldConnects.remove(held.browser);
    return held;
  }

  #armExpiry(hold: number): void {
    const { scheduler, options } = this.#host;
    this.#expiry.moveTo(scheduler.now() + hold + this.state.interval + options.maxInterval);
  }

  #armPrincipalEnd(): void {
    if (this.state.principal.expiresAt !== undefined)
      this.#principalEnd.moveTo(this.state.principal.expiresAt);
  }

  #expire(): void {
    const { scheduler, options } = this.#host;
    const limit = this.#processingSince + options.maxProcessing;
    if (this.#processing > 0 && scheduler.now() < limit) this.#expiry.moveTo(limit);
    else this.end('timeout');
  }
}

class BatchReceipt implements Receipt {
  constructor(
    readonly session: Session,
    readonly batch: Batch,
  ) {}

  settled(flushed: boolean): void {
    this.session.settled(this.batch, this.batch.owner, flushed);
  }
}

function isConnectReply(reply: Reply): boolean {
  return reply.channel === '/meta/connect';
}
