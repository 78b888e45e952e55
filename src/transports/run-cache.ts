import type { Delivery } from '../bayeux/delivery.js';
import type { Scheduler } from '../bayeux/ports.js';

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

/** The runs of this turn. They are forgotten after it, so that no message is kept for having been sent. */
export class RunCache {
  readonly #scheduler: Scheduler;
  #runs: Run[] = [];
  #last: Run | undefined;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** The run of these messages, of which there is at least one. */
  of(messages: readonly Delivery[]): Run {
    if (this.#last && isRunOf(this.#last, messages)) return this.#last;
    let run = this.#runs.find((known) => isRunOf(known, messages));
    if (!run) {
      run = new Run(messages);
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

function isRunOf({ messages }: Run, others: readonly Delivery[]): boolean {
  if (messages.length !== others.length) return false;
  for (let index = 0; index < messages.length; index++) if (messages[index] !== others[index]) return false;
  return true;
}
