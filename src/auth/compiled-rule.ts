import type { ChannelRule, RuleCondition } from './channel-rule.js';
import { type CompiledCondition, compileCondition, holds, type RuledPrincipal } from './rule.condition.js';
import { isVariable, valuesOf } from './rule.variables.js';

/** Looks at a pattern that a rule stands for. */
type Matches = (pattern: string) => boolean;

/** What a rule says of one operation, ready to be asked. */
export class CompiledRule {
  readonly #segments: readonly string[];
  readonly #variables: readonly string[];
  /** What stands before, between and after the variables. */
  readonly #texts: readonly string[];
  /** The channel, where no variable has to be filled in. */
  readonly #fixed: string | undefined;
  readonly #condition: CompiledCondition;
  readonly #unless: CompiledCondition | undefined;

  constructor({ channel, unless }: ChannelRule, condition: true | RuleCondition) {
    this.#segments = channel.slice(1).split('/');
    this.#variables = this.#segments.filter(isVariable);
    this.#texts =
      `/${this.#segments.map((segment) => (isVariable(segment) ? '{}' : segment)).join('/')}`.split('{}');
    this.#fixed = this.#variables.length > 0 ? undefined : channel;
    this.#condition = compileCondition(condition);
    this.#unless = unless && compileCondition(unless);
  }

  /** Whether it permits the principal something that `matches` tells. A value that cannot be written permits nothing. */
  permits(principal: RuledPrincipal, matches: Matches): boolean {
    if (!holds(this.#condition, principal)) return false;
    if (this.#fixed !== undefined) return matches(this.#fixed);
    return this.#expand(principal).patterns.some(matches);
  }

  /** Whether it denies it. A value that cannot be written may be any, so that all it could stand for is denied. */
  denies(principal: RuledPrincipal, matches: Matches): boolean {
    if (!holds(this.#condition, principal)) return false;
    if (this.#unless && holds(this.#unless, principal)) return false;
    if (this.#fixed !== undefined) return matches(this.#fixed);
    const { patterns, beyond } = this.#expand(principal);
    return patterns.some(matches) || beyond.some(matches);
  }

  /** Whether it is about a channel for some principal, whatever its variables stand for. */
  concerns(channel: string, contains: (pattern: string, channel: string) => boolean): boolean {
    if (this.#fixed !== undefined) return contains(this.#fixed, channel);
    const named = channel.slice(1).split('/');
    const pattern = this.#segments.map((segment, index) =>
      isVariable(segment) ? (named[index] ?? segment) : segment,
    );
    return contains(`/${pattern.join('/')}`, channel);
  }

  /** The patterns it stands for, and those within which all lies that could not be written. */
  #expand(principal: RuledPrincipal): { readonly patterns: readonly string[]; readonly beyond: string[] } {
    const beyond: string[] = [];
    let patterns: readonly string[] = this.#texts.slice(0, 1);
    for (const [index, variable] of this.#variables.entries()) {
      const { segments, complete } = valuesOf(variable, principal);
      if (!complete) beyond.push(...patterns.map((before) => `${before}**`));
      const after = this.#texts[index + 1] ?? '';
      patterns = patterns.flatMap((before) => segments.map((value) => before + value + after));
    }
    return { patterns, beyond };
  }
}
