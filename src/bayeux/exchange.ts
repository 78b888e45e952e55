import type { Advice } from './advice.js';
import { isThenable } from './maybe-promise.js';
import type { Reply } from './message.js';
import type { Link, MaybePromise, Outbound, Receipt, RequestContext } from './ports.js';
import type { Session } from './session.js';

/** The replies to one message. Empty while a connect is held: the session answers that itself. */
export type Replies = readonly Reply[];

const NONE: Replies = [];

/** What a new session is given with the reply to its handshake. */
export interface Greeting {
  readonly session: Session;
  readonly messages: readonly Outbound[];
  readonly receipt?: Receipt;
}

/**
 * One request or frame on its way through the server. It collects the replies in the order of the request and writes
 * them together with what waits for the session, messages first. On a link that lasts, what is ready does not wait
 * for a slow handler behind it.
 */
export class Exchange {
  /** Whether it has brought a newer token for its session. */
  renewed = false;
  /** What a connect shall do whose token is refused, if it is known for which session it was. */
  advice: Advice | undefined;
  /** Channel names in its subscribe and unsubscribe messages so far. */
  names = 0;
  readonly #slots: (Replies | undefined)[];
  #afterwards: (() => void)[] | undefined;
  #pending = 0;
  #next = 0;
  #deferred = false;
  #abandoned = false;
  #greeting: Greeting | undefined;

  constructor(
    readonly link: Link,
    readonly context: RequestContext,
    /** Messages in the request. */
    readonly size: number,
    /** The session all messages must belong to. */
    readonly session: Session | undefined,
    /** What extensions make of the replies. */
    private readonly host: { complete(replies: Replies, session: Session | undefined): Replies },
  ) {
    this.#slots = new Array<Replies | undefined>(size);
  }

  /** Handles the messages one by one; resolves when all are answered or held. */
  run(handle: (index: number) => MaybePromise<Replies>): MaybePromise<void> {
    this.session?.beginProcessing();
    this.defer();
    let done: PromiseLike<void>[] | undefined;
    for (let index = 0; index < this.size; index++) {
      const replies = handle(index);
      if (isThenable(replies)) (done ??= []).push(this.#await(index, replies));
      else this.#slots[index] = replies;
    }
    if (!done) {
      this.#complete();
      return;
    }
    // Pushes need not wait for code of the application, which may take its time.
    this.#release();
    if (!this.link.once) this.#write();
    return Promise.all(done).then(() => undefined);
  }

  /** What the next steps deliver to the session itself leaves with its replies. */
  defer(): void {
    if (this.#deferred) return;
    this.#deferred = true;
    this.session?.deferFlush();
  }

  /** A handshake has succeeded: `greeting` goes with its reply. */
  greet(greeting: Greeting): void {
    this.#greeting = greeting;
  }

  /** Runs `task` when the replies have been written. */
  afterwards(task: () => void): void {
    (this.#afterwards ??= []).push(task);
  }

  /** The transport has answered in its own way: there is nothing to write any more. */
  abandon(): void {
    this.#abandoned = true;
  }

  #await(index: number, replies: PromiseLike<Replies>): PromiseLike<void> {
    this.#pending++;
    return replies.then((settled) => {
      this.#slots[index] = settled;
      if (--this.#pending === 0) {
        this.#complete();
        return;
      }
      // Those behind it may take their time.
      if (!this.link.once) this.#write();
      this.#release();
    });
  }

  #complete(): void {
    this.#write();
    this.#release();
    this.session?.endProcessing();
    if (this.#afterwards) for (const task of this.#afterwards) task();
  }

  #write(): void {
    const ready = this.#ready();
    if (this.#abandoned || (ready.length === 0 && this.link.once)) return;
    if (this.session) this.session.reply(this.link, ready);
    else if (ready.length > 0) this.#writeAlone(ready);
  }

  /** The replies that are there, up to the first that is not. */
  #ready(): Replies {
    let ready: Replies = NONE;
    for (; this.#next < this.size; this.#next++) {
      const slot = this.#slots[this.#next];
      if (!slot) break;
      ready = ready.length === 0 ? slot : [...ready, ...slot];
    }
    return ready;
  }

  /** There is no session whose messages could go along, but for one that has just begun. */
  #writeAlone(replies: Replies): void {
    const { session, messages = [], receipt } = this.#greeting ?? {};
    this.#greeting = undefined;
    const said = this.host.complete(replies, session);
    if (said.length + messages.length > 0 || this.link.once) this.link.write([...said, ...messages], receipt);
  }

  #release(): void {
    if (!this.#deferred) return;
    this.#deferred = false;
    this.session?.resumeFlush();
  }
}
