import type { Reply } from '../../../src/bayeux/message.js';
import type { Session } from '../../../src/bayeux/session.js';
import { matches } from './channel.model.js';
import type { ModelLink, Write } from './model.link.js';

/** A message that was accepted for a session: on its way with a write, or read by the client, or neither. */
interface Entry {
  readonly number: number;
  way: { readonly link: ModelLink; readonly write: Write } | undefined;
  read: boolean;
}

/** What one session is owed and what its client has got, as the protocol promises it. */
export class Ledger {
  readonly subscriptions = new Set<string>();
  /** Number of the last connect reply the client has read, if it acknowledges them. */
  acknowledged = 0;
  #entries: Entry[] = [];
  readonly #read = new Set<number>();

  constructor(
    readonly session: Session,
    readonly client: number,
    readonly acknowledges: boolean,
  ) {}

  get alive(): boolean {
    return this.session.endedBy === undefined;
  }

  /** Numbers of what the client has not got and no write carries. */
  get waiting(): number[] {
    return this.#entries.filter(({ way, read }) => !way && !read).map(({ number }) => number);
  }

  /** Numbers of what the client has not got. */
  get owed(): number[] {
    return this.#entries.filter(({ read }) => !read).map(({ number }) => number);
  }

  subscribes(channel: string): boolean {
    return [...this.subscriptions].some((subscription) => matches(subscription, channel));
  }

  /** A message is about to be delivered. */
  expect(number: number): void {
    this.#entries.push({ number, way: undefined, read: false });
  }

  /** A message has not been delivered after all. */
  refused(number: unknown): void {
    this.#entries = this.#entries.filter((entry) => entry.number !== number);
  }

  /** A write carries messages: the oldest that wait, in their order, and none that another write still may bring. */
  written(link: ModelLink, write: Write): void {
    const numbers = numbersOf(write.messages);
    if (this.acknowledges) {
      expect(numbers).toEqual(sorted(numbers));
      return;
    }
    expect(numbers).toEqual(this.waiting.slice(0, numbers.length));
    for (const entry of this.#entries) if (numbers.includes(entry.number)) entry.way = { link, write };
  }

  /** The client reads a write. What the server has taken back in the meantime it reads elsewhere. */
  arrived(write: Write): void {
    if (this.acknowledges) this.#acknowledge(write);
    else for (const entry of this.#carried(write)) entry.read = true;
  }

  /** A write is lost. */
  lost(write: Write): void {
    this.#takeBack(this.#carried(write));
  }

  /** The client does not read from a link any more. */
  left(link: ModelLink): void {
    this.#takeBack(this.#entries.filter(({ way, read }) => way?.link === link && !read));
  }

  /** Messages wait again. */
  #takeBack(entries: readonly Entry[]): void {
    for (const entry of entries) entry.way = undefined;
  }

  /** Without repetitions everything comes in order and without gaps. */
  #acknowledge({ messages }: Write): void {
    for (const number of numbersOf(messages)) {
      if (this.#read.has(number)) continue;
      this.#read.add(number);
      const next = this.#entries.find(({ read }) => !read);
      // The last words of a session do not wait for what was lost before.
      if (this.alive) expect(number).toBe(next?.number);
      if (next) next.read = true;
    }
    for (const { ext } of messages) {
      if (typeof ext?.['ack'] === 'number') this.acknowledged = Math.max(this.acknowledged, ext['ack']);
    }
  }

  #carried(write: Write): Entry[] {
    return this.#entries.filter(({ way, read }) => way?.write === write && !read);
  }
}

function numbersOf(messages: readonly Reply[]): number[] {
  return messages.filter((message) => !('successful' in message)).map(({ data }) => data as number);
}

function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((left, right) => left - right);
}
