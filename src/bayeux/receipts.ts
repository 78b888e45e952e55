import type { Receipt } from './ports.js';
import type { Session } from './session.js';

/** Lets go what was kept back while replies were in its way. */
export class SaidReceipt implements Receipt {
  constructor(readonly session: Session) {}

  settled(): void {
    this.session.said();
  }
}
