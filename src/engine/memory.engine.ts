import type { Engine, Envelope, PublishResult } from '../bayeux/ports.js';

/** The engine of a single node: what is published is delivered at once, and nothing is kept. */
export class MemoryEngine implements Engine {
  #deliver: ((envelope: Envelope) => PublishResult) | undefined;

  start(deliver: (envelope: Envelope) => PublishResult): void {
    this.#deliver = deliver;
  }

  publish(envelope: Envelope): PublishResult {
    if (!this.#deliver) throw new Error('The engine has not been started, or has been stopped.');
    return this.#deliver(envelope);
  }

  stop(): void {
    this.#deliver = undefined;
  }
}
