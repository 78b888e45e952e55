/** What a principal must have for a rule to speak for it. All that is given must hold. */
export interface RuleCondition {
  /** A scope of the token, or several, all of which are needed. */
  scope?: string | readonly string[];
  /** The kind of principal. @default any */
  kind?: 'user' | 'service' | 'anonymous';
  /** The issuer of the token, exactly as in `auth`, or several, one of which it must be. @default any */
  issuer?: string | readonly string[];
  /** The tenant of the principal. @default any */
  tenant?: string;
  /**
   * Claims of the token by name, of those that are kept in `CometPrincipal.claims`. A claim that is a list has to hold
   * the value.
   */
  claims?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Permits operations on the channels that a pattern matches. Without a rule that permits it nothing is permitted.
 *
 * Variables stand for what the principal of a session is, written as one segment (`channelSegment`) so that no value
 * can hold a slash or a wildcard: `{userId}`, `{tenant}`, `{serviceId}`, `{clientId}` (the `client_id` of the token, not
 * of the session) and `{claims.name}`, which makes one rule of each entry where the claim is a list, up to 100 of
 * them. For principals without a value the rule is void.
 *
 * @example
 * { channel: '/news/**', subscribe: true, publish: { kind: 'service', scope: 'news:write' } }
 * { channel: '/rooms/{claims.rooms}/**', subscribe: true, publish: { scope: 'chat' }, create: { scope: 'rooms:open' } }
 * { channel: '/admin/**', effect: 'deny', unless: { scope: 'admin' } }
 */
export interface ChannelRule {
  /** A channel or a pattern, for example `/room/*`, `/news/**` or `/inbox/{userId}/**`. */
  channel: string;
  /**
   * `deny` makes the rule forbid what it names, or everything if it names no operation; a rule that denies wins over all
   * that permit. A wildcard subscription that shares a channel with it is forbidden as a whole.
   * @default 'allow'
   */
  effect?: 'allow' | 'deny';
  /** Subscribing. A wildcard subscription must lie within the pattern as a whole. @default false */
  subscribe?: boolean | RuleCondition;
  /** Publishing by clients. `CometService` needs no rule. @default false */
  publish?: boolean | RuleCondition;
  /**
   * Being the first to subscribe or publish to a name that has neither subscribers nor settings, which may be a pattern.
   * @default what the rule says of subscribing or publishing
   */
  create?: boolean | RuleCondition;
  /**
   * Calling services, which are channels below `/service`. A handler is itself the grant; only where a rule permits
   * `call` is a rule needed. In a rule that denies: by default what it says of publishing.
   * @default false
   */
  call?: boolean | RuleCondition;
  /** Whom a rule that denies spares. @default nobody */
  unless?: RuleCondition;
}
