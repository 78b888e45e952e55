import type { Incoming } from './incoming.js';
import type { Deadline, Link } from './ports.js';
import type { Session } from './session.js';
import type { SessionHost } from './session-state.js';

/** A connect that is waiting for its answer. */
export interface Hold {
  readonly link: Link;
  readonly message: Incoming;
  /** The browser whose held connects it is counted among. */
  readonly browser: string | undefined;
}

/** The place of the one connect of a session that can be held. */
export class HeldConnect {
  readonly #session: Session;
  readonly #host: SessionHost;
  readonly #end: Deadline;
  #hold: Hold | undefined;

  constructor(session: Session, host: SessionHost) {
    this.#session = session;
    this.#host = host;
    this.#end = host.scheduler.deadline(() => {
      session.answerHeld({}, [], true);
    });
  }

  get current(): Hold | undefined {
    return this.#hold;
  }

  /** Holds a connect for `timeout` milliseconds. */
  begin(hold: Hold, timeout: number): void {
    this.#hold = hold;
    if (hold.browser !== undefined) this.#host.heldConnects.add(hold.browser);
    this.#end.moveTo(this.#host.scheduler.now() + timeout);
    this.#session.observe((observer) => observer.suspended?.(timeout));
  }

  /** Holds it no longer; `timedOut` if nothing came meanwhile. Whoever asks answers it. */
  release(timedOut: boolean): Hold | undefined {
    const hold = this.#hold;
    if (!hold) return undefined;
    this.#hold = undefined;
    this.#end.cancel();
    if (hold.browser !== undefined) this.#host.heldConnects.remove(hold.browser);
    this.#session.observe((observer) => observer.resumed?.(timedOut));
    return hold;
  }
}
