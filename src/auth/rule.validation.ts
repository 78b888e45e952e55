import { isChannel, isMeta, isService } from '../bayeux/channel.js';
import { isJsonObject } from '../bayeux/message.js';
import type { JsonObject } from '../bayeux/message.js';
import type { ChannelRule } from './channel-rule.js';
import { OWN_TREE, USER_VARIABLE } from './user-tree.js';

/** Rules are written by the operator; what peers name has limits of its own. */
const NO_LIMITS = { maxLength: Infinity, maxDepth: Infinity };

const RULE_MEMBERS: readonly string[] = ['channel', 'effect', 'subscribe', 'publish'];
const CONDITION_MEMBERS: readonly string[] = ['scope', 'kind'];
const KINDS: readonly unknown[] = ['user', 'service', 'anonymous'];

/**
 * What is wrong with channel rules: one sentence for each mistake, saying what to write instead. Empty if nothing is.
 * A mistake in a rule is one that opens a channel to everybody, or to nobody, so all of it is checked, types too.
 */
export function validateRules(rules: readonly ChannelRule[]): string[] {
  return rules.flatMap((rule: unknown, index) => {
    const name = `rules[${index.toString()}]`;
    if (!isJsonObject(rule)) return [`${name} must be an object with a channel.`];
    const { channel } = rule;
    if (typeof channel !== 'string') {
      return [`${name} has no channel: write a channel or a pattern, for example '/news/**'.`];
    }
    const rulePrefix = `${name} ('${channel}')`;
    return [...memberMistakes(rule), ...operationMistakes(rule), ...channelMistakes(channel, rule)].map(
      (mistake) => `${rulePrefix} ${mistake}`,
    );
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

function operationMistakes(rule: JsonObject): string[] {
  const operations = ['subscribe', 'publish'].filter((name) => (rule[name] ?? false) !== false);
  if (operations.length === 0) return ['names no operation: write subscribe, publish or both.'];
  return operations.flatMap((name) => conditionMistakes(name, rule[name]));
}

function conditionMistakes(operation: string, condition: unknown): string[] {
  if (condition === true) return [];
  if (!isJsonObject(condition)) {
    return [`has a ${operation} that is no condition: write true, false or an object with scope or kind.`];
  }
  const mistakes = unknownMembers(condition, CONDITION_MEMBERS).map(
    (member) => `has the unknown member '${member}' in ${operation}: write scope or kind.`,
  );
  // An undefined member is what remains of a setting that was forgotten; taken as no condition it would open the
  // channel to everybody.
  if (Object.hasOwn(condition, 'scope') && !isScope(condition.scope)) {
    mistakes.push(`has a scope in ${operation} that is none: write one scope as a text without spaces.`);
  }
  if (Object.hasOwn(condition, 'kind') && !KINDS.includes(condition.kind)) {
    mistakes.push(`has an unknown kind in ${operation}: write 'user', 'service' or 'anonymous'.`);
  }
  if (Object.keys(condition).length === 0) {
    mistakes.push(
      `has an empty condition in ${operation}: write true if everybody may, or a scope or a kind.`,
    );
  }
  return mistakes;
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
  if (segment === USER_VARIABLE || isChannel(`/${segment}`, NO_LIMITS)) return [];
  const variables = segment.match(/\{[^{}]*\}/g) ?? [];
  const unknown = variables.filter((variable) => variable !== USER_VARIABLE);
  if (unknown.length > 0) {
    return unknown.map(
      (variable) => `has the unknown variable '${variable}': only '${USER_VARIABLE}' is known.`,
    );
  }
  if (variables.length > 0) {
    return [`has '${USER_VARIABLE}' within the segment '${segment}': write it as a segment of its own.`];
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
  if (rule.effect === 'deny') return [];
  if (isService(channel)) {
    return [
      'permits nothing: the handler of a service channel is itself the grant. ' +
        "Remove it, or write a rule with the effect 'deny' and publish, or a guard on the handler.",
    ];
  }
  if (channel.startsWith('/user/') && !channel.startsWith(OWN_TREE.slice(0, -2))) {
    return [`cannot open the tree of another user: write '${OWN_TREE}', which stands for each user's own.`];
  }
  return [];
}

function isScope(value: unknown): boolean {
  return typeof value === 'string' && /^\S+$/.test(value);
}

function unknownMembers(value: JsonObject, known: readonly string[]): string[] {
  return Object.keys(value).filter((member) => !known.includes(member));
}
