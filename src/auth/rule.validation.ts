import { isChannel, isMeta, isService } from '../bayeux/channel.js';
import { isJsonObject } from '../bayeux/message.js';
import type { JsonObject } from '../bayeux/message.js';
import type { ChannelRule } from './channel-rule.js';
import { conditionMistakes } from './rule.condition.validation.js';
import { isClaimVariable, isVariable, VARIABLES } from './rule.variables.js';
import { OWN_TREE } from './user-tree.js';

/** Rules are written by the operator; what peers name has limits of its own. */
const NO_LIMITS = { maxLength: Infinity, maxDepth: Infinity };

/** Patterns that services lie within, besides those of their own. */
const EVERYTHING: readonly string[] = ['/*', '/**'];

const OPERATIONS: readonly string[] = ['subscribe', 'publish', 'create', 'call'];
const RULE_MEMBERS: readonly string[] = ['channel', 'effect', ...OPERATIONS, 'unless'];

/**
 * What is wrong with channel rules: one sentence for each mistake, saying what to write instead. Empty if nothing is.
 * Conditions may name `issuers` only, if these are known.
 * A mistake in a rule is one that opens a channel to everybody, or to nobody, so all of it is checked, types too.
 */
export function validateRules(rules: readonly ChannelRule[], issuers?: readonly string[]): string[] {
  return rules.flatMap((rule: unknown, index) => {
    const name = `rules[${index.toString()}]`;
    if (!isJsonObject(rule)) return [`${name} must be an object with a channel.`];
    const { channel } = rule;
    if (typeof channel !== 'string') {
      return [`${name} has no channel: write a channel or a pattern, for example '/news/**'.`];
    }
    const rulePrefix = `${name} ('${channel}')`;
    return [
      ...memberMistakes(rule),
      ...operationMistakes(rule, issuers),
      ...channelMistakes(channel, rule),
    ].map((mistake) => `${rulePrefix} ${mistake}`);
  });
}

function memberMistakes(rule: JsonObject): string[] {
  const mistakes = unknownMembers(rule, RULE_MEMBERS).map(
    (member) => `has the unknown member '${member}': write ${RULE_MEMBERS.join(', ')}.`,
  );
  if (rule.effect !== undefined && rule.effect !== 'allow' && rule.effect !== 'deny') {
    mistakes.push("has an unknown effect: write 'allow' or 'deny'.");
  }
  return mistakes;
}

function operationMistakes(rule: JsonObject, issuers: readonly string[] | undefined): string[] {
  const { effect, unless } = rule;
  const mistakes: string[] = [];
  if (Object.hasOwn(rule, 'unless')) {
    if (effect !== 'deny')
      mistakes.push("has unless, but does not deny: write effect: 'deny', or leave it out.");
    mistakes.push(...conditionMistakes('unless', unless, issuers));
  }
  const operations = OPERATIONS.filter((name) => (rule[name] ?? false) !== false);
  const unnamed = OPERATIONS.every((name) => rule[name] === undefined);
  if (operations.length === 0 && !(effect === 'deny' && unnamed)) {
    mistakes.push(`names no operation: write ${OPERATIONS.join(', ')} or several of them.`);
  }
  const named = operations.filter((name) => rule[name] !== true);
  return [...mistakes, ...named.flatMap((name) => conditionMistakes(name, rule[name], issuers))];
}

function channelMistakes(channel: string, rule: JsonObject): string[] {
  if (!channel.startsWith('/')) return [`must begin with a slash: write '/${channel}'.`];
  const segments = channel.slice(1).split('/');
  const spelling = segments.flatMap((segment, index) =>
    segmentMistakes(segment, index === segments.length - 1),
  );
  return spelling.length > 0 ? spelling : reservedMistakes(channel, rule);
}

function segmentMistakes(segment: string, last: boolean): string[] {
  if (segment === '') return ['has an empty segment: write one slash between segments and none at the end.'];
  if (segment === '*' || segment === '**') {
    return last
      ? []
      : [`has the wildcard '${segment}' before its end: write a wildcard as the last segment only.`];
  }
  if (isVariable(segment) || isChannel(`/${segment}`, NO_LIMITS)) return [];
  const variables = segment.match(/\{[^{}]*\}/g) ?? [];
  const unknown = variables.filter((variable) => !isVariable(variable));
  if (unknown.length > 0) {
    return unknown.map(
      (variable) => `has the unknown variable '${variable}': write one of ${VARIABLES.join(', ')}.`,
    );
  }
  const [variable] = variables;
  if (variable !== undefined) {
    return [`has '${variable}' within the segment '${segment}': write it as a segment of its own.`];
  }
  if (segment.includes('*')) {
    return [`has a wildcard within the segment '${segment}': write '*' or '**' as the whole last segment.`];
  }
  return [
    `has the segment '${segment}' with characters that no channel has: use A-Z a-z 0-9 ! # $ ( ) + - . @ _ ~.`,
  ];
}

function reservedMistakes(channel: string, rule: JsonObject): string[] {
  if (isMeta(channel))
    return ['is a channel of the protocol itself, for which there are no rules: remove it.'];
  if (channel.split('/').filter(isClaimVariable).length > 1) {
    return ['has more than one claim in its channel: write one, so that rules do not multiply.'];
  }
  if (rule.effect === 'deny') return [];
  if (isService(channel)) return serviceMistakes(rule);
  if ((rule.call ?? false) !== false && !EVERYTHING.includes(channel)) {
    return ["permits calls of what is no service: write call in a rule for '/service/…'."];
  }
  if (channel.startsWith('/user/') && !channel.startsWith(OWN_TREE.slice(0, -2))) {
    return [`cannot open the tree of another user: write '${OWN_TREE}', which stands for each user's own.`];
  }
  return [];
}

function serviceMistakes(rule: JsonObject): string[] {
  const permitted = ['subscribe', 'publish', 'create'].filter((name) => (rule[name] ?? false) !== false);
  if (permitted.length === 0) return [];
  return [
    `permits nothing with ${permitted.join(' and ')}: the handler of a service channel is itself the grant. ` +
      'Remove it, or write call and what clients need for it, ' +
      "or a rule with the effect 'deny' and publish, or a guard on the handler.",
  ];
}

function unknownMembers(value: JsonObject, known: readonly string[]): string[] {
  return Object.keys(value).filter((member) => !known.includes(member));
}
