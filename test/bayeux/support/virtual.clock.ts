import { VirtualScheduler } from '../../support/virtual.scheduler.js';

/** A clock with which a test decides, too, when a turn ends. */
export class VirtualClock extends VirtualScheduler {
  #tasks: (() => void)[] = [];

  /** Tasks that wait for the end of the turn. */
  get pendingTasks(): number {
    return this.#tasks.length;
  }

  override endOfTurn(task: () => void): void {
    this.#tasks.push(task);
  }

  /** Ends the turn. */
  turn(): void {
    for (const task of this.#tasks.splice(0)) task();
  }

  /** Moves the clock and ends the turn. */
  override advance(milliseconds: number): number {
    const ran = super.advance(milliseconds);
    this.turn();
    return ran;
  }
}
