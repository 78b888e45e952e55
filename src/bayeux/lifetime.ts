import type { Deadline } from './ports.js';
import type { Session } from './session.js';
import type { SessionHost } from './session-state.js';

/** Milliseconds that a connect may be overdue before its client counts as gone. */
const PATIENCE = 5_000;

/**
 * For how long a session lives: until its client has been silent for too long. It is armed from the first moment to the
 * last, but for sessions of the server itself, and while a session is suspended, which ends by its token.
 */
export class Lifetime {
  readonly #session: Session;
  readonly #host: SessionHost;
  readonly #expiry: Deadline;
  #processing = 0;
  #processingSince = 0;
  #activeAt: number;
  /** Told when nothing is in processing any more. */
  #idle: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(session: Session, host: SessionHost) {
    this.#session = session;
    this.#host = host;
    this.#activeAt = host.scheduler.now();
    this.#expiry = host.scheduler.deadline(() => {
      this.#expire();
    });
  }

  /** The next connect is overdue. */
  get overdue(): boolean {
    const due = (this.#expiry.due ?? 0) - this.#session.time('maxInterval');
    return this.#host.scheduler.now() > due + PATIENCE;
  }

  /** True if too long nothing has happened but connects. */
  get inactive(): boolean {
    const { maxInactivity } = this.#host.options;
    return maxInactivity > 0 && this.#host.scheduler.now() - this.#activeAt > maxInactivity;
  }

  /** The client is to connect when a connect held for `hold` milliseconds has been answered. */
  arm(hold: number): void {
    const { state } = this.#session;
    if (state.local || this.#session.credential?.suspended) return;
    this.#expiry.moveTo(
      this.#host.scheduler.now() + hold + state.interval + this.#session.time('maxInterval'),
    );
  }

  /** Silence does not count until it is armed again. */
  pause(): void {
    this.#expiry.cancel();
  }

  /** Any message but a connect: the client lives. It puts expiry off but does not suspend it. */
  touch(): void {
    this.active();
    this.heard();
  }

  /** The client lives. */
  heard(): void {
    const alive = this.#host.scheduler.now() + this.#session.time('maxInterval');
    const due = this.#expiry.due;
    if (due !== undefined && due < alive) this.#expiry.moveTo(alive);
  }

  /** Something has happened that is no mere connect. */
  active(): void {
    this.#activeAt = this.#host.scheduler.now();
  }

  beginProcessing(): void {
    if (this.#processing++ === 0) this.#processingSince = this.#host.scheduler.now();
  }

  endProcessing(): void {
    if (--this.#processing > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** A promise while something is in processing, which resolves when nothing is any more. */
  idle(): Promise<void> | undefined {
    if (this.#processing === 0) return undefined;
    if (!this.#idle) {
      let resolve: () => void = () => undefined;
      const promise = new Promise<void>((done) => (resolve = done));
      this.#idle = { promise, resolve };
    }
    return this.#idle.promise;
  }

  end(): void {
    this.#expiry.cancel();
  }

  #expire(): void {
    const { scheduler, options } = this.#host;
    const limit = this.#processingSince + options.maxProcessing;
    if (this.#processing > 0 && scheduler.now() < limit) this.#expiry.moveTo(limit);
    else this.#session.end('timeout');
  }
}
