import type { Members, Message } from '../../../test/support/message.js';
import { FLOOD_CHANNEL, type Numbered, TREE } from '../channels.js';
import { type Complain, Ledger } from './ledger.js';
import type { Tally } from './tally.js';

/** More than may wait for a session at all. */
const EARLY = 2_000;

/** A session as its client sees it: what it may expect, what it has got, what it has acknowledged. */
export class Membership {
  readonly #tally: Tally;
  readonly #complain: Complain;
  readonly #ledger: Ledger;
  /** Channels it has ever subscribed to, as what was queued before still comes after an unsubscription. */
  readonly #expected = new Set<string>([FLOOD_CHANNEL]);
  /** By the id of a connect: the number it acknowledged. */
  readonly #connects = new Map<string, number>();
  #seen = 0;
  /** What has come ahead of the connect reply that it belongs to. */
  #early: readonly Message[] = [];
  #underWay = 0;
  #whenQuiet: (() => void)[] = [];

  constructor(
    readonly clientId: string,
    /** Whether delivery is acknowledged (`ext.ack`). */
    readonly acknowledges: boolean,
    tally: Tally,
    complain: Complain,
    /** Whether what comes on a channel is delivered, numbered, and no part of the protocol. */
    readonly delivers = (channel: string): boolean => channel.startsWith(TREE),
  ) {
    this.#tally = tally;
    this.#complain = complain;
    this.#ledger = new Ledger(complain, (count) => {
      tally.count('messages sent again', count);
    });
  }

  /** Messages of `channel` may come from now on. */
  expect(channel: string): void {
    this.#expected.add(channel);
  }

  expects(channel: string): boolean {
    return this.#expected.has(channel);
  }

  connectMessage(connectionType: string): Members {
    return {
      channel: '/meta/connect',
      clientId: this.clientId,
      connectionType,
      ...(this.acknowledges && { ext: { ack: this.#seen } }),
    };
  }

  /** A message is about to be sent. */
  sending({ channel, id }: Members): void {
    if (this.acknowledges && channel === '/meta/connect') this.#connects.set(String(id), this.#seen);
  }

  /** A frame, or the body of a response. */
  take(frame: readonly Message[]): void {
    const messages = this.acknowledges ? this.#whole(frame) : frame;
    const deliveries = messages.filter((message) => this.#isDelivery(message) && 'data' in message);
    const repeats = this.#acknowledge(messages);
    this.#tally.count('messages received', deliveries.length);
    for (const { channel = '' } of deliveries) {
      if (!this.#expected.has(channel)) this.#complain('not asked for', channel);
    }
    this.#ledger.collect(
      deliveries.map(({ channel = '', data }) => ({ ...(data as Numbered), channel })),
      repeats,
    );
    if (this.#underWay === 0) this.#ledger.settle();
  }

  /** An answer is to come that may bring messages beside those of other connections. */
  begun(): void {
    this.#underWay++;
  }

  /** It has come. */
  done(): void {
    if (--this.#underWay > 0) return;
    this.#ledger.settle();
    for (const resolve of this.#whenQuiet.splice(0)) resolve();
  }

  /** Resolves when nothing is under way. */
  async quiet(): Promise<void> {
    if (this.#underWay > 0) await new Promise<void>((resolve) => this.#whenQuiet.push(resolve));
  }

  /** The connection broke. Without acknowledgement nobody knows what was lost with it. */
  interrupted(): void {
    // Their number will not come any more, so they come again.
    this.#early = [];
    if (!this.acknowledges) this.#ledger.forget();
  }

  /** A long array comes in several frames, of which only the last has the number of all. */
  #whole(frame: readonly Message[]): readonly Message[] {
    const messages = [...this.#early, ...frame];
    const numbered = messages.some(({ channel, ext }) => channel === '/meta/connect' && ext !== undefined);
    this.#early = numbered ? [] : messages;
    if (this.#early.length > EARLY) {
      this.#complain(
        'not acknowledgeable',
        `${this.#early.length} messages without a numbered connect reply`,
      );
      this.#early = [];
    }
    return numbered ? messages : messages.filter((message) => !this.#isDelivery(message));
  }

  #isDelivery({ channel = '' }: Message): boolean {
    return this.delivers(channel);
  }

  /** The session goes on elsewhere while the former connection may still bring messages. */
  moved(): void {
    if (!this.acknowledges) this.#ledger.pardonRepeats();
  }

  /**
   * Takes the number of the connect reply. Only what the connect had not acknowledged, though it had come meanwhile,
   * may come again.
   */
  #acknowledge(messages: readonly Message[]): boolean {
    if (!this.acknowledges) return false;
    let acknowledged: number | undefined;
    let repeats = false;
    for (const { channel, id = '', ext } of messages) {
      if (channel !== '/meta/connect') continue;
      const sent = this.#connects.get(id) ?? 0;
      this.#connects.delete(id);
      const { ack } = (ext ?? {}) as { ack?: unknown };
      if (typeof ack !== 'number') continue;
      repeats ||= sent < this.#seen;
      acknowledged = Math.max(acknowledged ?? 0, ack);
    }
    this.#seen = Math.max(this.#seen, acknowledged ?? 0);
    return repeats;
  }
}
