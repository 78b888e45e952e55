import type { CometAuthOptions, CometIssuerOptions } from '../../src/auth/auth-options.js';
import { issuerSettings } from '../../src/auth/issuer-settings.js';
import { validateIssuers } from '../../src/auth/issuer-settings.validation.js';

const ONE = 'https://one.example';
const TWO = 'https://two.example';
const introspection = { clientId: 'comet', clientSecret: 'secret' };

function mistakes(auth: CometAuthOptions): string[] {
  return validateIssuers(auth, issuerSettings(auth));
}

function both(
  one: Partial<CometIssuerOptions>,
  two: Partial<CometIssuerOptions>,
  more: object = {},
): string[] {
  const issuers = [
    { issuer: ONE, ...one },
    { issuer: TWO, ...two },
  ];
  return mistakes({ audience: 'push', issuers, ...more });
}

describe('the issuers', () => {
  it('share what stands beside them, unless they say otherwise', () => {
    const [one, two] = issuerSettings({
      audience: 'push',
      clockTolerance: 7,
      requiredScopes: ['comet'],
      issuers: [{ issuer: ONE, audience: 'one', requiredScopes: undefined } as never, { issuer: TWO }],
    });
    expect(one).toMatchObject({ audience: 'one', clockTolerance: 7, requiredScopes: ['comet'] });
    expect(two).toMatchObject({ audience: 'push', clockTolerance: 7, strategy: 'jwt', issuer: TWO });
  });

  it('are none if another verifier verifies, or nobody', () => {
    const verifier = { verify: () => Promise.reject(new Error('not asked')) };
    expect(issuerSettings({ verifier })).toEqual([]);
    expect(issuerSettings({ anonymous: true })).toEqual([]);
  });

  it.each<[string, Partial<CometIssuerOptions>, Partial<CometIssuerOptions>]>([
    ['prefixes', { userPrefix: 'a:' }, { userPrefix: 'b:' }],
    ['functions', { userId: () => 'a' }, { userId: () => 'b' }],
    ['a function and a prefix', { userId: () => 'a' }, { userPrefix: 'b:' }],
    ['tenants', { tenant: 'a' }, { tenant: 'b' }],
    ['tenants by claim', { tenant: 'a' }, { tenant: { claim: 't', allow: ['b', 'c'] } }],
  ])('may stand together if %s tell their users apart', (_, one, two) => {
    expect(both(one, two)).toEqual([]);
  });

  it.each<[string, Partial<CometIssuerOptions>, Partial<CometIssuerOptions>]>([
    ['nothing', {}, {}],
    ['one prefix', { userPrefix: 'a:' }, {}],
    ['the same prefix', { userPrefix: 'a:' }, { userPrefix: 'a:' }],
    ['a prefix that begins like the other', { userPrefix: 'a' }, { userPrefix: 'ab' }],
    ['one function', {}, { userId: () => 'b' }],
    ['the same tenant', { tenant: 'a' }, { tenant: 'a' }],
    ['tenants that overlap', { tenant: 'a' }, { tenant: { claim: 't', allow: ['b', 'a'] } }],
  ])('may not stand together if %s tells their users apart', (_, one, two) => {
    expect(both(one, two)).toEqual([
      "auth.issuers[0] and auth.issuers[1] could name the same user: give each a userPrefix of its own, neither of which begins like the other, for example userPrefix: 'staff:', or a userId, or a tenant of its own.",
    ]);
  });

  it.each<[string, CometAuthOptions, string]>([
    ['no audience', { issuers: [{ issuer: ONE }] }, 'auth.issuers[0]: The audience is missing'],
    ['http', { audience: 'a', issuers: [{ issuer: 'http://x.example' }] }, 'auth.issuers[0]: The issuer'],
    ['both', { audience: 'a', issuer: TWO, issuers: [{ issuer: ONE }] }, 'both issuer and issuers'],
    [
      'a tenant for all',
      { audience: 'a', tenant: 't', issuers: [{ issuer: ONE }] },
      'auth.tenant cannot hold for several issuers',
    ],
    [
      'the same twice',
      {
        audience: 'a',
        issuers: [
          { issuer: ONE, userPrefix: 'a' },
          { issuer: ONE, userPrefix: 'b' },
        ],
      },
      'are the same issuer',
    ],
    ['nothing to ask as', { issuer: ONE, audience: 'a', strategy: 'introspection' }, 'but as whom?'],
    ['nobody to ask', { issuer: ONE, audience: 'a', introspection }, 'asks nobody'],
    [
      'no secret',
      { issuer: ONE, audience: 'a', strategy: 'introspection', introspection: { clientId: 'c' } },
      'needs a clientSecret or a privateKey',
    ],
    [
      'answers signed with a secret',
      {
        issuer: ONE,
        audience: 'a',
        strategy: 'introspection',
        introspection: { ...introspection, signedResponseAlg: 'HS256' },
      },
      "cannot use 'HS256'",
    ],
    ['jwksUri', { issuer: ONE, audience: 'a', jwksUri: 'http://x.example/jwks' }, 'The jwksUri must be'],
    [
      'endpoint',
      {
        issuer: ONE,
        audience: 'a',
        strategy: 'introspection',
        introspection: { ...introspection, endpoint: '/introspect' },
      },
      'The introspection.endpoint must be',
    ],
    ['an empty tenant', { issuer: ONE, audience: 'a', tenant: '' }, 'The tenant is empty'],
    ['no tenants', { issuer: ONE, audience: 'a', tenant: { claim: 't', allow: [] } }, 'The tenant is empty'],
    [
      'two ways to a user id',
      { issuer: ONE, audience: 'a', userClaim: 'email', userId: () => 'a' },
      'both a userId and a userClaim',
    ],
    ['maxTokenLifetime', { issuer: ONE, audience: 'a', maxTokenLifetime: 0 }, 'maxTokenLifetime'],
  ])('fail the start with %s', (_, auth, sentence) => {
    expect(mistakes(auth)).toEqual([expect.stringContaining(sentence)]);
  });

  it('all have tenants, or none has', () => {
    expect(both({ tenant: 'a' }, {})).toEqual([expect.stringContaining('give all of them one, or none')]);
  });
});
