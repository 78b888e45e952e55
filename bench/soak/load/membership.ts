import type { Members, Message } from '../../../test/support/message.js';
import { FLOOD_CHANNEL, type Numbered, TREE } from '../channels.js';
import { type Complain, Ledger } from './ledger.js';
import type { Tally } from './tally.js';

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
  #underWay = 0;
  #whenQuiet: (() => void)[] = [];

  constructor(
    readonly clientId: string,
    /** Whether delivery is acknowledged (`ext.ack`). */
    readonly acknowledges: boolean,
    tally: Tally,
    complain: Complain,
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
  take(messages: readonly Message[]): void {
    const deliveries = messages.filter((message) => message.channel?.startsWith(TREE) && 'data' in message);
    const repeats = this.#acknowledge(messages, deliveries.length);
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
    if (!this.acknowledges) this.#ledger.forget();
  }

  /** The session goes on elsewhere while the former connection may still bring messages. */
  moved(): void {
    if (!this.acknowledges) this.#ledger.pardonRepeats();
  }

  /**
   * Takes the number of the connect reply. Only what the connect had not acknowledged, though it had come meanwhile,
   * may come again.
   */
  #acknowledge(messages: readonly Message[], deliveries: number): boolean {
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
    if (deliveries > 0 && acknowledged === undefined) {
      this.#complain('not acknowledgeable', `${deliveries} messages without a numbered connect reply`);
    }
    this.#seen = Math.max(this.#seen, acknowledged ?? 0);
    return repeats;
  }
}
