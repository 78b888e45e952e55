import { now } from '../clock.js';
import type { Contender } from '../contenders/contender.js';
import { padding, payload } from '../marks.js';
import { type Schedule, userName, type Work } from './work.js';

/** Has a contender send: at a fixed pace, or as fast as clients receive. Every tick has a turn of its own. */
export class Driver {
  readonly #contender: Contender;
  #work: Work | undefined;
  #pad = '';
  #users: readonly string[] = [];
  #next = 0;
  #credit = 0;
  #sending = false;

  constructor(contender: Contender) {
    this.#contender = contender;
  }

  prepare(work: Work): void {
    this.#work = work;
    this.#pad = padding(work.pad);
    if (work.to === 'users') this.#users = Array.from({ length: work.users }, (_, index) => userName(index));
  }

  /** Resolves when the last tick has been sent. What is late is made up for. */
  run({ first, ticks, interval, start }: Schedule): Promise<void> {
    this.#next = first;
    const end = first + ticks;
    return new Promise((resolve) => {
      const step = (): void => {
        const due = start + (this.#next - first) * interval;
        const wait = due - now();
        if (wait > 0) {
          setTimeout(step, Math.ceil(wait / 1e3));
          return;
        }
        this.#tick();
        if (this.#next < end) setImmediate(step);
        else resolve();
      };
      step();
    });
  }

  /** Goes on, with so many ticks ahead of what clients have received. */
  flood(ahead: number): void {
    this.grant(ahead);
  }

  /** Clients have received as much as so many ticks. */
  grant(ticks: number): void {
    this.#credit += ticks;
    if (this.#sending) return;
    this.#sending = true;
    setImmediate(this.#spend);
  }

  /** Sends no more. @returns the tick that would have been next. */
  halt(): number {
    this.#credit = -Infinity;
    return this.#next;
  }

  /** After `halt`. */
  rearm(): void {
    this.#credit = 0;
  }

  readonly #spend = (): void => {
    if (this.#credit <= 0) {
      this.#sending = false;
      return;
    }
    this.#credit--;
    this.#tick();
    setImmediate(this.#spend);
  };

  #tick(): void {
    const work = this.#work;
    if (!work) throw new Error('there is no work');
    const tick = this.#next++;
    if (work.to === 'users') {
      const message = payload(0, tick, this.#pad);
      for (const user of this.#users) this.#contender.toUser(user, message);
      return;
    }
    const { channels, burst } = work;
    for (const [stream, channel] of channels.entries()) {
      const messages = Array.from({ length: burst }, (_, index) =>
        payload(stream, tick * burst + index, this.#pad),
      );
      this.#contender.broadcast(channel, messages);
    }
  }
}
