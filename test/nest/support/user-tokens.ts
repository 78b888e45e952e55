import { type CometPrincipal, TokenError, type TokenVerifier } from '../../../src/index.js';

/** Who a token of a user speaks for. */
export function principalOf(userId: string): CometPrincipal {
  return {
    kind: 'user',
    tenant: '',
    userId,
    identity: `issuer user:${userId}`,
    issuer: 'https://issuer.test',
    subject: userId,
    serviceId: null,
    clientId: 'portal',
    scopes: [],
    tokenRef: '0123456789ab',
  };
}

/** The token of a user, as `userTokens` knows it. */
export function tokenOf(userId: string): string {
  return `token-of-${userId}`;
}

/** Knows the token of every user without asking anybody. */
export const userTokens: TokenVerifier = {
  verify: (token) => {
    const [, userId] = /^token-of-(\w+)$/.exec(token) ?? [];
    return userId === undefined
      ? Promise.reject(new TokenError('invalid_token', 'not one of ours'))
      : Promise.resolve(principalOf(userId));
  },
};
