import { Delivery } from '../bayeux/delivery.js';
import { replyText } from '../bayeux/reply-text.js';
import type { Outbound, Scheduler } from '../bayeux/ports.js';

/** Runs that are remembered at a time: what the sessions of one turn wait for is mostly the same. */
const REMEMBERED = 16;

/** Messages that leave together, written once for all sessions that get the same ones. */
export class Run {
  /** The messages as elements of a JSON array. */
  readonly text: string;
  /** Bytes of the text in UTF-8. */
  readonly bytes: number;
  /** The array as a WebSocket frame, once one was asked for. */
  frame: Buffer | undefined;

  constructor(readonly messages: readonly Delivery[]) {
    let text = '';
    let bytes = 0;
    for (const delivery of messages) {
      text += text === '' ? delivery.text : `,${delivery.text}`;
      bytes += delivery.bytes;
    }
    this.text = text;
    this.bytes = bytes + messages.length - 1;
  }
}

/** A text, and how many bytes of UTF-8 it is. */
export interface Encoded {
  readonly text: string;
  readonly bytes: number;
}

/** The runs of this turn. They are forgotten after it, so that no message is kept for having been sent. */
export class RunCache {
  readonly #scheduler: Scheduler;
  #runs: Run[] = [];
  #last: Run | undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** The array of a response: messages that others get as well are written once, replies are the receiver's own. */
  encode(messages: readonly Outbound[]): Encoded {
    const count = runLength(messages);
    const run = count > 0 ? this.of(messages, count) : undefined;
    let text = run ? `[${run.text}` : '[';
    // Counted piece by piece: a look at the whole would first have it copied together.
    let bytes = (run?.bytes ?? 0) + messages.length - count + (run ? 2 : 1);
    for (let index = count; index < messages.length; index++) {
      const message = messages[index] as Outbound;
      const own = message instanceof Delivery;
      const next = own ? message.text : replyText(message);
      text += index === 0 ? next : `,${next}`;
      bytes += own ? message.bytes : Buffer.byteLength(next);
    }
    return { text: `${text}]`, bytes: messages.length === 0 ? 2 : bytes };
  }

  /** The run that the first `count` of `messages` are, of which there is at least one. */
  of(messages: readonly Outbound[], count: number): Run {
    if (this.#last && isRunOf(this.#last, messages, count)) return this.#last;
    let run = this.#runs.find((known) => isRunOf(known, messages, count));
    if (!run) {
      run = new Run(messages.slice(0, count) as Delivery[]);
      if (this.#runs.push(run) === 1) this.#scheduler.endOfTurn(this.#forget);
      if (this.#runs.length > REMEMBERED) this.#runs.shift();
    }
    this.#last = run;
    return run;
  }

  readonly #forget = (): void => {
    this.#runs = [];
    this.#last = undefined;
  };
}

/** How many messages there are ahead of the first reply. */
export function runLength(messages: readonly Outbound[]): number {
  let count = 0;
  while (messages[count] instanceof Delivery) count++;
  return count;
}

function isRunOf({ messages }: Run, others: readonly Outbound[], count: number): boolean {
  if (messages.length !== count) return false;
  for (let index = 0; index < count; index++) if (messages[index] !== others[index]) return false;
  return true;
}
