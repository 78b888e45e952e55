/**
 * How many connects each browser has held over HTTP. A browser opens few connections to one host, so that tabs that all
 * keep one waiting would leave none to send with.
 */
export class HeldConnects {
  readonly #held = new Map<string, number>();

  of(browser: string): number {
    return this.#held.get(browser) ?? 0;
  }

  add(browser: string): void {
    this.#held.set(browser, this.of(browser) + 1);
  }

  remove(browser: string): void {
    const others = this.of(browser) - 1;
    if (others > 0) this.#held.set(browser, others);
    else this.#held.delete(browser);
  }
}
