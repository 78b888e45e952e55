import type { Decision, Principal } from '../bayeux/ports.js';
import type { PatternSet } from './pattern-set.js';

/** What is asked of the rules. */
export type Question = 'subscribe' | 'publish' | 'call' | 'create by subscribe' | 'create by publish';

/** What was worked out for one principal. */
export interface Remembered {
  /** The segment of its user. `null` while nothing has asked for it. */
  segment: string | undefined | null;
  /** What each rule that depends on the principal stands for; `undefined` in it if the rule does not speak for it. */
  readonly readings: Map<object, PatternSet | undefined>;
  /** What was decided, by what was asked and the name. */
  readonly decisions: Partial<Record<Question, Map<string, Decision>>>;
}

/** Patterns and decisions that one generation holds, over all principals. */
const CAPACITY = 20_000;

/** Decisions of one kind that are kept for one principal, as a client may name ever new channels. */
const DECISIONS_OF_ONE = 1_000;

/**
 * Remembers what rules mean for a principal: to write a hundred entries of a claim as segments, or to look through a
 * thousand scopes, costs more than a client may have for each name it asks for. A principal is never changed, and what
 * was worked out for it goes with it.
 *
 * There are two generations. Once the younger one is full it becomes the older one, whose entries are kept only if
 * they are used again, so that no number of principals or names fills the memory.
 *
 * @internal
 */
export class PrincipalMemo {
  #young = new WeakMap<Principal, Remembered>();
  #old = new WeakMap<Principal, Remembered>();
  #size = 0;

  /** Entries of the younger generation. */
  get size(): number {
    return this.#size;
  }

  /** What is remembered of a principal, to be read and added to. */
  of(principal: Principal): Remembered {
    const known = this.#young.get(principal);
    if (known) return known;
    const remembered = this.#old.get(principal) ?? {
      segment: null,
      readings: new Map(),
      decisions: {},
    };
    this.#young.set(principal, remembered);
    this.#grow(1 + sizeOf(remembered));
    return remembered;
  }

  /** Remembers what a rule stands for. */
  read(remembered: Remembered, rule: object, patterns: PatternSet | undefined): void {
    remembered.readings.set(rule, patterns);
    this.#grow(1 + (patterns?.size ?? 0));
  }

  /** Remembers what was decided. */
  decide(remembered: Remembered, question: Question, name: string, decision: Decision): void {
    const decided = (remembered.decisions[question] ??= new Map<string, Decision>());
    if (decided.size >= DECISIONS_OF_ONE) decided.clear();
    decided.set(name, decision);
    this.#grow(1);
  }

  #grow(by: number): void {
    this.#size += by;
    if (this.#size <= CAPACITY) return;
    this.#old = this.#young;
    this.#young = new WeakMap();
    this.#size = 0;
  }
}

function sizeOf({ readings, decisions }: Remembered): number {
  let size = 0;
  for (const patterns of readings.values()) size += 1 + (patterns?.size ?? 0);
  for (const decided of Object.values(decisions)) size += decided.size;
  return size;
}
