import type { Clock, Engine, EngineReceiver, Envelope, PublishResult } from '../../src/bayeux/ports.js';
import type { Revocation, RevocationResult } from '../../src/bayeux/revocation.js';
import { RevocationStore } from '../../src/engine/revocation.store.js';

/** What nodes share: a store, and a bus that carries what one says to the others. Both can fail. */
export class Bus {
  readonly nodes = new Set<EngineReceiver>();
  readonly clock: Clock;
  readonly #store: RevocationStore;
  readonly #stored: { readonly revocation: Revocation; readonly at: number }[] = [];
  readonly #held: (() => void)[] = [];
  /** What is said reaches nobody else. */
  lost = false;
  /** The store answers nobody. */
  down = false;
  /** The store takes its time: it answers when `release` is called. */
  slow = false;

  constructor(clock: Clock) {
    this.clock = clock;
    this.#store = new RevocationStore(clock);
  }

  /** An engine for one more node. */
  engine(): BusEngine {
    return new BusEngine(this);
  }

  /** Look-ups that are not answered yet. */
  get waiting(): number {
    return this.#held.length;
  }

  /** The store answers what it was asked, with what it knew at that time, and is quick again. */
  release(): void {
    this.slow = false;
    for (const answer of this.#held.splice(0)) answer();
  }

  async store(revocation: Revocation): Promise<void> {
    await this.#reachable();
    this.#store.add(revocation);
    this.#stored.push({ revocation, at: this.clock.wallTime() });
  }

  async find(keys: readonly string[]): Promise<readonly Revocation[]> {
    await this.#reachable();
    const found = this.#store.find(keys);
    if (this.slow) await new Promise<void>((resolve) => this.#held.push(resolve));
    return found;
  }

  async since(time: number): Promise<readonly Revocation[]> {
    await this.#reachable();
    return this.#stored.filter(({ at }) => at >= time).map(({ revocation }) => revocation);
  }

  /** Tells every node but the one that says it. */
  tell(speaker: EngineReceiver, tell: (receiver: EngineReceiver) => void): void {
    if (this.lost) return;
    for (const receiver of this.nodes) if (receiver !== speaker) tell(receiver);
  }

  async #reachable(): Promise<void> {
    await Promise.resolve();
    if (this.down) throw new Error('The store cannot be reached.');
  }
}

/** The engine of one of several nodes in this process. */
export class BusEngine implements Engine {
  readonly #bus: Bus;
  #receiver: EngineReceiver | undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  start(receiver: EngineReceiver): void {
    this.#receiver = receiver;
    this.#bus.nodes.add(receiver);
  }

  publish(envelope: Envelope): PublishResult {
    const own = this.#started;
    this.#bus.tell(own, (receiver) => receiver.deliver(envelope));
    return own.deliver(envelope);
  }

  async revoke(revocation: Revocation): Promise<RevocationResult> {
    const own = this.#started;
    await this.#bus.store(revocation);
    this.#bus.tell(own, (receiver) => receiver.revoked(revocation));
    return own.revoked(revocation);
  }

  revoked(keys: readonly string[]): Promise<readonly Revocation[]> {
    return this.#bus.find(keys);
  }

  revokedSince(time: number): Promise<readonly Revocation[]> {
    return this.#bus.since(time);
  }

  stop(): void {
    if (this.#receiver) this.#bus.nodes.delete(this.#receiver);
    this.#receiver = undefined;
  }

  get #started(): EngineReceiver {
    if (!this.#receiver) throw new Error('The engine has not been started, or has been stopped.');
    return this.#receiver;
  }
}
