import type { Delivery } from './delivery.js';

/** How much may wait for one session. */
export interface OutboxLimits {
  /** Messages. */
  readonly maxMessages: number;
  /** Bytes of JSON text in UTF-8. */
  readonly maxBytes: number;
}

/** Messages that were handed to a link and whose fate is not known yet. */
export interface Batch {
  readonly messages: readonly Delivery[];
  /** Where each of them stands among all messages of the session. */
  readonly places: readonly number[];
  /** The link they were handed to. */
  readonly owner: object;
  /** Whether they count against the limits until their fate is known. */
  readonly counted: boolean;
}

/** Messages that know their order, wherever they have been. */
type Placed = Pick<Batch, 'messages' | 'places'>;

/** Messages that wait for their acknowledgement, each with the number under which it was sent for the first time. */
type Retained = Placed & { readonly since: readonly number[] };

/**
 * What waits for one session, oldest first. What was handed to a link comes back to its place if it did not leave.
 * A client that opens many requests and reads none is bounded as well: batches for links of one response count until
 * they have left; a link that lasts bounds what it holds itself, by being congested.
 */
export class Outbox {
  #waiting: Delivery[] = [];
  /** The place of each that waits. */
  #places: number[] = [];
  #added = 0;
  #inFlight: Batch[] = [];
  #retained: Retained[] = [];
  /** By place: the number under which a message that waits again was sent for the first time. */
  #firstSent: Map<number, number> | undefined;
  #messages = 0;
  #bytes = 0;

  constructor(readonly limits: OutboxLimits) {}

  /** Messages that no link has been given yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** What waits, oldest first. */
  get messages(): readonly Delivery[] {
    return this.#waiting;
  }

  /** Whether more is kept than may be. */
  get overfull(): boolean {
    return this.#messages > this.limits.maxMessages || this.#bytes > this.limits.maxBytes;
  }

  /** Whether half of what may be kept is. */
  get crowded(): boolean {
    return this.#messages * 2 > this.limits.maxMessages || this.#bytes * 2 > this.limits.maxBytes;
  }

  /** Takes the oldest message that waits away. */
  dropOldest(): Delivery | undefined {
    const oldest = this.#waiting.shift();
    this.#places.shift();
    if (oldest) this.#count(oldest, -1);
    return oldest;
  }

  /** Has `messages` wait instead of what waits, whatever the limits are. */
  replace(messages: readonly Delivery[]): void {
    for (const delivery of this.#waiting) this.#count(delivery, -1);
    this.#waiting = [...messages];
    this.#places = messages.map(() => this.#added++);
    for (const delivery of messages) this.#count(delivery, 1);
  }

  /** Adds a message, or returns false if it would pass the limits. */
  add(delivery: Delivery): boolean {
    if (this.#messages >= this.limits.maxMessages || this.#bytes + delivery.bytes > this.limits.maxBytes) {
      return false;
    }
    this.#waiting.push(delivery);
    this.#places.push(this.#added++);
    this.#count(delivery, 1);
    return true;
  }

  /** Takes all that waits for `owner`, to be settled by `sent` or `putBack`. */
  take(owner: object, counted: boolean): Batch {
    const batch: Batch = { messages: this.#waiting, places: this.#places, owner, counted };
    this.#waiting = [];
    this.#places = [];
    this.#inFlight.push(batch);
    if (!counted) this.#countAll(batch, -1);
    return batch;
  }

  /**
   * Takes all that waits and keeps it under `number` until the client has acknowledged that number. It counts until
   * then, as it may have to be sent again.
   */
  retain(number: number): readonly Delivery[] {
    const messages = this.#waiting;
    const places = this.#places;
    if (messages.length > 0) {
      const since = places.map((place) => this.#firstSent?.get(place) ?? number);
      this.#retained.push({ messages, places, since });
      this.#firstSent = undefined;
    }
    this.#waiting = [];
    this.#places = [];
    return messages;
  }

  /**
   * The client has seen the reply of this `number`, and with it all that was sent up to there, though it may have been
   * sent again since. What it has not seen waits again, ahead of all younger messages.
   */
  acknowledge(number: number): void {
    const retained = this.#retained;
    if (retained.length === 0) return;
    this.#retained = [];
    const unseen: { messages: Delivery[]; places: number[] } = { messages: [], places: [] };
    for (const { messages, places, since } of retained) {
      for (const [index, delivery] of messages.entries()) {
        const place = places[index] as number;
        const first = since[index] as number;
        if (first <= number) {
          this.#count(delivery, -1);
          continue;
        }
        unseen.messages.push(delivery);
        unseen.places.push(place);
        (this.#firstSent ??= new Map()).set(place, first);
      }
    }
    this.#wait([unseen]);
  }

  /** The messages have left. Unknown batches were put back before and stay where they are. */
  sent(batch: Batch): void {
    const index = this.#inFlight.indexOf(batch);
    if (index < 0) return;
    this.#inFlight.splice(index, 1);
    if (batch.counted) this.#countAll(batch, -1);
  }

  /**
   * Whatever `owner` has not sent yet waits again, in its order and ahead of all younger messages. That may pass the
   * limits for a while: nothing that was accepted is lost for it.
   */
  putBack(owner: object): void {
    const lost = this.#inFlight.filter((batch) => batch.owner === owner);
    if (lost.length === 0) return;
    this.#inFlight = this.#inFlight.filter((batch) => batch.owner !== owner);
    for (const batch of lost) if (!batch.counted) this.#countAll(batch, 1);
    this.#wait(lost);
  }

  /** Messages wait again, each in its place: links may give them back in another order than they took them. */
  #wait(batches: readonly Placed[]): void {
    const all = [...batches, { messages: this.#waiting, places: this.#places }]
      .flatMap(({ messages, places }) =>
        messages.map((delivery, index) => ({ delivery, place: places[index] as number })),
      )
      .sort((left, right) => left.place - right.place);
    this.#waiting = all.map(({ delivery }) => delivery);
    this.#places = all.map(({ place }) => place);
  }

  #countAll(batch: Batch, sign: 1 | -1): void {
    for (const delivery of batch.messages) this.#count(delivery, sign);
  }

  #count(delivery: Delivery, sign: 1 | -1): void {
    this.#messages += sign;
    this.#bytes += sign * delivery.bytes;
  }
}
