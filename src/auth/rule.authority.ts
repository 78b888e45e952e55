import { contains, isMeta, isPattern, isService, overlaps } from '../bayeux/channel.js';
import type { Operation } from '../bayeux/errors.js';
import type { Authority, Decision, Principal } from '../bayeux/ports.js';
import type { ChannelRule, RuleCondition } from './channel-rule.js';
import { ANONYMOUS } from './comet-principal.js';
import { CompiledRule, type Subject } from './compiled-rule.js';
import { AskedName } from './pattern-set.js';
import { PrincipalMemo, type Question, type Remembered } from './principal-memo.js';
import type { RuledPrincipal } from './rule.condition.js';
import { validateRules } from './rule.validation.js';
import { OWN_TREE, USER_TREE, USER_VARIABLE, userSegment } from './user-tree.js';

/** Service channels of the library itself; handlers of the application are not asked there. */
const LIBRARY_SERVICES = '/service/comet/**';

const ALLOWED: Decision = Object.freeze({ allowed: true });
const BY_POLICY: Decision = Object.freeze({ allowed: false, why: 'denied_by_security_policy' });
const NOT_GRANTED: Decision = Object.freeze({ allowed: false, why: 'denied_by_not_granting' });

/** How the log speaks of what a rule would have to permit, and of whom. */
const VERBS: Readonly<Record<Operation, string>> = {
  subscribe: 'subscribe there',
  publish: 'publish there',
  call: 'call it',
  create: 'create it',
};
const KINDS = {
  user: { all: 'users', this: 'this user' },
  service: { all: 'services', this: 'this service' },
  anonymous: { all: 'anonymous sessions', this: 'anonymous sessions' },
} as const;

/** Rules that the log names at most for one denial. */
const EXPLAINED = 3;

interface RuleSet {
  readonly deny: readonly CompiledRule[];
  readonly allow: readonly CompiledRule[];
}

/** What a rule says of an operation. */
type Reading = (rule: ChannelRule) => boolean | RuleCondition | undefined;

/**
 * Decides by the channel rules of the application. What no rule permits is refused, a rule that denies wins, and
 * whatever the rules say, nobody reaches the tree of another user.
 */
export class RuleAuthority implements Authority {
  readonly anonymous: Principal | undefined;
  /** Where no rule speaks of creating, whoever may subscribe or publish may create, and there is nothing to ask. */
  readonly create?: NonNullable<Authority['create']>;
  readonly #subscribe: RuleSet;
  readonly #publish: RuleSet;
  readonly #call: RuleSet;
  readonly #create: Readonly<Record<'subscribe' | 'publish', RuleSet>> | undefined;
  readonly #memo = new PrincipalMemo();

