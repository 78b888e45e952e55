import type { Batch } from './outbox.js';
import type { Receipt } from './ports.js';
import type { Session } from './session.js';

/** Puts back what a link was given and did not send. */
export class BatchReceipt implements Receipt {
  constructor(
    readonly session: Session,
    readonly batch: Batch,
  ) {}

  settled(flushed: boolean): void {
    this.session.settled(this.batch, this.batch.owner, flushed);
  }
}

/** Lets go what was kept back while replies were in its way. */
export class SaidReceipt implements Receipt {
  constructor(readonly session: Session) {}

  settled(): void {
    this.session.said();
  }
}
