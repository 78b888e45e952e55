import type { BayeuxClient } from '../support/bayeux.client.js';

/** A well-behaved client, which keeps connecting and must not notice what goes on beside it. */
export class Witness {
  readonly #failures: unknown[] = [];
  readonly #seen: unknown[] = [];
  #stopped = false;
  #connecting: Promise<void> = Promise.resolve();

  private constructor(readonly client: BayeuxClient) {}

  /** A client that has joined and listens to `channel`. */
  static async listening(client: BayeuxClient, channel: string): Promise<Witness> {
    const witness = new Witness(await client.join());
    await client.subscribe(channel);
    witness.#connecting = witness.#stayConnected();
    return witness;
  }

  /** Everything that went wrong. */
  get failures(): readonly unknown[] {
    return this.#failures;
  }

  /** What was pushed to it, as far as it took note. */
  get seen(): readonly unknown[] {
    return this.#seen;
  }

  /** Takes note of what was pushed to its client, which then may forget it. */
  takeNote(): void {
    for (const message of this.client.received) {
      if (!('successful' in message)) this.#seen.push({ channel: message.channel, data: message.data });
    }
  }

  /** Does not connect again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#connecting;
  }

  async #stayConnected(): Promise<void> {
    try {
      while (!this.#stopped) {
        const reply = await this.client.connect();
        if (reply.successful !== true) throw new Error(`A connect failed: ${JSON.stringify(reply)}`);
      }
    } catch (error) {
      this.#failures.push(error);
    }
  }
}
