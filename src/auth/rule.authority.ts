import { contains, isMeta, isService, overlaps } from '../bayeux/channel.js';
import type { Authority, Decision, Principal } from '../bayeux/ports.js';
import type { ChannelRule, RuleCondition } from './channel-rule.js';
import { ANONYMOUS } from './comet-principal.js';
import { validateRules } from './rule.validation.js';
import { OWN_TREE, USER_TREE, USER_VARIABLE, userSegment } from './user-tree.js';

/** Service channels of the library itself; handlers of the application are not asked there. */
const LIBRARY_SERVICES = '/service/comet/**';

const ALLOWED: Decision = Object.freeze({ allowed: true });
const BY_POLICY: Decision = Object.freeze({ allowed: false, why: 'denied_by_security_policy' });
const NOT_GRANTED: Decision = Object.freeze({ allowed: false, why: 'denied_by_not_granting' });

/** A principal that is not ours, as a verifier of the application or a test may make it, may have no scopes. */
type ScopedPrincipal = Principal & { readonly scopes?: readonly string[] };

interface CompiledRule {
  /** The channel, split at the variable; one part if there is none. */
  readonly parts: readonly string[];
  readonly condition: RuleCondition;
}

interface RuleSet {
  readonly deny: readonly CompiledRule[];
  readonly allow: readonly CompiledRule[];
}

/**
 * Decides by the channel rules of the application. What no rule permits is refused, a rule that denies wins, and
 * whatever the rules say, nobody reaches the tree of another user.
 */
export class RuleAuthority implements Authority {
  readonly anonymous: Principal | undefined;
  readonly #subscribe: RuleSet;
  readonly #publish: RuleSet;

  /**
   * @param anonymous whether a handshake without credentials is accepted; the rules apply to it too.
   * @throws TypeError if a rule cannot mean what it says; `validateRules` tells what is wrong.
   */
  constructor(rules: readonly ChannelRule[], anonymous: boolean) {
    const mistakes = validateRules(rules);
    if (mistakes.length > 0) throw new TypeError(mistakes.join('\n'));
    this.anonymous = anonymous ? ANONYMOUS : undefined;
    this.#subscribe = compile(rules, 'subscribe');
    this.#publish = compile(rules, 'publish');
  }

  /**
   * A pattern is permitted only as a whole: it must lie within one rule that permits, and share no channel with a
   * rule that denies. Otherwise `/user/*` would slip through because `/user/alice` is permitted.
   */
  subscribe(principal: ScopedPrincipal, pattern: string): Decision {
    const segment = userSegment(principal);
    if (isMeta(pattern) || isForeign(pattern, segment)) return BY_POLICY;
    const speaks = (rules: readonly CompiledRule[], matches: (channel: string, pattern: string) => boolean) =>
      rules.some((rule) => applies(rule, principal, segment, (channel) => matches(channel, pattern)));
    if (speaks(this.#subscribe.deny, overlaps)) return BY_POLICY;
    return isOwn(pattern, segment) || speaks(this.#subscribe.allow, contains) ? ALLOWED : NOT_GRANTED;
  }

  publish(principal: ScopedPrincipal, channel: string): Decision {
    const segment = userSegment(principal);
    if (isMeta(channel) || isForeign(channel, segment)) return BY_POLICY;
    const speaks = (rules: readonly CompiledRule[]) =>
      rules.some((rule) => applies(rule, principal, segment, (pattern) => contains(pattern, channel)));
    if (speaks(this.#publish.deny)) return BY_POLICY;
    return speaks(this.#publish.allow) ? ALLOWED : NOT_GRANTED;
  }

  /** A handler on the server is itself the grant, and guards narrow it; so only rules that deny are asked. */
  call(principal: ScopedPrincipal, channel: string): Decision {
    if (!isService(channel)) return NOT_GRANTED;
    if (contains(LIBRARY_SERVICES, channel)) return BY_POLICY;
    const segment = userSegment(principal);
    const denied = this.#publish.deny.some((rule) =>
      applies(rule, principal, segment, (pattern) => contains(pattern, channel)),
    );
    return denied ? BY_POLICY : ALLOWED;
  }
}

function compile(rules: readonly ChannelRule[], operation: 'subscribe' | 'publish'): RuleSet {
  const select = (effect: 'allow' | 'deny') =>
    rules.flatMap((rule): CompiledRule[] => {
      const condition = rule[operation] ?? false;
      if (condition === false || (rule.effect ?? 'allow') !== effect) return [];
      return [
        { parts: rule.channel.split(USER_VARIABLE), condition: condition === true ? {} : { ...condition } },
      ];
    });
  return { deny: select('deny'), allow: select('allow') };
}

function applies(
  rule: CompiledRule,
  principal: ScopedPrincipal,
  segment: string | undefined,
  matches: (channel: string) => boolean,
): boolean {
  const { kind, scope } = rule.condition;
  if (kind !== undefined && kind !== principal.kind) return false;
  if (scope !== undefined && principal.scopes?.includes(scope) !== true) return false;
  const channel = expand(rule.parts, segment);
  return channel !== undefined && matches(channel);
}

/** The variable is filled in after escaping, so that no user id can hold a slash or a wildcard. */
function expand(parts: readonly string[], segment: string | undefined): string | undefined {
  if (parts.length === 1) return parts[0];
  return segment === undefined ? undefined : parts.join(segment);
}

const OWN_TREE_PARTS = OWN_TREE.split(USER_VARIABLE);

function isOwn(name: string, segment: string | undefined): boolean {
  const tree = expand(OWN_TREE_PARTS, segment);
  return tree !== undefined && contains(tree, name);
}

function isForeign(name: string, segment: string | undefined): boolean {
  return overlaps(USER_TREE, name) && !isOwn(name, segment);
}