  /**
   * @param anonymous whether a handshake without credentials is accepted; the rules apply to it too.
   * @throws TypeError if a rule cannot mean what it says; `validateRules` tells what is wrong.
   */
  constructor(rules: readonly ChannelRule[], anonymous: boolean) {
    const mistakes = validateRules(rules);
    if (mistakes.length > 0) throw new TypeError(mistakes.join('\n'));
    this.anonymous = anonymous ? ANONYMOUS : undefined;
    this.#subscribe = compile(rules, ({ subscribe }) => subscribe);
    this.#publish = compile(rules, ({ publish }) => publish);
    this.#call = compile(rules, ({ effect, publish, call }) => call ?? (effect === 'deny' && publish));
    if (rules.every(({ create }) => create === undefined)) return;
    const sets = (this.#create = setsForCreation(rules));
    this.create = (principal: RuledPrincipal, name, operation) =>
      this.#decide(`create by ${operation}`, principal, name, (subject) => {
        const own = operation === 'subscribe' && treeOf(subject, name) === 'own';
        return judge(sets[operation], subject, name, own);
      });
  }

  /**
   * A pattern is permitted only as a whole: it must lie within one rule that permits, and share no channel with a
   * rule that denies. Otherwise `/user/*` would slip through because `/user/alice` is permitted.
   */
  subscribe(principal: RuledPrincipal, pattern: string): Decision {
    return this.#decide('subscribe', principal, pattern, (subject) => {
      const tree = treeOf(subject, pattern);
      if (isMeta(pattern) || tree === 'foreign') return BY_POLICY;
      return judge(this.#subscribe, subject, pattern, tree === 'own');
    });
  }

  publish(principal: RuledPrincipal, channel: string): Decision {
    return this.#decide('publish', principal, channel, (subject) => {
      if (isMeta(channel) || treeOf(subject, channel) === 'foreign') return BY_POLICY;
      return judge(this.#publish, subject, channel);
    });
  }

  /** A handler on the server is itself the grant, and guards narrow it; rules are asked where they speak of calls. */
  call(principal: RuledPrincipal, channel: string): Decision {
    return this.#decide('call', principal, channel, (subject) => {
      if (!isService(channel)) return NOT_GRANTED;
      if (contains(LIBRARY_SERVICES, channel)) return BY_POLICY;
      const ruled = this.#call.allow.some((rule) => rule.concerns(channel));
      return judge(this.#call, subject, channel, !ruled);
    });
  }

  /** The rule that denied, or which rules permit the same to others. */
  explain(
    principal: RuledPrincipal,
    name: string,
    operation: Operation,
    by: Exclude<Operation, 'create'>,
  ): string {
    const subject: Subject = { principal, remembered: this.#memo.of(principal), memo: this.#memo };
    if (isMeta(name)) return 'it belongs to the protocol';
    if (treeOf(subject, name) === 'foreign') return 'it reaches the channels of other users';
    if (contains(LIBRARY_SERVICES, name)) return 'it belongs to the library';
    const creation = by === 'call' ? undefined : this.#create?.[by];
    const rules = (operation === 'create' ? creation : undefined) ?? this.#setOf(by);
    const asked = new AskedName(name);
    const denying = rules.deny.find((rule) => rule.denies(subject, asked));
    if (denying) return `the rule for ${denying.channel} denies it`;
    const whole = operation === 'subscribe' && isPattern(name);
    const verb = whole ? 'subscribe to all that it matches' : VERBS[operation];
    const others = rules.allow.filter((rule) => rule.concerns(name)).map(({ description }) => description);
    if (others.length === 0) return `no rule permits ${KINDS[principal.kind].all} to ${verb}`;
    const more = others.length > EXPLAINED ? ', and more' : '';
    const named = others.slice(0, EXPLAINED).join(', ');
    return `no rule permits ${KINDS[principal.kind].this} to ${verb}; rules permit it to others: ${named}${more}`;
  }

  #setOf(operation: Exclude<Operation, 'create'>): RuleSet {
    return { subscribe: this.#subscribe, publish: this.#publish, call: this.#call }[operation];
  }

  /** What was decided before is not decided again: a client may ask for the same as often as it likes. */
  #decide(
    question: Question,
    principal: RuledPrincipal,
    name: string,
    judged: (subject: Subject) => Decision,
  ): Decision {
    const remembered = this.#memo.of(principal);
    const known = remembered.decisions[question]?.get(name);
    if (known) return known;
    const decision = judged({ principal, remembered, memo: this.#memo });
    this.#memo.decide(remembered, question, name, decision);
    return decision;
  }
}

/** A rule that permits an operation permits to create for it, unless it says otherwise. */
function setsForCreation(rules: readonly ChannelRule[]): Readonly<Record<'subscribe' | 'publish', RuleSet>> {
  return {
    subscribe: compile(rules, ({ effect, subscribe, create }) => create ?? (effect !== 'deny' && subscribe)),
    publish: compile(rules, ({ effect, publish, create }) => create ?? (effect !== 'deny' && publish)),
  };
}

function compile(rules: readonly ChannelRule[], read: Reading): RuleSet {
  const select = (effect: 'allow' | 'deny') =>
    rules.flatMap((rule): CompiledRule[] => {
      if ((rule.effect ?? 'allow') !== effect) return [];
      const condition = deniesAll(rule) || (read(rule) ?? false);
      return condition === false ? [] : [new CompiledRule(rule, condition)];
    });
  return { deny: select('deny'), allow: select('allow') };
}

/** A rule that denies and says not what, denies everything. */
function deniesAll({ effect, subscribe, publish, create, call }: ChannelRule): boolean {
  return (
    effect === 'deny' && [subscribe, publish, create, call].every((operation) => operation === undefined)
  );
}

/** `own` is what is permitted without a rule, unless one denies it. */
function judge(rules: RuleSet, subject: Subject, name: string, own = false): Decision {
  const asked = new AskedName(name);
  if (rules.deny.some((rule) => rule.denies(subject, asked))) return BY_POLICY;
  if (own) return ALLOWED;
  return rules.allow.some((rule) => rule.permits(subject, asked)) ? ALLOWED : NOT_GRANTED;
}

const OWN_TREE_PARTS = OWN_TREE.split(USER_VARIABLE);

/** Whose tree a name lies in, if it touches one at all. */
function treeOf({ principal, remembered }: Subject, name: string): 'own' | 'foreign' | undefined {
  if (!overlaps(USER_TREE, name)) return undefined;
  const segment = segmentOf(principal, remembered);
  return segment !== undefined && contains(OWN_TREE_PARTS.join(segment), name) ? 'own' : 'foreign';
}

function segmentOf(principal: Principal, remembered: Remembered): string | undefined {
  if (remembered.segment === null) remembered.segment = userSegment(principal);
  return remembered.segment;
}
