import { contains } from '../bayeux/channel.js';
import type { ChannelRule, RuleCondition } from './channel-rule.js';
import { AskedName, PatternSet } from './pattern-set.js';
import type { PrincipalMemo, Remembered } from './principal-memo.js';
import { type CompiledCondition, compileCondition, holds, type RuledPrincipal } from './rule.condition.js';
import { isVariable, valuesOf } from './rule.variables.js';

/** A principal that rules are asked about, and where to look for what has been worked out for it. */
export interface Subject {
  readonly principal: RuledPrincipal;
  readonly remembered: Remembered;
  readonly memo: PrincipalMemo;
}

/** What a rule says of one operation, ready to be asked. */
export class CompiledRule {
  /** The channel as the application wrote it. */
  readonly channel: string;
  readonly #asks: true | RuleCondition;
  readonly #segments: readonly string[];
  readonly #variables: readonly string[];
  /** What stands before, between and after the variables. */
  readonly #texts: readonly string[];
  /** The channel, where no variable has to be filled in. */
  readonly #fixed: PatternSet | undefined;
  /** The same where the rule speaks for every principal as well. */
  readonly #same: PatternSet | undefined;
  readonly #condition: CompiledCondition;
  readonly #unless: CompiledCondition | undefined;
  readonly #denies: boolean;

  constructor({ channel, effect, unless }: ChannelRule, condition: true | RuleCondition) {
    this.channel = channel;
    this.#asks = condition;
    this.#segments = channel.slice(1).split('/');
    this.#variables = this.#segments.filter(isVariable);
    this.#texts =
      `/${this.#segments.map((segment) => (isVariable(segment) ? '{}' : segment)).join('/')}`.split('{}');
    this.#fixed = this.#variables.length > 0 ? undefined : new PatternSet([channel]);
    this.#condition = compileCondition(condition);
    this.#unless = unless && compileCondition(unless);
    this.#denies = effect === 'deny';
    this.#same = condition === true && !unless ? this.#fixed : undefined;
  }

  /** Its channel, and what principals need for it. */
  get description(): string {
    return this.#asks === true ? this.channel : `${this.channel} with ${JSON.stringify(this.#asks)}`;
  }

  /** Whether it permits a name as a whole. A value that cannot be written permits nothing. */
  permits(subject: Subject, name: AskedName): boolean {
    return this.#patternsFor(subject)?.contains(name) === true;
  }

  /** Whether it denies a name. A value that cannot be written may be any, so that all it could stand for is denied. */
  denies(subject: Subject, name: AskedName): boolean {
    return this.#patternsFor(subject)?.overlaps(name) === true;
  }

  /** Whether it is about a channel for some principal, whatever its variables stand for. */
  concerns(channel: string): boolean {
    if (this.#fixed !== undefined) return this.#fixed.contains(new AskedName(channel));
    const named = channel.slice(1).split('/');
    const pattern = this.#segments.map((segment, index) =>
      isVariable(segment) ? (named[index] ?? segment) : segment,
    );
    return contains(`/${pattern.join('/')}`, channel);
  }

  /** What it stands for; `undefined` if it does not speak for the principal. What fails is tried again. */
  #patternsFor({ principal, remembered, memo }: Subject): PatternSet | undefined {
    if (this.#same) return this.#same;
    const known = remembered.readings.get(this);
    if (known !== undefined || remembered.readings.has(this)) return known;
    const patterns = this.#speaksFor(principal) ? (this.#fixed ?? this.#expand(principal)) : undefined;
    memo.read(remembered, this, patterns);
    return patterns;
  }

  #speaksFor(principal: RuledPrincipal): boolean {
    return holds(this.#condition, principal) && !(this.#unless && holds(this.#unless, principal));
  }

  /** The patterns it stands for, and if it denies those within which all lies that could not be written. */
  #expand(principal: RuledPrincipal): PatternSet {
    const beyond: string[] = [];
    let patterns: readonly string[] = this.#texts.slice(0, 1);
    for (const [index, variable] of this.#variables.entries()) {
      const { segments, complete } = valuesOf(variable, principal);
      if (!complete) beyond.push(...patterns.map((before) => `${before}**`));
      const after = this.#texts[index + 1] ?? '';
      patterns = patterns.flatMap((before) => segments.map((value) => before + value + after));
    }
    return new PatternSet(this.#denies ? [...patterns, ...beyond] : patterns);
  }
}
