import type { Revocation } from '../bayeux/revocation.js';
import { isNameText } from './name-text.js';
import { issuerKey, tenantKey, userKey } from './revocation-keys.js';

/**
 * Whose tokens are withdrawn. `tenant` narrows it to one tenant; where there are tenants, `userId` and `all` need it, as users
 * are names of a tenant. `issuer` says whose names are meant: it may be left out where only one issuer is configured.
 *
 * - `userId`: all tokens of a user that were issued up to now. Whoever logs in again is let in.
 * - `subject`: the same, by the `sub` that the issuer knows the user by.
 * - `sid`: a login, with all tokens that come of it later too.
 * - `tokenId`: one token, by its `jti`.
 * - `clientId`: all tokens of a client that were issued up to now.
 * - `all`: all tokens of the tenant, or of the issuer if one is named, that were issued up to now.
 */
export type RevocationTarget = {
  /** @default '' */
  readonly tenant?: string;
  readonly issuer?: string;
} & (
  | { readonly userId: string }
  | { readonly subject: string }
  | { readonly sid: string }
  | { readonly tokenId: string }
  | { readonly clientId: string }
  | { readonly all: true }
);

/** What names the target, each excluding the others. */
export const TARGET_NAMES = ['userId', 'subject', 'sid', 'tokenId', 'clientId', 'all'] as const;

/** For how long revocations are kept, in milliseconds. */
export interface RevocationTimes {
  /** Those of logins. */
  readonly login: number;
  /** All others. */
  readonly token: number;
}

/** What is needed to revoke a target. */
export interface RevocationContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly keptFor: RevocationTimes;
  /** The issuers that are configured. */
  readonly issuers: readonly string[];
  /** Whether there are tenants. */
  readonly tenants: boolean;
}

/**
 * The revocation that concerns a target.
 *
 * @throws TypeError if the target is none, which says what to write instead.
 * @internal
 */
export function revocationOf(target: RevocationTarget, context: RevocationContext): Revocation {
  const given = { ...(target as object | null) } as Partial<Record<(typeof TARGET_NAMES)[number], unknown>>;
  const names = TARGET_NAMES.filter((name) => given[name] !== undefined);
  const [name] = names;
  const value = name && given[name];
  if (name === undefined || names.length > 1 || (name === 'all' ? value !== true : !isNameText(value))) {
    throw new TypeError(
      `A target is named by one of ${TARGET_NAMES.join(', ')}: write for example { userId: 'alice' } or { all: true }.`,
    );
  }
  const { now, keptFor } = context;
  const until = now + (name === 'sid' ? keptFor.login : keptFor.token);
  const key = keyOf(target, name, String(value), context);
  return name === 'sid' || name === 'tokenId' ? { key, until } : { key, issuedUpTo: now, until };
}

function keyOf(
  target: RevocationTarget,
  name: (typeof TARGET_NAMES)[number],
  value: string,
  { issuers, tenants }: RevocationContext,
): string {
  const { tenant } = target;
  if (tenant !== undefined && typeof tenant !== 'string') throw new TypeError('A tenant is a text.');
  if (name === 'userId' || (name === 'all' && target.issuer === undefined)) {
    if (tenants && tenant === undefined) {
      const example = name === 'userId' ? "userId: 'alice'" : 'all: true';
      throw new TypeError(
        `There are tenants, and none was named: write for example { tenant: 'acme', ${example} }.`,
      );
    }
    return name === 'userId' ? userKey(tenant ?? '', value) : tenantKey(tenant ?? '');
  }
  const issuer = target.issuer ?? (issuers.length === 1 ? issuers[0] : undefined);
  if (!isNameText(issuer)) {
    throw new TypeError(`Several issuers may have the same ${name}: add the issuer that is meant.`);
  }
  // Without tenants there is only the one that has no name, and no key of its own.
  const within = tenant === '' ? undefined : tenant;
  return name === 'all'
    ? issuerKey('issuer', issuer, '', within)
    : issuerKey(KEY_NAMES[name], issuer, value, within);
}

const KEY_NAMES = { subject: 'subject', sid: 'login', tokenId: 'token', clientId: 'client' } as const;
