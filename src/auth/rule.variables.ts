import { channelSegment } from '../bayeux/channel.js';
import { isNameText } from './name-text.js';
import { claimOf, type RuledPrincipal } from './rule.condition.js';
import { USER_VARIABLE, userSegment } from './user-tree.js';

/** Entries of a claim that rules are made of: it is the issuer that writes them, and each costs a comparison. */
const MAX_VALUES = 100;

const CLAIM = /^\{claims\.([^{}]+)\}$/;

/** How variables are written in the channel of a rule. */
export const VARIABLES: readonly string[] = [
  USER_VARIABLE,
  '{tenant}',
  '{serviceId}',
  '{clientId}',
  '{claims.name}',
];

const NAMED: readonly string[] = VARIABLES.slice(0, -1);

export function isClaimVariable(segment: string): boolean {
  return CLAIM.test(segment);
}

export function isVariable(segment: string): boolean {
  return NAMED.includes(segment) || isClaimVariable(segment);
}

/** What a variable stands for. */
export interface Values {
  readonly segments: readonly string[];
  /** False if there is more to it than could be written as segments. */
  readonly complete: boolean;
}

/**
 * The segments that a variable stands for; none if the principal has no such thing.
 *
 * @throws RangeError if an id cannot be written as a segment.
 */
export function valuesOf(variable: string, principal: RuledPrincipal): Values {
  const claim = CLAIM.exec(variable)?.[1];
  if (claim !== undefined) return claimValues(claimOf(principal, claim));
  const segment = segmentOf(variable, principal);
  return { segments: segment === undefined ? [] : [segment], complete: true };
}

function segmentOf(variable: string, principal: RuledPrincipal): string | undefined {
  if (variable === USER_VARIABLE) return userSegment(principal);
  const { tenant, serviceId, clientId } = principal;
  const text = variable === '{tenant}' ? tenant : variable === '{serviceId}' ? serviceId : clientId;
  return text === undefined || text === null || text === '' ? undefined : channelSegment(text);
}

function claimValues(claim: unknown): Values {
  if (claim === undefined || claim === null) return { segments: [], complete: true };
  const entries: readonly unknown[] = Array.isArray(claim) ? claim : [claim];
  const texts = entries
    .slice(0, MAX_VALUES)
    .map((entry) => (Number.isSafeInteger(entry) ? String(entry) : entry))
    .filter(isNameText);
  return { segments: texts.map(channelSegment), complete: texts.length === entries.length };
}
