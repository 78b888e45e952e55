import type { Deadline, Scheduler } from '../bayeux/ports.js';
import { networkOf } from './client-network.js';

/** How many bytes of bodies may be read at a time, and for how long. 0 for no limit. */
export interface BodyLimits {
  /** Bytes. */
  readonly inAll: number;
  /** Bytes of one address. */
  readonly perAddress: number;
  /** Milliseconds that one body may take. */
  readonly timeout: number;
}

/** Why a body is not read any further: it took too long, or its address or all together have used up their room. */
export type BodyRefusal = 'late' | 'address_full' | 'full' | 'closing';

/** The HTTP status of a body that is not read. */
export const REFUSAL_STATUS: Readonly<Record<BodyRefusal | 'too_long', number>> = {
  too_long: 413,
  late: 408,
  address_full: 429,
  full: 503,
  closing: 503,
};

/** A body that is on its way. */
export interface PendingBody {
  /** Where it comes from. */
  readonly address: string | undefined;
  /** The turn in which it began is over: it keeps its bytes itself. @returns how many, or -1 if it is at its end. */
  keep(): number;
  /** It is not read any further. It has been taken out already. */
  stop(why: BodyRefusal): void;
}

/** Bytes that a body is counted with besides its own: a request costs some before it has any. */
export const BODY_OVERHEAD = 4_096;

/** Milliseconds for which a client that was refused may go on sending, so that it gets to read why. */
const DRAIN_TIME = 2_000;

/**
 * Counts what the bodies of requests hold while they come in, of all clients and of each address, and ends those that
 * take too long. A body that comes in one piece, as nearly all do, is read within a turn and never counted.
 */
export class PendingBodies {
  readonly #limits: BodyLimits;
  readonly #reading: ExpiryQueue;
  readonly #draining: ExpiryQueue;
  /** Bodies that began in this turn. */
  #fresh: PendingBody[] = [];
  readonly #counted = new Map<PendingBody, number>();
  readonly #byNetwork = new Map<string, number>();
  #bytes = 0;
  #closed = false;

  constructor(limits: BodyLimits, scheduler: Scheduler) {
    this.#limits = limits;
    this.#reading = new ExpiryQueue(limits.timeout, scheduler, (body) => {
      this.#stop(body, 'late');
    });
    this.#draining = new ExpiryQueue(DRAIN_TIME, scheduler, (body) => {
      this.#stop(body, 'late');
    });
  }

  /** Bytes that are counted. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A body has begun. It is counted at the end of the turn, unless it has come to its end. */
  begin(body: PendingBody): void {
    if (this.#fresh.push(body) === 1) setImmediate(this.#lookAtFresh);
  }

  /** The body is about to hold `more` bytes. If there is no room for them it is stopped. @returns whether there is. */
  grow(body: PendingBody, more: number): boolean {
    const refusal = this.#count(body, more);
    if (refusal !== undefined) this.#stop(body, refusal);
    return refusal === undefined;
  }

  /** What follows of the body is thrown away, for a short while. @returns false if there is no room even for that. */
  drain(body: PendingBody): boolean {
    return !this.#closed && this.#count(body, 0, this.#draining) === undefined;
  }

  /** The body has come to its end, one way or another. Nothing happens if it has already. */
  end(body: PendingBody): void {
    const counted = this.#counted.get(body);
    if (counted === undefined) return;
    this.#counted.delete(body);
    this.#reading.delete(body);
    this.#draining.delete(body);
    this.#bytes -= counted;
    const network = networkOf(body.address);
    const left = (this.#byNetwork.get(network) ?? 0) - counted;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
  }

  /** Stops all bodies, so that none of them holds up the end of the server. */
  close(): void {
    this.#closed = true;
    for (const body of [...this.#counted.keys()]) this.#stop(body, 'closing');
  }

  readonly #lookAtFresh = (): void => {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const body of fresh) {
      const bytes = this.#counted.has(body) ? -1 : body.keep();
      if (bytes < 0) continue;
      const refusal = this.#closed ? 'closing' : this.#count(body, bytes);
      if (refusal !== undefined) this.#stop(body, refusal);
    }
  };

  #count(body: PendingBody, more: number, queue = this.#reading): BodyRefusal | undefined {
    const counted = this.#counted.get(body);
    const added = counted === undefined ? more + BODY_OVERHEAD : more;
    const network = networkOf(body.address);
    const ofNetwork = this.#byNetwork.get(network) ?? 0;
    const { inAll, perAddress } = this.#limits;
    if (perAddress > 0 && ofNetwork + added > perAddress) return 'address_full';
    if (inAll > 0 && this.#bytes + added > inAll) return 'full';
    this.#counted.set(body, (counted ?? 0) + added);
    this.#byNetwork.set(network, ofNetwork + added);
    this.#bytes += added;
    if (counted === undefined) queue.add(body);
    return undefined;
  }

  #stop(body: PendingBody, why: BodyRefusal): void {
    this.end(body);
    body.stop(why);
  }
}

/** Bodies that all have the same time, the oldest first: one deadline does for all of them. */
class ExpiryQueue {
  readonly #time: number;
  readonly #scheduler: Scheduler;
  readonly #expired: (body: PendingBody) => void;
  readonly #due = new Map<PendingBody, number>();
  readonly #deadline: Deadline;

  constructor(time: number, scheduler: Scheduler, expired: (body: PendingBody) => void) {
    this.#time = time;
    this.#scheduler = scheduler;
    this.#expired = expired;
    this.#deadline = scheduler.deadline(() => {
      this.#run();
    });
  }

  add(body: PendingBody): void {
    if (this.#time === 0) return;
    const due = this.#scheduler.now() + this.#time;
    this.#due.set(body, due);
    if (this.#due.size === 1) this.#deadline.moveTo(due);
  }

  delete(body: PendingBody): void {
    if (this.#due.delete(body) && this.#due.size === 0) this.#deadline.cancel();
  }

  #run(): void {
    const now = this.#scheduler.now();
    for (const [body, due] of this.#due) {
      if (due > now) {
        this.#deadline.moveTo(due);
        return;
      }
      this.#due.delete(body);
      this.#expired(body);
    }
  }
}
