/** What a principal must have for a rule to speak for it. All that is given must hold. */
export interface RuleCondition {
  /** A scope of the token. */
  scope?: string;
  /** The kind of principal. @default any */
  kind?: 'user' | 'service' | 'anonymous';
}

/**
 * Permits operations on the channels that a pattern matches. Without a rule that permits it nothing is permitted.
 * `{userId}` stands for the id of the user, written as one segment; for principals without one the rule is void.
 *
 * @example
 * { channel: '/news/**', subscribe: true, publish: { kind: 'service', scope: 'news:write' } }
 */
export interface ChannelRule {
  /** A channel or a pattern, for example `/room/*`, `/news/**` or `/inbox/{userId}/**`. */
  channel: string;
  /** `deny` makes the rule forbid what it names; a rule that denies wins over all that permit. @default 'allow' */
  effect?: 'allow' | 'deny';
  /** Subscribing. A wildcard subscription must lie within the pattern as a whole. @default false */
  subscribe?: boolean | RuleCondition;
  /** Publishing by clients. `CometService` needs no rule. @default false */
  publish?: boolean | RuleCondition;
}
