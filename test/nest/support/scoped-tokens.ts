import { TokenError, type CometPrincipal, type TokenVerifier } from '../../../src/index.js';
import { principalOf } from './user-tokens.js';

const TOKEN = /^(?:(\w*)~)?(service\/)?(\w+)\.([\w.+-]*)$/;

/** Who a token speaks for: `alice.read.write`, or `service/billing.comet+publish`; `acme~alice.read` is of a tenant. */
function principalIn(token: string): CometPrincipal | undefined {
  const [, tenant = '', service, name, scopes = ''] = TOKEN.exec(token) ?? [];
  if (name === undefined) return undefined;
  const principal = {
    ...principalOf(name),
    tenant,
    scopes: scopes.split('.').map((s) => s.replace('+', ':')),
  };
  if (service === undefined) return principal;
  return { ...principal, kind: 'service', userId: null, serviceId: name, identity: `issuer service:${name}` };
}

/** Knows tokens that say in themselves what they are good for. */
export const scopedTokens: TokenVerifier = {
  verify: (token) => {
    const principal = principalIn(token);
    return principal
      ? Promise.resolve(principal)
      : Promise.reject(new TokenError('invalid_token', 'not one of ours'));
  },
};
