import { contains, isPattern, overlaps } from '../bayeux/channel.js';
import { beginningsOf, namesCovering } from '../bayeux/channel-index.js';

/** Up to so many patterns comparing with each is cheaper than look-ups by the segments of a name. */
const FEW = 8;

/** A channel or pattern that rules are asked about, and what contains it: worked out once for all of them. */
export class AskedName {
  #covering: readonly string[] | undefined;

  constructor(readonly text: string) {}

  get covering(): readonly string[] {
    return (this.#covering ??= [...namesCovering(this.text)]);
  }
}

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

  /** Whether one of them contains all of a name. */
  contains(name: AskedName): boolean {
    const names = this.#names;
    return names
      ? name.covering.some((outer) => names.has(outer))
      : this.#patterns.some((pattern) => contains(pattern, name.text));
  }

  /** Whether one of them shares a channel with a name. */
  overlaps(name: AskedName): boolean {
    const { text } = name;
    if (!this.#names) return this.#patterns.some((pattern) => overlaps(pattern, text));
    if (this.contains(name)) return true;
    if (!isPattern(text)) return false;
    return (text.endsWith('/**') ? this.#beginnings : this.#parents).has(parentOf(text));
  }
}

/** `/a/b` and `/a/*` are below `/a/`. */
function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1);
}
