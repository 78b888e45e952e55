import type { Advice } from './advice.js';
import { isThenable } from './maybe-promise.js';
import type { Reply } from './message.js';
import type { Link, Logger, MaybePromise, Outbound, Receipt, RequestContext } from './ports.js';
import type { Session } from './session.js';
import type { Turns } from './turns.js';

/** The replies to one message. Empty while a connect is held: the session answers that itself. */
export type Replies = readonly Reply[];

const NONE: Replies = [];

/** What a new session is given with the reply to its handshake. */
export interface Greeting {
  readonly session: Session;
  readonly messages: readonly Outbound[];
  readonly receipt?: Receipt;
}

/** What an exchange needs of the server. */
export interface ExchangeHost {
  readonly turns: Turns;
  readonly logger: Logger;
  /** Those that wait for handlers of the application. */
  readonly underWay: Set<Exchange>;
  /** What extensions make of the replies. */
  complete(replies: Replies, session: Session | undefined): Replies;
}

/** So many messages are handled at once, also while others wait their turn. */
const FEW = 10;

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
  /** Settles when the last message is taken in, where that takes several slices. */
  taken: PromiseLike<void> | undefined;
  /** Messages that were refused for being too many. */
  refused = 0;
  readonly #slots: (Replies | undefined)[];
  #afterwards: (() => void)[] | undefined;
  #done: PromiseLike<void>[] | undefined;
  #taken = 0;
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
    private readonly host: ExchangeHost,
  ) {
    this.#slots = new Array<Replies | undefined>(size);
  }

  /** Resolves when what waits for handlers of the application is answered. */
  get settled(): Promise<unknown> {
    return Promise.all(this.#done ?? []);
  }

  /**
   * Handles the messages one by one; resolves when all are answered or held. Many are taken in slices, between which
   * others have their turn, and later requests of the session wait until the last one is taken.
   */
  run(handle: (index: number) => MaybePromise<Replies>): MaybePromise<void> {
    this.session?.beginProcessing();
    const waits = this.size > FEW && this.host.turns.busy;
    return !waits && this.#take(handle) ? this.#entered() : this.#takeLater(handle);
  }

  /** Takes a slice of the messages. @returns whether these were the last ones. */
  #take(handle: (index: number) => MaybePromise<Replies>): boolean {
    this.defer();
    const slice = this.size > 1 ? this.host.turns.slice() : undefined;
    while (this.#taken < this.size) {
      const index = this.#taken++;
      const replies = handle(index);
      if (isThenable(replies)) (this.#done ??= []).push(this.#await(index, replies));
      else this.#slots[index] = replies;
      if (slice?.spend() && this.#taken < this.size) return false;
    }
    return true;
  }

  #takeLater(handle: (index: number) => MaybePromise<Replies>): Promise<void> {
    const { turns, logger } = this.host;
    return new Promise((resolve) => {
      this.taken = new Promise((taken) => {
        const over = (rest: MaybePromise<void>): void => {
          taken();
          resolve(rest);
        };
        const step = (): void => {
          try {
            if (this.#take(handle)) {
              over(this.#entered());
              return;
            }
            this.#between();
            turns.next(step);
          } catch (error) {
            logger.error('A request could not be handled to its end.', error);
            this.#release();
            this.session?.endProcessing();
            this.link.end('unavailable');
            over(undefined);
          }
        };
        this.#between();
        turns.next(step);
      });
    });
  }

  /** Others have their turn; what is ready leaves, so that it does not pile up. */
  #between(): void {
    if (!this.link.once) this.#write();
    this.#release();
  }

  #entered(): MaybePromise<void> {
    if (this.#pending === 0) {
      this.#complete();
      return;
    }
    this.host.underWay.add(this);
    // Pushes need not wait for code of the application, which may take its time.
    this.#release();
    if (!this.link.once) this.#write();
    return Promise.all(this.#done ?? []).then(() => undefined);
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
      if (--this.#pending === 0 && this.#taken === this.size) {
        this.#complete();
        return;
      }
      // Those behind it may take their time.
      if (!this.link.once) this.#write();
      this.#release();
    });
  }

  #complete(): void {
    if (this.#done) this.host.underWay.delete(this);
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
    const first = this.#next;
    while (this.#next < this.size && this.#slots[this.#next]) this.#next++;
    if (this.#next === first) return NONE;
    if (this.#next === first + 1) return this.#slots[first] as Replies;
    return (this.#slots.slice(first, this.#next) as Replies[]).flat();
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
