import { CometLogger } from '../../src/nest/nest.logger.js';
import { SystemScheduler } from '../../src/nest/system.scheduler.js';

/** Time as it passes, for clients that have clocks of their own, but for what a test skips of the server's. */
export class SkippingScheduler extends SystemScheduler {
  /** Not there yet when the clocks are compared for the first time. */
  private skipped: number | undefined;
  /** Has the timer set anew. */
  readonly #alarm = this.deadline(() => undefined);

  constructor() {
    super(new CometLogger());
  }

  override get armed(): number {
    return super.armed - (this.#alarm.due === undefined ? 0 : 1);
  }

  override now(): number {
    return super.now() + (this.skipped ?? 0);
  }

  override wallTime(): number {
    return super.wallTime() + (this.skipped ?? 0);
  }

  /** Moves both clocks on. What has fallen due runs in a turn of its own, as after any wait. */
  skip(milliseconds: number): void {
    this.skipped = (this.skipped ?? 0) + milliseconds;
    this.#alarm.moveTo(-Infinity);
  }
}
