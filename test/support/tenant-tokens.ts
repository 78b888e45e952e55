import { type CometPrincipal, TokenError, type TokenVerifier } from '../../src/index.js';

/** The token of a user or a service of a tenant, as `tenantTokens` knows it; without a name there, of no tenant. */
export function tokenAt(tenant: string, name: string, kind: 'user' | 'service' = 'user'): string {
  return `token-of-${kind}-${name}-at-${tenant}-`;
}

/** Tenants whose tokens are accepted. */
const TENANTS: readonly string[] = ['acme', 'globex'];

/** Knows the tokens of all users and services of two tenants, who are called alike in both. */
export const tenantTokens: TokenVerifier = {
  verify: (token) => {
    const [, kind, name = '', tenant = ''] = /^token-of-(user|service)-(\w+)-at-(\w*)-$/.exec(token) ?? [];
    if (kind === undefined || (tenant !== '' && !TENANTS.includes(tenant))) {
      return Promise.reject(new TokenError('invalid_token', 'not of a tenant'));
    }
    return Promise.resolve(principalAt(tenant, name, kind === 'user' ? 'user' : 'service'));
  },
};

export function principalAt(tenant: string, name: string, kind: 'user' | 'service' = 'user'): CometPrincipal {
  const user = kind === 'user';
  return {
    kind,
    tenant,
    userId: user ? name : null,
    identity: `issuer ${kind}:${name}`,
    issuer: 'https://issuer.test',
    subject: name,
    serviceId: user ? null : name,
    clientId: user ? 'portal' : name,
    scopes: [],
    tokenRef: '0123456789ab',
  };
}
