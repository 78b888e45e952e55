import { isJsonObject } from '../bayeux/message.js';

const MEMBERS: readonly string[] = ['scope', 'kind', 'issuer', 'tenant', 'claims'];
const KINDS: readonly unknown[] = ['user', 'service', 'anonymous'];

/**
 * What is wrong with a condition, as what follows the name of its rule. `where` is the member that holds it, and `issuers`
 * are those that are configured, if that is known.
 */
export function conditionMistakes(
  where: string,
  condition: unknown,
  issuers: readonly string[] | undefined,
): string[] {
  if (!isJsonObject(condition)) {
    return [`has no condition in ${where}: write true, false or an object with ${MEMBERS.join(', ')}.`];
  }
  const mistakes = Object.keys(condition)
    .filter((member) => !MEMBERS.includes(member))
    .map((member) => `has the unknown member '${member}' in ${where}: write ${MEMBERS.join(', ')}.`);
  // An undefined member is what remains of a setting that was forgotten; taken as no condition it would open the
  // channel to everybody.
  const wrong = (member: string, isRight: (value: unknown) => boolean): boolean =>
    Object.hasOwn(condition, member) && !isRight(condition[member]);
  if (wrong('scope', isScope)) {
    mistakes.push(
      `has a scope in ${where} that is none: write one scope as a text without spaces, or a list.`,
    );
  }
  if (wrong('kind', (kind) => KINDS.includes(kind))) {
    mistakes.push(`has an unknown kind in ${where}: write 'user', 'service' or 'anonymous'.`);
  }
  if (wrong('issuer', isIssuer)) {
    mistakes.push(`has an issuer in ${where} that is none: write it as in auth, or a list of several.`);
  } else if (issuers) {
    const unknown = [condition.issuer ?? []].flat().filter((issuer) => !issuers.includes(issuer as string));
    mistakes.push(
      ...unknown.map(
        (issuer) =>
          `has the issuer ${JSON.stringify(issuer)} in ${where}, which auth does not name: write ${issuers.length > 0 ? `one of ${issuers.join(', ')}` : 'it there too'}.`,
      ),
    );
  }
  if (wrong('tenant', (tenant) => typeof tenant === 'string' && tenant !== '')) {
    mistakes.push(`has a tenant in ${where} that is none: write its name as a text.`);
  }
  if (wrong('claims', isClaims)) {
    mistakes.push(
      `has claims in ${where} that are none: write an object of names and values, for example { role: 'editor' }.`,
    );
  }
  if (Object.keys(condition).length === 0) {
    mistakes.push(
      `has an empty condition in ${where}: write true if everybody may, or ${MEMBERS.join(', ')}.`,
    );
  }
  return mistakes;
}

function isScope(value: unknown): boolean {
  const scopes: readonly unknown[] = Array.isArray(value) ? value : [value];
  return scopes.length > 0 && scopes.every((scope) => typeof scope === 'string' && /^\S+$/.test(scope));
}

function isIssuer(value: unknown): boolean {
  const issuers: readonly unknown[] = Array.isArray(value) ? value : [value];
  return issuers.length > 0 && issuers.every((issuer) => typeof issuer === 'string' && issuer !== '');
}

function isClaims(value: unknown): boolean {
  if (!isJsonObject(value)) return false;
  const values = Object.values(value);
  return values.length > 0 && values.every((claim) => ['string', 'number', 'boolean'].includes(typeof claim));
}
