import type { Incoming } from './incoming.js';
import type { Deadline, Link } from './ports.js';
import type { Session } from './session.js';
import type { SessionHost } from './session-state.js';

/**
 * The place of the one connect of a session that can be held. There is no object for each connect: one that lives until
 * the next message is soon allocated among the old ones, and keeps the whole request from being collected with the young.
 */
export class HeldConnect {
  readonly #session: Session;
  readonly #host: SessionHost;
  readonly #end: Deadline;
  #link: Link | undefined;
  #message: Incoming | undefined;
  /** The browser whose held connects it is counted among. */
  #browser: string | undefined;

  constructor(session: Session, host: SessionHost) {
    this.#session = session;
    this.#host = host;
    this.#end = host.scheduler.deadline(() => {
      session.answerHeld(undefined, [], true);
    });
  }

  /** Where the connect that is held waits for its answer, or `undefined` if none is. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** The connect that is held. */
  get message(): Incoming | undefined {
    return this.#message;
  }

  /** Holds a connect for `timeout` milliseconds. */
  begin(link: Link, message: Incoming, timeout: number, browser: string | undefined): void {
    this.#link = link;
    this.#message = message;
    this.#browser = browser;
    if (browser !== undefined) this.#host.heldConnects.add(browser);
    this.#end.moveTo(this.#host.scheduler.now() + timeout);
    this.#session.observe((observer) => observer.suspended?.(timeout));
  }

  /** The session is over: nothing will be held any more. What is, is still to be answered. */
  close(): void {
    if (!this.#link) this.#end.cancel();
  }

  /** Holds it no longer; `timedOut` if nothing came meanwhile. Whoever asks answers it. */
  release(timedOut: boolean): void {
    if (!this.#link) return;
    const browser = this.#browser;
    this.#link = this.#message = this.#browser = undefined;
    // The next connect is on its way, unless the session is over.
    if (this.#session.ended) this.#end.cancel();
    else this.#end.pause();
    if (browser !== undefined) this.#host.heldConnects.remove(browser);
    this.#session.observe((observer) => observer.resumed?.(timedOut));
  }
}
