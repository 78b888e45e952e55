import fc from 'fast-check';
import { type CometPrincipal } from '../../src/index.js';
import { ANONYMOUS } from '../../src/auth/comet-principal.js';
import {
  issuerKey,
  revocableOf,
  type RevocationName,
  tenantKey,
  userKey,
} from '../../src/auth/revocation-keys.js';

const ISSUER = 'https://op.example';

function principal(changes: Partial<CometPrincipal> = {}): CometPrincipal {
  return {
    kind: 'user',
    tenant: '',
    userId: 'alice',
    identity: `${ISSUER} user:alice`,
    issuer: ISSUER,
    subject: 'subject-of-alice',
    serviceId: null,
    clientId: 'portal',
    scopes: [],
    issuedAt: 5_000,
    tokenId: 'token-1',
    sid: 'login-1',
    tokenRef: '0123456789ab',
    ...changes,
  };
}

describe('what a principal can be revoked by', () => {
  it('is its token, its login, its subject, its user, its client, its issuer and its tenant', () => {
    const { keys, issuedAt } = revocableOf(principal());
    expect([...keys].sort()).toEqual(
      [
        issuerKey('token', ISSUER, 'token-1'),
        issuerKey('login', ISSUER, 'login-1'),
        issuerKey('subject', ISSUER, 'subject-of-alice'),
        issuerKey('client', ISSUER, 'portal'),
        issuerKey('issuer', ISSUER, ''),
        userKey('', 'alice'),
        tenantKey(''),
      ].sort(),
    );
    expect(issuedAt).toBe(5_000);
  });

  it('of a token without a login is also that it has none', () => {
    const key = issuerKey('subject without login', ISSUER, 'subject-of-alice');
    expect(revocableOf(principal()).keys).not.toContain(key);
    const { keys } = revocableOf({ ...principal(), sid: undefined } as unknown as CometPrincipal);
    expect(keys).toContain(key);
  });

  it('in a tenant is reached from within it, and from nowhere else', () => {
    const { keys } = revocableOf(principal({ tenant: 'acme' }));
    expect(keys).toContain(issuerKey('login', ISSUER, 'login-1', 'acme'));
    expect(keys).toContain(issuerKey('login', ISSUER, 'login-1'));
    expect(keys).not.toContain(issuerKey('login', ISSUER, 'login-1', 'globex'));
    expect(keys).not.toContain(tenantKey(''));
    expect(keys).not.toContain(userKey('', 'alice'));
  });

  it('of a service is no user', () => {
    const { keys } = revocableOf(
      principal({ kind: 'service', userId: null, subject: 'alice', serviceId: 'alice' }),
    );
    expect(keys).not.toContain(userKey('', 'alice'));
  });

  it('of an anonymous session is nothing', () => {
    expect(revocableOf(ANONYMOUS).keys).toEqual([]);
  });

  it('cannot be written so that it is taken for another', () => {
    const text = fc.string({ maxLength: 6, unit: fc.constantFrom('a', ' ', '1', ':') });
    const named = fc.record({
      name: fc.constantFrom<RevocationName>('token', 'login', 'subject', 'subject without login', 'client'),
      issuer: text,
      value: text,
      tenant: fc.option(text, { nil: undefined }),
    });
    expect(issuerKey('login', 'a b', '1 x v')).not.toBe(issuerKey('login', 'x', 'v', 'a b'));
    fc.assert(
      fc.property(named, named, (left, right) => {
        const same = JSON.stringify(left) === JSON.stringify(right);
        const [one, other] = [left, right].map((it) => issuerKey(it.name, it.issuer, it.value, it.tenant));
        expect(one === other).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });
});
