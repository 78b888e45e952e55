import { setTimeout as pause } from 'node:timers/promises';
import type { Message } from '../../../test/support/message.js';
import { HOLD } from '../control.js';
import { type Connection, Refused } from './connection.js';
import type { Complain } from './ledger.js';
import type { Membership } from './membership.js';

/** Milliseconds within which everything is answered, a held connect too, on a machine that is busy. */
export const PATIENCE = HOLD + 20_000;

/** Why a client cannot go on as it was. */
export type Trouble =
  /** The connection is gone. */
  | { readonly kind: 'lost' }
  /** The session is gone: shake hands again, after so many milliseconds. */
  | { readonly kind: 'handshake'; readonly interval: number };

/** Keeps one session connected over one connection, by a connect after the other, until there is trouble. */
export class Heartbeat {
  /** Settles with the first trouble. */
  readonly trouble: Promise<Trouble>;
  #report!: (trouble: Trouble) => void;
  #newest = 0;
  #stopped = false;

  constructor(
    readonly connection: Connection,
    readonly member: Membership,
    readonly complain: Complain,
    /** Milliseconds within which a connect has to be answered. */
    readonly patience = PATIENCE,
  ) {
    this.trouble = new Promise((resolve) => (this.#report = resolve));
    void this.#beat();
  }

  /** Sends another connect beside the one that is held. */
  doubleUp(): void {
    void this.#beat();
  }

  /** Sends no more connects. The one that is held stays so. */
  stop(): void {
    this.#stopped = true;
  }

  async #beat(): Promise<void> {
    const mine = ++this.#newest;
    const current = (): boolean => !this.#stopped && mine === this.#newest;
    try {
      while (current()) {
        const [reply] = await this.#connect(current);
        if (!current()) return;
        const interval = reply?.advice?.interval ?? 0;
        if (reply?.successful !== true) {
          this.#failed(reply, interval);
          return;
        }
        // Arrays over several connections have no order among them, so that it could not be checked.
        await this.member.quiet();
        if (interval > 0) await pause(interval);
      }
    } catch (error) {
      if (!current()) return;
      if (error instanceof Refused && error.status !== 503) {
        this.complain('status', `${error.status} though there was no newer connect`);
      }
      this.#report({ kind: 'lost' });
    }
  }

  #connect(current: () => boolean): Promise<Message[]> {
    const { connection, member } = this;
    const reply = connection.request([member.connectMessage(connection.kind)], member);
    const late = setTimeout(() => {
      if (!current()) return;
      this.complain('no answer', `to a connect within ${this.patience} ms`);
      connection.drop();
    }, this.patience);
    return reply.finally(() => {
      clearTimeout(late);
    });
  }

  #failed(reply: Message | undefined, interval: number): void {
    if (reply?.advice?.reconnect !== 'handshake') {
      this.complain('refused', `connect: ${JSON.stringify(reply)}`);
    }
    this.#report({ kind: 'handshake', interval });
  }
}
