import { Delivery } from './delivery.js';
import { Listeners } from './listeners.js';
import { leaveUnheard } from './maybe-promise.js';
import type { Reply } from './message.js';
import { type Batch, Outbox } from './outbox.js';
import type { Deadline } from './ports.js';
import { isQueueVerdict, type QueuePolicy, type QueueVerdict } from './queue-policy.js';
import type { Session } from './session.js';
import type { SessionObserver } from './session-observer.js';
import type { SessionHost } from './session-state.js';

/** What became of a message. */
export type Posted = 'added' | 'dropped' | 'disconnect';

/**
 * What waits for one session, with what the application has to say about it: who is told, what happens when it is
 * full, and what may wait for company.
 */
export class Mailbox {
  /** Settled for this session alone; else the policy of the options holds. */
  policy: QueuePolicy | undefined;
  #observers: Listeners<SessionObserver> | undefined;
  readonly #session: Session;
  readonly #host: SessionHost;
  readonly #outbox: Outbox;
  /** Whether something waits that is not lazy, or has been so for long enough. */
  #due = false;
  #lazyEnd: Deadline | undefined;
  /** True from the first loss until the queue has been emptied. */
  #losing = false;
  #deciding = false;
  /** True while listeners hear of a loss. */
  #telling = false;
  /** True while listeners look at what leaves. */
  #leaving = false;

  constructor(session: Session, host: SessionHost) {
    this.#session = session;
    this.#host = host;
    this.#outbox = new Outbox(host.options.queue);
  }

