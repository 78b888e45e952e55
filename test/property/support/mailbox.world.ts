import { Delivery } from '../../../src/bayeux/delivery.js';
import type { Link, LinkEnd, Outbound, Receipt } from '../../../src/bayeux/ports.js';
import type { QueueVerdict } from '../../../src/bayeux/queue-policy.js';
import type { Session } from '../../../src/bayeux/session.js';
import { connect, type Harness, harness, user } from '../../bayeux/support/core.harness.js';

/** Something that happens to a session and its connections. */
export type MailAction =
  | { readonly kind: 'deliver'; readonly count: number; readonly size: number; readonly lazyFor: number }
  /** A client comes: with a socket, or with a connect of which it sees the answer or not. */
  | { readonly kind: 'connect'; readonly held: boolean; readonly sees: boolean }
  | { readonly kind: 'arrive' }
  | { readonly kind: 'break' }
  | { readonly kind: 'congest' }
  | { readonly kind: 'advance'; readonly milliseconds: number }
  | { readonly kind: 'turn' };

/** A message as the model knows it. */
interface Letter {
  readonly number: number;
  readonly bytes: number;
  /** When it has waited for others for long enough. */
  dueAt: number;
}

interface Flight {
  readonly link: Wire;
  readonly letters: Letter[];
  readonly receipt: Receipt | undefined;
}

/** Little enough that most runs reach it. */
export const LIMITS = { maxMessages: 4, maxBytes: 700 };

/** No session expires while a run lasts. */
const FOR_EVER = 1_000_000_000;

/** A connection that tells the world what is written on it. */
class Wire implements Link {
  readonly transport = 'wire';
  sessionId: string | undefined;
  congested = false;
  closed = false;

  constructor(
    readonly once: boolean,
    /** Whether the client reads what comes. */
    readonly sees: boolean,
    private readonly world: MailboxWorld,
  ) {}

  bound(): void {
    // Nothing here depends on it.
  }

  write(messages: readonly Outbound[], receipt?: Receipt): void {
    this.world.written(this, messages, receipt);
  }

  stopped(): void {
    this.closed = true;
  }

  end(why: LinkEnd): void {
    this.closed = true;
    this.world.ended(this, why);
  }
}

/**
 * One session, what waits for it, and a model of that: plain lists of what waits, is on the way, is kept until it is
 * acknowledged, was read and was dropped.
 */
export class MailboxWorld {
  readonly #core: Harness;
  readonly #session: Session;
  readonly #policy: QueueVerdict;
  readonly #acknowledges: boolean;
  #waiting: Letter[] = [];
  #flying: Flight[] = [];
  #kept: { readonly number: number; readonly letters: Letter[] }[] = [];
  readonly #accepted: number[] = [];
  readonly #read: number[] = [];
  readonly #dropped: number[] = [];
  readonly #expectedDrops: number[] = [];
  #link: Wire | undefined;
  #seen = 0;
  #numbers = 0;

