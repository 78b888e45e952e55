import { contains, isPattern, overlaps } from '../bayeux/channel.js';
import { beginningsOf, namesCovering } from '../bayeux/channel-index.js';

/** Up to so many patterns comparing with each is cheaper than look-ups by the segments of a name. */
const FEW = 8;

/**
 * Channels and patterns that a rule stands for. Looking a name up takes time by the depth of the name, and not by how
 * many patterns there are: an issuer writes these, and a client asks as often as it likes.
 *
 * @internal
 */
export class PatternSet {
  readonly #patterns: readonly string[];
  /** There are none while comparing is cheaper. */
  readonly #names: ReadonlySet<string> | undefined;
  /** Every beginning of a pattern that ends in a slash: what a name that ends in `/**` contains lies below it. */
  readonly #beginnings = new Set<string>();
  /** The parents of patterns that a name which ends in `/*` may contain. */
  readonly #parents = new Set<string>();

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns;
    if (patterns.length <= FEW) return;
    this.#names = new Set(patterns);
    for (const pattern of this.#names) {
      for (const beginning of beginningsOf(pattern)) this.#beginnings.add(beginning);
      if (!pattern.endsWith('/**')) this.#parents.add(parentOf(pattern));
    }
  }

  /** How many patterns there are. */
  get size(): number {
    return this.#patterns.length;
  }

  /** Whether one of them contains all of `name`, which may be a pattern. */
  contains(name: string): boolean {
    const names = this.#names;
    if (!names) return this.#patterns.some((pattern) => contains(pattern, name));
    for (const outer of namesCovering(name)) if (names.has(outer)) return true;
    return false;
  }

  /** Whether one of them shares a channel with `name`, which may be a pattern. */
  overlaps(name: string): boolean {
    if (!this.#names) return this.#patterns.some((pattern) => overlaps(pattern, name));
    if (this.contains(name)) return true;
    if (!isPattern(name)) return false;
    return (name.endsWith('/**') ? this.#beginnings : this.#parents).has(parentOf(name));
  }
}

/** `/a/b` and `/a/*` are below `/a/`. */
function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1);
}