  /** Whoever listens to the session, made at their first need. */
  get observers(): Listeners<SessionObserver> {
    return (this.#observers ??= new Listeners(this.#host.logger));
  }

  /** Whether anybody listens. */
  get observed(): boolean {
    return this.#observers !== undefined && this.#observers.size > 0;
  }

  /** Messages that no link has been given yet. */
  get waiting(): number {
    return this.#outbox.waiting;
  }

  /** Whether something waits that should leave now. */
  get due(): boolean {
    return this.#due && !this.#leaving && this.#outbox.waiting > 0;
  }

  /** What waits for company leaves with the next flush: its place is needed. */
  hurry(): void {
    this.#due = true;
  }

  /** Asks the observers whether a message is wanted. */
  wants(delivery: Delivery, sender: Session | undefined): boolean {
    return (
      !this.observed ||
      this.observers.agree('A listener to messages', (observer) => observer.message?.(delivery, sender))
    );
  }

  /** Adds a message that may wait for `lazyFor` milliseconds. Returns false if there is no room. */
  add(delivery: Delivery, lazyFor: number): boolean {
    if (!this.#outbox.add(delivery)) return false;
    // Lazy messages leave before they take the place of others.
    if (lazyFor <= 0 || this.#outbox.crowded) this.#due = true;
    else if (!this.#due) this.#wait(lazyFor);
    if (this.observed) {
      this.observers.tell('A listener to the queue', (observer) => observer.queued?.(delivery));
    }
    return true;
  }

  /** Adds a message for which there is no room, in the way that the policy says. */
  force(delivery: Delivery, lazyFor: number): Posted {
    const verdict = this.#decide(delivery);
    if (verdict === 'disconnect') return verdict;
    // The policy itself may have ended it.
    if (this.#session.endedBy) return 'dropped';
    if (typeof verdict !== 'string') return this.#rearrange(verdict, delivery);
    if (verdict === 'drop-newest' || delivery.bytes > this.#outbox.limits.maxBytes) {
      this.#lose(delivery);
      return 'dropped';
    }
    const lost: Delivery[] = [];
    // What is on its way cannot be dropped any more.
    let added: boolean;
    while (!(added = this.add(delivery, lazyFor))) {
      const oldest = this.#outbox.dropOldest();
      lost.push(oldest ?? delivery);
      if (!oldest) break;
    }
    // Told afterwards: the room that was made is not for what listeners send.
    for (const each of lost) this.#lose(each);
    return added ? 'added' : 'dropped';
  }

  /** Takes all that waits for `owner`, which leaves with `replies`. */
  take(owner: object, counted: boolean, replies: readonly Reply[]): Batch {
    this.#leave(replies);
    return this.#outbox.take(owner, counted, this.#session);
  }

  /** Takes all that waits, to be kept under `number` until it is acknowledged. */
  retain(number: number, replies: readonly Reply[]): readonly Delivery[] {
    this.#leave(replies);
    return this.#outbox.retain(number);
  }

  /** What waits and is `unwanted` never leaves. */
  withdraw(unwanted: (delivery: Delivery) => boolean): void {
    const { messages } = this.#outbox;
    const wanted = messages.filter((delivery) => !unwanted(delivery));
    if (wanted.length < messages.length) this.#outbox.replace(wanted);
  }

  acknowledge(number: number): void {
    this.#giveBack(() => {
      this.#outbox.acknowledge(number);
    });
  }

  sent(batch: Batch): void {
    this.#outbox.sent(batch);
  }

  putBack(owner: object): void {
    this.#giveBack(() => {
      this.#outbox.putBack(owner);
    });
  }

  /** What waits, or comes back, is for nobody any more. */
  discard(): void {
    this.#outbox.replace([]);
  }

  /** Nothing is waited for any more. */
  close(): void {
    this.#lazyEnd?.cancel();
  }

  #wait(milliseconds: number): void {
    this.#lazyEnd ??= this.#host.scheduler.deadline(() => {
      this.#due = true;
      this.#session.flush();
    });
    const end = this.#host.scheduler.now() + milliseconds;
    // It is armed anew after every departure: the next lazy message has its own time to wait.
    if (end < (this.#lazyEnd.due ?? Infinity)) this.#lazyEnd.moveTo(end);
  }

  #leave(replies: readonly Reply[]): void {
    if (this.observed && !this.#leaving && this.observers.has('dequeue')) this.#ask(replies);
    this.#due = false;
    this.#losing = false;
    this.#lazyEnd?.cancel();
  }

  #ask(replies: readonly Reply[]): void {
    const waiting = this.#outbox.messages;
    const messages: readonly Delivery[] = [...waiting];
    this.#leaving = true;
    const leaving = this.observers.change('A listener to departures', messages, (observer, current) =>
      observer.dequeue?.(current, replies),
    );
    this.#leaving = false;
    // Listeners may send something themselves, which leaves behind the rest.
    // If they have ended the session, all of it has left already.
    if (leaving !== messages && this.#outbox.messages === waiting)
      this.#outbox.replace([...this.#stamped(leaving), ...this.#outbox.messages.slice(messages.length)]);
  }

  /** What comes back has waited once already. */
  #giveBack(giveBack: () => void): void {
    const { waiting } = this.#outbox;
    giveBack();
    if (this.#outbox.waiting > waiting) this.#due = true;
  }

  #decide(message: Delivery): QueueVerdict | readonly Delivery[] {
    const policy = this.policy ?? this.#host.options.queuePolicy;
    // A policy that sends something to the full queue must not be asked about that in turn.
    if (this.#deciding || this.#telling || this.#leaving) return 'drop-newest';
    if (typeof policy === 'string') return policy;
    this.#deciding = true;
    try {
      const verdict: unknown = policy({
        session: this.#session,
        message,
        waiting: [...this.#outbox.messages],
      });
      if (isQueueVerdict(verdict)) return verdict;
      if (Array.isArray(verdict)) return verdict as readonly Delivery[];
      leaveUnheard(verdict);
      throw new TypeError(
        'A policy answers drop-oldest, drop-newest, disconnect or a list of messages, at once.',
      );
    } catch (error) {
      this.#host.logger.error('The policy of a full queue failed, so its session is ended.', error);
      return 'disconnect';
    } finally {
      this.#deciding = false;
    }
  }

  #rearrange(wanted: readonly Delivery[], delivery: Delivery): Posted {
    const before = this.#outbox.messages;
    this.#outbox.replace(this.#stamped(wanted));
    for (const former of before) if (!wanted.includes(former)) this.#lose(former);
    if (!wanted.includes(delivery)) this.#lose(delivery);
    while (this.#outbox.overfull) {
      const oldest = this.#outbox.dropOldest();
      if (!oldest) break;
      this.#lose(oldest);
    }
    this.#due = true;
    return this.#outbox.messages.includes(delivery) ? 'added' : 'dropped';
  }

  /** Messages that listeners or a policy have made are as new as they look. */
  #stamped(messages: readonly Delivery[]): readonly Delivery[] {
    const timestamp = this.#host.timestamp();
    if (timestamp === undefined) return messages;
    return messages.map((message) =>
      message.timestamp === undefined
        ? new Delivery(message.channel, message.data, { ext: message.ext, lazy: message.lazy, timestamp })
        : message,
    );
  }

  #lose(delivery: Delivery): void {
    if (this.observed && !this.#telling) {
      this.#telling = true;
      this.observers.tell('A listener to losses', (observer) => observer.dropped?.(delivery));
      this.#telling = false;
    }
    if (this.#losing) return;
    this.#losing = true;
    this.#host.logger.warn(
      'Messages of a session are dropped because its queue is full. Its client does not read as fast as messages ' +
        'come: send less, raise the limits of the queue, or let the client fetch what it missed.',
    );
  }
}
