import type { Delivery } from './delivery.js';
import type { Receipt } from './ports.js';

/** How much may wait for one session. */
export interface OutboxLimits {
  /** Messages. */
  readonly maxMessages: number;
  /** Bytes of JSON text in UTF-8. */
  readonly maxBytes: number;
}

/** Messages that know their order, wherever they have been. */
interface Placed {
  readonly messages: readonly Delivery[];
  /** Where the first of them stands among all messages of the session. */
  readonly first: number;
  /** Where each of them stands, unless they follow each other. */
  readonly places: readonly number[] | undefined;
}

/** Whoever wants to know what became of a batch. */
export interface BatchKeeper {
  settled(batch: Batch, flushed: boolean): void;
}

/** Messages that were handed to a link and whose fate is not known yet. */
export class Batch implements Placed, Receipt {
  constructor(
    readonly messages: readonly Delivery[],
    readonly first: number,
    readonly places: readonly number[] | undefined,
    /** The link they were handed to. */
    readonly owner: object,
    /** Whether they count against the limits until their fate is known. */
    readonly counted: boolean,
    readonly keeper: BatchKeeper | undefined,
  ) {}

  settled(flushed: boolean): void {
    this.keeper?.settled(this, flushed);
  }
}

/** Messages that wait for their acknowledgement, each with the number under which it was sent for the first time. */
type Retained = Placed & { readonly since: readonly number[] };

const NONE: Delivery[] = [];

/**
 * What waits for one session, oldest first. What was handed to a link comes back to its place if it did not leave.
 * A client that opens many requests and reads none is bounded as well: batches for links of one response count until
 * they have left; a link that lasts bounds what it holds itself, by being congested.
 *
 * Most sessions wait for one message at a time, which leaves at once: that costs one array, and an empty queue none.
 */
export class Outbox {
  #waiting = NONE;
  /** The place of each that waits, unless they follow each other up to the last that was added. */
  #places: number[] | undefined;
  #added = 0;
  #inFlight: Batch | undefined;
  /** Batches that were taken while there was one in flight already. */
  #laterInFlight: Batch[] | undefined;
  #retained: Retained[] | undefined;
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
    if (this.#waiting.length === 0) return undefined;
    const oldest = this.#waiting.shift();
    this.#places?.shift();
    if (oldest) this.#count(oldest, -1);
    return oldest;
  }

  /** Has `messages` wait instead of what waits, whatever the limits are. */
  replace(messages: readonly Delivery[]): void {
    for (const delivery of this.#waiting) this.#count(delivery, -1);
    this.#waiting = [...messages];
    this.#places = undefined;
    this.#added += messages.length;
    for (const delivery of messages) this.#count(delivery, 1);
  }

  /** Adds a message, or returns false if it would pass the limits. */
  add(delivery: Delivery): boolean {
    if (this.#messages >= this.limits.maxMessages || this.#bytes + delivery.bytes > this.limits.maxBytes) {
      return false;
    }
    // An array that is made by its first push has room for seventeen.
    if (this.#waiting.length === 0) this.#waiting = [delivery];
    else this.#waiting.push(delivery);
    this.#places?.push(this.#added);
    this.#added++;
    this.#count(delivery, 1);
    return true;
  }

  /** Takes all that waits for `owner`, to be settled by `sent` or `putBack`. */
  take(owner: object, counted: boolean, keeper?: BatchKeeper): Batch {
    const messages = this.#waiting;
    const batch = new Batch(messages, this.#first, this.#places, owner, counted, keeper);
    this.#waiting = NONE;
    this.#places = undefined;
    if (!this.#inFlight) this.#inFlight = batch;
    else (this.#laterInFlight ??= []).push(batch);
    if (!counted) this.#countAll(batch, -1);
    return batch;
  }

  /**
   * Takes all that waits and keeps it under `number` until the client has acknowledged that number. It counts until
   * then, as it may have to be sent again.
   */
  retain(number: number): readonly Delivery[] {
    const taken: Placed = { messages: this.#waiting, first: this.#first, places: this.#places };
    this.#waiting = NONE;
    this.#places = undefined;
    if (taken.messages.length > 0) {
      const since = taken.messages.map((_, index) => this.#firstSent?.get(placeOf(taken, index)) ?? number);
      (this.#retained ??= []).push({ ...taken, since });
      this.#firstSent = undefined;
    }
    return taken.messages;
  }

  /**
   * The client has seen the reply of this `number`, and with it all that was sent up to there, though it may have been
   * sent again since. What it has not seen waits again, ahead of all younger messages.
   */
  acknowledge(number: number): void {
    const retained = this.#retained;
    if (!retained) return;
    this.#retained = undefined;
    const unseen: { messages: Delivery[]; first: number; places: number[] } = {
      messages: [],
      first: 0,
      places: [],
    };
    for (const each of retained) {
      for (const [index, delivery] of each.messages.entries()) {
        const first = each.since[index] as number;
        if (first <= number) {
          this.#count(delivery, -1);
          continue;
        }
        const place = placeOf(each, index);
        unseen.messages.push(delivery);
        unseen.places.push(place);
        (this.#firstSent ??= new Map()).set(place, first);
      }
    }
    if (unseen.messages.length > 0) this.#wait([unseen]);
  }

  /** The messages have left. Unknown batches were put back before and stay where they are. */
  sent(batch: Batch): void {
    if (this.#inFlight === batch) {
      this.#inFlight = this.#laterInFlight?.shift();
    } else {
      const index = this.#laterInFlight?.indexOf(batch) ?? -1;
      if (index < 0) return;
      this.#laterInFlight?.splice(index, 1);
    }
    if (batch.counted) this.#countAll(batch, -1);
  }

  /**
   * Whatever `owner` has not sent yet waits again, in its order and ahead of all younger messages. That may pass the
   * limits for a while: nothing that was accepted is lost for it.
   */
  putBack(owner: object): void {
    if (!this.#inFlight) return;
    const inFlight = [this.#inFlight, ...(this.#laterInFlight ?? [])];
    const lost = inFlight.filter((batch) => batch.owner === owner);
    if (lost.length === 0) return;
    const others = inFlight.filter((batch) => batch.owner !== owner);
    this.#inFlight = others.shift();
    this.#laterInFlight = others.length > 0 ? others : undefined;
    for (const batch of lost) if (!batch.counted) this.#countAll(batch, 1);
    this.#wait(lost);
  }

  /** The place of the first that waits. */
  get #first(): number {
    return this.#places?.[0] ?? this.#added - this.#waiting.length;
  }

  /** Messages wait again, each in its place: links may give them back in another order than they took them. */
  #wait(batches: readonly Placed[]): void {
    const waiting: Placed = { messages: this.#waiting, first: this.#first, places: this.#places };
    const all = [...batches, waiting]
      .flatMap((placed) =>
        placed.messages.map((delivery, index) => ({ delivery, place: placeOf(placed, index) })),
      )
      .sort((left, right) => left.place - right.place);
    const places = all.map(({ place }) => place);
    this.#waiting = all.map(({ delivery }) => delivery);
    const follow = places.every((place, index) => place === this.#added - places.length + index);
    this.#places = follow ? undefined : places;
  }

  #countAll(batch: Batch, sign: 1 | -1): void {
    for (const delivery of batch.messages) this.#count(delivery, sign);
  }

  #count(delivery: Delivery, sign: 1 | -1): void {
    this.#messages += sign;
    this.#bytes += sign * delivery.bytes;
  }
}

function placeOf({ first, places }: Placed, index: number): number {
  return places?.[index] ?? first + index;
}
