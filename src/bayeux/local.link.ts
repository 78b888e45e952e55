import { Delivery } from './delivery.js';
import type { Reply } from './message.js';
import type { Link, Outbound, Receipt } from './ports.js';

/** The connection of a session of the server itself: a function call. */
export class LocalLink implements Link {
  readonly transport = 'local';
  readonly once = false;
  readonly congested = false;
  closed = false;
  readonly #waiting: Outbound[] = [];
  #writing = false;

  constructor(
    public sessionId: string | undefined,
    private readonly receive: { delivery(delivery: Delivery): void; reply(reply: Reply): void },
  ) {}

  bound(): void {
    // It speaks for its session from beginning to end.
  }

  write(messages: readonly Outbound[], receipt?: Receipt): void {
    for (const message of messages) this.#waiting.push(message);
    receipt?.settled(true);
    // What a receiver causes comes after what it was caused by, and not in the middle.
    if (this.#writing) return;
    this.#writing = true;
    try {
      for (let message = this.#waiting.shift(); message; message = this.#waiting.shift()) {
        if (message instanceof Delivery) this.receive.delivery(message);
        else this.receive.reply(message);
      }
    } finally {
      this.#writing = false;
    }
  }

  stopped(): void {
    this.closed = true;
  }

  end(): void {
    this.closed = true;
  }
}
