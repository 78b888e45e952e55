import type { Principal } from '../bayeux/ports.js';
import { IRREVOCABLE, type Revocable } from '../bayeux/revocation.js';
import type { CometPrincipal } from './comet-principal.js';

/** What a key says of the principals that have it. Names are those of the issuer, but for the id of a user. */
export type RevocationName =
  /** One token, by its `jti`. */
  | 'token'
  /** One login, by its `sid`. */
  | 'login'
  /** All logins of a subject. */
  | 'subject'
  /** All tokens of a subject that do not tell of which login they are. */
  | 'subject without login'
  /** All tokens of a client. */
  | 'client'
  /** All tokens of an issuer. */
  | 'issuer';

/**
 * The key of what an issuer calls by a name, in all tenants or in one. Lengths stand ahead of what issuers choose: no
 * name can be written so that it is taken for another.
 *
 * @internal
 */
export function issuerKey(name: RevocationName, issuer: string, value: string, tenant?: string): string {
  const where = tenant === undefined ? ':' : `@${tenant.length} ${tenant} `;
  return `${name}${where}${issuer.length} ${issuer} ${value}`;
}

/** The key of a user, whatever issuer the token is of. @internal */
export function userKey(tenant: string, userId: string): string {
  return `user:${tenant.length} ${tenant} ${userId}`;
}

/** The key of everybody with a token in a tenant. @internal */
export function tenantKey(tenant: string): string {
  return `tenant:${tenant}`;
}

/**
 * What a principal can be revoked by. It is derived anew each time, so that sessions need not keep it. Anonymous
 * sessions have no token, and nothing revokes them.
 *
 * @internal
 */
export function revocableOf(principal: Principal): Revocable {
  if (principal.kind === 'anonymous') return IRREVOCABLE;
  const { tenant, userId } = principal;
  const { issuer, subject, clientId, tokenId, sid, issuedAt } = principal as Partial<CometPrincipal>;
  const keys = [tenantKey(tenant)];
  if (userId !== null) keys.push(userKey(tenant, userId));
  if (issuer === undefined) return { keys, issuedAt };
  // Whoever administers a tenant reaches nobody outside it; what issuers themselves say holds everywhere.
  for (const within of tenant === '' ? [undefined] : [undefined, tenant]) {
    const add = (name: RevocationName, value: string | null | undefined): void => {
      if (value !== undefined && value !== null) keys.push(issuerKey(name, issuer, value, within));
    };
    add('issuer', '');
    add('token', tokenId);
    add('login', sid);
    add('subject', subject);
    if (sid === undefined) add('subject without login', subject);
    add('client', clientId);
  }
  return { keys, issuedAt };
}