  constructor(policy: QueueVerdict, acknowledges: boolean) {
    this.#policy = policy;
    this.#acknowledges = acknowledges;
    this.#core = harness({
      options: { queue: LIMITS, queuePolicy: policy, maxInterval: FOR_EVER, timeout: 20_000 },
    });
    const { server, request } = this.#core;
    void request(
      new Wire(true, true, this),
      [{ channel: '/meta/handshake', ...(acknowledges && { ext: { ack: true } }) }],
      user('alice'),
    );
    this.#session = server.sessions.all()[0] as Session;
    this.#session.mailbox.observers.add({
      dropped: ({ data }) => void this.#dropped.push((data as { number: number }).number),
    });
  }

  get end(): string | undefined {
    return this.#session.endedBy;
  }

  get drops(): number {
    return this.#dropped.length;
  }

  perform(action: MailAction): void {
    const { clock, server } = this.#core;
    switch (action.kind) {
      case 'deliver':
        for (let times = 0; times < action.count; times++) this.#deliver(action.size, action.lazyFor);
        break;
      case 'connect':
        this.#connect(action.held, action.sees);
        break;
      case 'arrive':
        this.#arrive();
        break;
      case 'break': {
        const link = this.#link;
        this.#link = undefined;
        if (!link) break;
        link.closed = true;
        const lost = this.#flying.filter((flight) => flight.link === link);
        this.#comeBack(link);
        for (const { receipt } of lost) receipt?.settled(false);
        server.closed(link);
        break;
      }
      case 'congest':
        // A socket is full of what it was given, and the server hears when that has left.
        for (const { link } of this.#flying) link.congested = true;
        break;
      case 'advance':
        clock.advance(action.milliseconds);
        this.#expectNothingOverdue();
        break;
      case 'turn':
        clock.turn();
        this.#expectNothingOverdue();
        break;
    }
    this.#check();
  }

  /** The client comes back and reads: then it has all that was not dropped, and nothing is left behind. */
  finish(): void {
    if (this.end === undefined) {
      for (let times = 0; times < 3; times++) this.#connect(false, true);
      this.#core.clock.turn();
      while (this.#flying.length > 0) this.#arrive();
      this.#check();
      if (this.#acknowledges) this.#connect(false, true);
      const missing = this.#accepted.filter((number) => !this.#read.includes(number));
      const dropped = this.#dropped.filter((number) => this.#accepted.includes(number));
      expect(missing).toEqual(dropped.sort((left, right) => left - right));
      expect(this.#session.mailbox.waiting).toBe(0);
      this.#session.end('kick');
    }
    this.#core.clock.turn();
    expect(this.#core.server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
  }

  /** All that waits leaves, oldest first, and nothing else. */
  written(link: Wire, messages: readonly Outbound[], receipt: Receipt | undefined): void {
    const numbers = messages
      .filter((message) => message instanceof Delivery)
      .map(({ data }) => (data as { number: number }).number);
    const replies = messages.filter((message) => !(message instanceof Delivery));
    if (numbers.length === 0 && !this.#acknowledges) {
      receipt?.settled(true);
      return;
    }
    const letters = this.#waiting.splice(0);
    expect(numbers).toEqual(letters.map(({ number }) => number));
    if (!this.#acknowledges) {
      this.#flying.push({ link, letters, receipt });
      return;
    }
    const ack = replies.map(({ ext }) => ext?.['ack']).find((value) => typeof value === 'number');
    if (ack === undefined) return;
    if (letters.length > 0) this.#kept.push({ number: ack, letters });
    if (this.#link === link) this.#link = undefined;
    if (!link.sees) return;
    this.#seen = ack;
    for (const number of numbers) if (!this.#read.includes(number)) this.#gotten(number);
  }

  ended(link: Wire, why: LinkEnd): void {
    if (why === 'superseded') this.#comeBack(link);
    if (this.#link === link) this.#link = undefined;
  }

  #deliver(size: number, lazyFor: number): void {
    const number = ++this.#numbers;
    const delivery = new Delivery('/a', { number, text: 'x'.repeat(size) });
    const bytes = Buffer.byteLength(delivery.text);
    const letter: Letter = { number, bytes, dueAt: this.#core.clock.now() + lazyFor };
    const former = this.end;
    const over = former !== undefined;
    const before = this.#waiting.length;
    const expected = over ? 'gone' : this.#foresee(letter);
    // What it makes leave at once must not find the message in the model yet.
    const taken = this.#session.deliver(delivery, undefined, lazyFor);
    if (expected === 'added') {
      this.#waiting.push(letter);
      this.#accepted.push(number);
    }
    expect(taken).toBe(expected === 'added');
    expect(this.end).toBe(expected === 'disconnect' ? 'overflow' : former);
    if (this.end === undefined) {
      expect(this.#session.mailbox.waiting).toBeLessThanOrEqual(Math.max(before, LIMITS.maxMessages));
    }
  }

  /** What is to become of a message. */
  #foresee(letter: Letter): 'added' | 'dropped' | 'disconnect' {
    if (this.#fits(letter, this.#waiting)) return 'added';
    // What can leave leaves first, and then it counts only where it may have to be sent again.
    const leaves = this.#link !== undefined && !this.#link.congested && this.#waiting.length > 0;
    const waiting = leaves ? [] : [...this.#waiting];
    const held = leaves && this.#acknowledges ? this.#waiting : [];
    if (this.#fits(letter, waiting, held)) return 'added';
    if (this.#policy === 'disconnect') return 'disconnect';
    if (this.#policy === 'drop-newest' || letter.bytes > LIMITS.maxBytes) return this.#drop(letter);
    while (!this.#fits(letter, waiting, held)) {
      const oldest = waiting.shift();
      if (!oldest) return this.#drop(letter);
      this.#expectedDrops.push(oldest.number);
      this.#waiting = this.#waiting.filter(({ number }) => number !== oldest.number);
    }
    return 'added';
  }

  #drop({ number }: Letter): 'dropped' {
    this.#expectedDrops.push(number);
    return 'dropped';
  }

  #fits(letter: Letter, waiting: readonly Letter[], leaving: readonly Letter[] = []): boolean {
    const counted = [...waiting, ...leaving, ...this.#kept.flatMap(({ letters }) => letters)];
    const bytes = counted.reduce((sum, one) => sum + one.bytes, letter.bytes);
    return counted.length < LIMITS.maxMessages && bytes <= LIMITS.maxBytes;
  }

  #connect(held: boolean, sees: boolean): void {
    if (this.end !== undefined) return;
    const link = new Wire(this.#acknowledges, sees, this);
    if (this.#acknowledges) this.#acknowledge();
    this.#link = link;
    const more = {
      ...((!held || !this.#acknowledges) && { advice: { timeout: 0 } }),
      ...(this.#acknowledges && { ext: { ack: this.#seen } }),
    };
    void this.#core.request(link, [connect(this.#session, more)]);
    // The first connect of a session is never held, and one that is owed messages is not either.
    expect(this.end).toBeUndefined();
  }

  /** The client says what it has seen; the rest waits again. */
  #acknowledge(): void {
    const unseen = this.#kept.filter(({ number }) => number > this.#seen).flatMap(({ letters }) => letters);
    this.#kept = [];
    this.#waitAgain(unseen);
  }

  #arrive(): void {
    const flight = this.#flying.shift();
    if (!flight) return;
    for (const { number } of flight.letters) this.#gotten(number);
    flight.link.congested = false;
    flight.receipt?.settled(true);
  }

  #comeBack(link: Wire): void {
    const lost = this.#flying.filter((flight) => flight.link === link);
    this.#flying = this.#flying.filter((flight) => flight.link !== link);
    this.#waitAgain(lost.flatMap(({ letters }) => letters));
  }

  #waitAgain(letters: readonly Letter[]): void {
    for (const letter of letters) letter.dueAt = this.#core.clock.now();
    this.#waiting = [...this.#waiting, ...letters].sort((left, right) => left.number - right.number);
  }

  #gotten(number: number): void {
    expect(number).toBeGreaterThan(this.#read.at(-1) ?? 0);
    expect(this.#dropped).not.toContain(number);
    this.#read.push(number);
  }

  /** Where a link is there, nothing waits for longer than it may. */
  #expectNothingOverdue(): void {
    if (!this.#link || this.#link.congested || this.end !== undefined) return;
    const now = this.#core.clock.now();
    expect(this.#waiting.filter(({ dueAt }) => dueAt <= now)).toEqual([]);
  }

  #check(): void {
    expect(this.#dropped).toEqual(this.#expectedDrops);
    if (this.end !== undefined) return;
    expect(this.#session.mailbox.waiting).toBe(this.#waiting.length);
    // Those of the expiry and of the age of the session, one for the connect that is held, perhaps one for lazy messages.
    const { deadlines } = this.#core.server.counts;
    const armed = this.#acknowledges && this.#link ? 3 : 2;
    expect([armed, armed + 1]).toContain(deadlines);
    expect(this.#core.log.filter(({ level }) => level === 'error')).toEqual([]);
  }
}
