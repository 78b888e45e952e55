/** Violations that are shown in full; all are counted. */
const SHOWN = 20;

/** Counts what the clients did and saw, and above all what they should never have seen. */
export class Tally {
  readonly #events = new Map<string, number>();
  readonly #violations = new Map<string, number>();
  readonly #examples: string[] = [];

  /** Something that may happen. */
  count(what: string, by = 1): void {
    this.#events.set(what, this.of(what) + by);
  }

  of(what: string): number {
    return this.#events.get(what) ?? 0;
  }

  /** Something that may not. */
  violation(kind: string, details: string): void {
    this.#violations.set(kind, (this.#violations.get(kind) ?? 0) + 1);
    if (this.#examples.length >= SHOWN) return;
    this.#examples.push(`${kind}: ${details}`);
    console.error(`VIOLATION ${kind}: ${details}`);
  }

  get violated(): number {
    return [...this.#violations.values()].reduce((sum, count) => sum + count, 0);
  }

  get events(): Record<string, number> {
    return Object.fromEntries([...this.#events].sort(([left], [right]) => left.localeCompare(right)));
  }

  get violations(): Record<string, number> {
    return Object.fromEntries(this.#violations);
  }

  get examples(): readonly string[] {
    return this.#examples;
  }
}
