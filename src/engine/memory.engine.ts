import type { Clock, Engine, EngineReceiver, Envelope, PublishResult } from '../bayeux/ports.js';
import type { Revocation, RevocationResult } from '../bayeux/revocation.js';
import { RevocationStore } from './revocation.store.js';

/** The engine of a single node: what is published is delivered at once, and only who is revoked is kept. */
export class MemoryEngine implements Engine {
  readonly #revocations: RevocationStore;
  #receiver: EngineReceiver | undefined;

  constructor(clock: Clock) {
    this.#revocations = new RevocationStore(clock);
  }

  start(receiver: EngineReceiver): void {
    this.#receiver = receiver;
  }

  publish(envelope: Envelope): PublishResult {
    return this.#started.deliver(envelope);
  }

  revoke(revocation: Revocation): RevocationResult {
    const receiver = this.#started;
    this.#revocations.add(revocation);
    return receiver.revoked(revocation);
  }

  revoked(keys: readonly string[]): readonly Revocation[] {
    return this.#revocations.find(keys);
  }

  stop(): void {
    this.#receiver = undefined;
  }

  get #started(): EngineReceiver {
    if (!this.#receiver) throw new Error('The engine has not been started, or has been stopped.');
    return this.#receiver;
  }
}
