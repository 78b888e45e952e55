import type { Claims } from '../../src/auth/claims.js';
import { claimsMistakes } from '../../src/auth/claims-options.js';
import { keptClaims } from '../../src/auth/issuer-settings.js';
import type { JwtVerifierOptions } from '../../src/auth/jwt-verifier.options.js';
import { principalOf } from '../../src/auth/token-claims.js';
import { TokenError } from '../../src/auth/token-verifier.js';
import { optionsFor } from './issuer.fixture.js';

const ISSUER = 'https://login.example.com';
const NOW = 1_900_000_000;

type Changes = Readonly<Record<string, unknown>>;

/** What becomes of claims: as JSON has them, so that `undefined` takes one out. */
function judge(changes: Changes, options: Partial<JwtVerifierOptions> = {}, type = 'jwt') {
  const claims = { iss: ISSUER, iat: NOW, exp: NOW + 300, sub: 'ann', azp: 'web', ...changes };
  const sent = JSON.parse(JSON.stringify(claims)) as Claims;
  return principalOf(sent, optionsFor(ISSUER, options), { now: NOW, tokenRef: '0123456789ab', type });
}

function reasonOf(changes: Changes, options: Partial<JwtVerifierOptions> = {}, type = 'jwt'): string {
  try {
    const { kind, identity } = judge(changes, options, type);
    return `accepted as ${kind} ${identity}`;
  } catch (error) {
    if (error instanceof TokenError && error.code === 'invalid_token') return error.reason;
    throw error;
  }
}

const KEYCLOAK_LOGIN = { sid: 'login-1', auth_time: NOW, acr: '1', preferred_username: 'ann' };
const LOGINS: Changes[] = [
  { sid: 'login-1' },
  { session_state: 'login-1' },
  { auth_time: NOW },
  { auth_time: 0 },
  { acr: '1' },
  { acr: null },
  { amr: ['pwd'] },
  { amr: [] },
  { scope: 'openid news' },
  { scp: ['openid'] },
  { scope: 'news', scp: 'news openid' },
  { idtyp: 'user' },
  { gty: 'authorization_code' },
];

describe('a token is that of a user', () => {
  it('if its subject is no client', () => {
    expect(judge({})).toMatchObject({ kind: 'user', userId: 'ann', serviceId: null, clientId: 'web' });
    expect(judge(KEYCLOAK_LOGIN)).toMatchObject({ kind: 'user', userId: 'ann' });
    expect(judge({ azp: undefined })).toMatchObject({ kind: 'user', clientId: null });
    expect(judge({ client_id: 'web', azp: 'phone' })).toMatchObject({ kind: 'user', clientId: 'web' });
  });

  describe('[A1] T60 and refused, never a service, if it has', () => {
    it.each<[string, Changes, Partial<JwtVerifierOptions>]>([
      ['no sub', { sub: undefined, ...KEYCLOAK_LOGIN, scope: 'openid news:write' }, {}],
      ['no sub and no mark of a login', { sub: undefined, scope: 'news:write' }, {}],
      ['no sub, but the user claim', { sub: undefined, email: 'ann@example.com' }, { userClaim: 'email' }],
      ['a sub, but no user claim', {}, { userClaim: 'email' }],
      ['a user claim that is no text', { email: ['ann@example.com'] }, { userClaim: 'email' }],
      ['no sub, with ids made by a function', { sub: undefined }, { userId: () => 'ann' }],
      ['no sub, and no client', { sub: undefined, azp: undefined }, {}],
    ])('%s', (_, changes, options) => {
      for (const type of ['jwt', 'at+jwt']) {
        const reason = reasonOf(changes, options, type);
        expect(reason).toMatch(/no sub|user claim email/);
        expect(reason).toContain('auth.kind');
      }
    });
  });

  describe('[A2] T61 and never that of a service', () => {
    it('by the name it goes by', () => {
      for (const name of ['service-account-mallory', 'service-account-web']) {
        expect(judge({ preferred_username: name })).toMatchObject({ kind: 'user', userId: 'ann' });
        expect(judge({ username: name, client_id: 'web' })).toMatchObject({ kind: 'user' });
      }
    });

    it.each<[string, Changes, Partial<JwtVerifierOptions>]>([
      ['azp', { sub: 'web' }, {}],
      ['client_id', { sub: 'web', azp: undefined, client_id: 'web' }, {}],
      ['cid', { sub: 'web', azp: undefined, cid: 'web' }, {}],
      ['appid', { sub: 'web', azp: undefined, appid: 'web' }, {}],
      ['the second of its clients', { sub: 'phone', client_id: 'web', azp: 'phone' }, {}],
      ['the user claim', { name: 'web' }, { userClaim: 'name' }],
      ['the sub beside a user claim', { sub: 'web', name: 'ann' }, { userClaim: 'name' }],
      ['the audience, without a client', { sub: 'web', azp: undefined, aud: ['web', 'push'] }, {}],
      ['the name that Auth0 gives to clients', { sub: 'web@clients' }, {}],
    ])('if it is called like its client: refused (%s)', (_, changes, options) => {
      expect(reasonOf(changes, options)).toMatch(/its sub.*client.*auth\.kind/);
    });

    it.each(LOGINS)('if it is called like its client and has the mark of a login: %j', (login) => {
      const changes = { sub: 'web', client_id: 'web', ...login };
      expect(reasonOf(changes, {}, 'at+jwt')).toContain('auth.kind');
    });
  });
});

describe('a token is that of a service', () => {
  it.each<[string, Changes, string]>([
    ['the grant', { sub: 'robot-id', gty: 'client-credentials' }, 'web'],
    ['the grant, as others write it', { sub: 'robot-id', gty: 'client_credentials' }, 'web'],
    ['the grant, in a list', { sub: 'robot-id', gty: ['client_credentials'] }, 'web'],
    ['the grant, in a token without sub', { sub: undefined, gty: 'client_credentials' }, 'web'],
    [
      'the grant, in a token without client',
      { sub: 'robot', azp: undefined, gty: 'client_credentials' },
      'robot',
    ],
    ['the grant, beside the acr of Keycloak', { gty: 'client_credentials', acr: '1' }, 'web'],
    ['idtyp', { sub: 'robot-id', idtyp: 'app' }, 'web'],
  ])('by a mark of its issuer: %s', (_, changes, serviceId) => {
    expect(judge(changes)).toMatchObject({ kind: 'service', userId: null, serviceId });
  });

  it('[A3] T62 of Entra without idtyp, and a user of Entra is none', () => {
    const app = { sub: 'object', oid: 'object', tid: 'tenant', azpacr: '1', roles: ['push'] };
    expect(judge(app)).toMatchObject({ kind: 'service', userId: null, serviceId: 'web' });
    expect(judge(app, { userClaim: 'oid' })).toMatchObject({ kind: 'service' });
    expect(judge({ ...app, scp: 'push' })).toMatchObject({ kind: 'user' });
    expect(judge({ ...app, sub: 'pairwise' })).toMatchObject({ kind: 'user' });
    expect(judge({ ...app, tid: undefined, scope: 'openid' })).toMatchObject({ kind: 'user' });
    // Of these nothing tells whether they are applications.
    for (const unclear of [{ tid: undefined }, { azp: undefined }, { scp: '' }, { scp: null }]) {
      expect(reasonOf({ ...app, ...unclear })).toMatch(/oid is its sub.*auth\.kind/);
    }
    expect(judge({ ...app, sub: undefined, oid: undefined, idtyp: 'app' })).toMatchObject({
      kind: 'service',
    });
  });

  it('whose type is at+jwt and whose subject is its client_id', () => {
    const service = { sub: 'robot', azp: undefined, client_id: 'robot' };
    expect(judge(service, {}, 'at+jwt')).toMatchObject({ kind: 'service', serviceId: 'robot' });
    expect(reasonOf(service)).toContain('auth.kind');
    expect(reasonOf({ sub: 'robot', azp: 'robot' }, {}, 'at+jwt')).toContain('auth.kind');
  });

  it.each(LOGINS.filter((login) => !('acr' in login)))(
    '[A2] T61 and refused with the mark of the grant and %j',
    (login) => {
      const grant = 'gty' in login ? { gty: ['client_credentials', 'authorization_code'] } : {};
      expect(reasonOf({ gty: 'client-credentials', ...login, ...grant })).toContain('auth.kind');
    },
  );

  it.each(LOGINS.filter((login) => !('idtyp' in login)))(
    '[A2] T61 and refused with the mark of an application and %j',
    (login) => {
      expect(reasonOf({ idtyp: 'app', ...login })).toContain('auth.kind');
      const entra = { sub: 'object', oid: 'object', tid: 'tenant' };
      if (!('scp' in login)) expect(reasonOf({ ...entra, ...login })).toContain('auth.kind');
    },
  );

  it.each<Changes>([
    { gty: 7 },
    { gty: [] },
    { gty: null },
    { gty: [['client_credentials']] },
    { gty: ' client_credentials' },
    { gty: 'client__credentials' },
    { gty: 'client_credential' },
    { gty: 'urn:ietf:params:oauth:grant-type:client_credentials' },
    { idtyp: 'device' },
    { idtyp: 'App' },
    { idtyp: ['app'] },
    { idtyp: null },
  ])('[A3] T62 and refused with a mark that is malformed or unknown: %j', (mark) => {
    expect(reasonOf(mark)).toMatch(/(?:gty|idtyp).*auth\.kind/);
  });

  it('[A2] T61 and refused with two clients', () => {
    const two = { client_id: 'web', azp: 'robot', gty: 'client_credentials' };
    expect(reasonOf(two)).toContain('two clients');
    expect(reasonOf({ ...two, azp: 'web' })).toBe(`accepted as service ${ISSUER} service:web`);
    expect(reasonOf({ sub: 'web', client_id: 'web', azp: 'robot' }, {}, 'at+jwt')).toContain('two clients');
  });
});

describe('[A3] T62 auth.kind', () => {
  const kind = (answer: unknown) => ({ kind: () => answer as 'user' });

  it('decides ahead of everything else', () => {
    expect(judge({ gty: 'client-credentials' }, kind('user'))).toMatchObject({ kind: 'user', userId: 'ann' });
    expect(judge({ sub: 'web' }, kind('user'))).toMatchObject({ kind: 'user', userId: 'web' });
    const service = { kind: 'service', userId: null, serviceId: 'web' };
    expect(judge(KEYCLOAK_LOGIN, kind('service'))).toMatchObject(service);
    expect(judge({ sub: undefined }, kind('service'))).toMatchObject(service);
    expect(judge({ azp: undefined }, kind('service'))).toMatchObject({ serviceId: 'ann' });
  });

  it('leaves to the claims what it does not answer, and sees all of them', () => {
    const seen: unknown[] = [];
    const options: Partial<JwtVerifierOptions> = {
      kind: (claims) => {
        seen.push(claims['custom']);
        return undefined;
      },
    };
    expect(judge({ custom: 'c' }, options)).toMatchObject({ kind: 'user' });
    expect(judge({ gty: 'client-credentials' }, options)).toMatchObject({ kind: 'service' });
    expect(reasonOf({ sub: 'web' }, options)).toContain('auth.kind');
    expect(seen).toEqual(['c', undefined, undefined]);
  });

  it('refuses the token with null', () => {
    expect(reasonOf({}, kind(null))).toBe('auth.kind refused it');
  });

  it.each([true, false, '', 'User', 'anonymous', 'service ', 0, ['user'], { kind: 'user' }])(
    'refuses the token with the answer %j',
    (answer) => {
      expect(reasonOf({}, kind(answer))).toContain('auth.kind answered');
    },
  );

  it('refuses the token with a promise, also with one that rejects', async () => {
    for (const answer of [Promise.resolve('user'), Promise.reject(new Error('no answer'))]) {
      expect(reasonOf({}, kind(answer))).toContain('auth.kind answered');
      await Promise.allSettled([answer]);
    }
    const late = Promise.reject(new Error('no id'));
    expect(reasonOf({}, { userId: () => late as unknown as string })).toBe('malformed user id');
    await Promise.allSettled([late]);
  });

  it('refuses the token if it throws, and quotes nothing of what it says', () => {
    const options: Partial<JwtVerifierOptions> = {
      kind: () => {
        throw new Error('do-not-log-me');
      },
    };
    expect(reasonOf({}, options)).toBe('auth.kind failed: Error');
  });

  it('makes no user without a sub or a user claim, and no service without a name', () => {
    expect(reasonOf({ sub: undefined }, kind('user'))).toContain('no sub');
    expect(reasonOf({}, { ...kind('user'), userClaim: 'email' })).toContain('user claim email');
    expect(reasonOf({ sub: undefined, azp: undefined }, kind('service'))).toContain('a service without');
    expect(reasonOf({ client_id: 'a', azp: 'b' }, kind('service'))).toContain('two clients');
  });
});

describe('identities', () => {
  it('[A2] T61 of users and services, issuers and tenants are never equal', () => {
    const tenant = { claim: 'org', allow: ['acme', 'user:x', 'a b'] };
    const service = { gty: 'client-credentials', sub: 'bob', azp: 'bob' };
    const identities = [
      judge({ sub: 'bob' }),
      judge(service),
      judge({ sub: 'x user:bob' }),
      judge({ sub: 'bob', org: 'acme' }, { tenant }),
      judge({ ...service, org: 'acme' }, { tenant }),
      judge({ sub: 'bob', org: 'user:x' }, { tenant }),
      judge({ sub: 'bob', org: 'a b' }, { tenant }),
      judge({ sub: 'bob' }, { issuer: 'https://other.example.com' }),
      judge(service, { issuer: 'https://other.example.com' }),
    ].map(({ identity }) => identity);
    expect(new Set(identities).size).toBe(identities.length);
  });

  it.each<Changes>([
    { azp: ['ann'] },
    { azp: 7 },
    { azp: '' },
    { cid: { ann: true } },
    { appid: null },
    { client_id: 'x'.repeat(256) },
    { sub: ['ann'] },
    { sub: null },
  ])('[A2] T61 are not made of claims that are no names: %j', (changes) => {
    expect(reasonOf(changes)).toContain('malformed');
  });

  it('[A2] T61 are not made of what every object has', () => {
    const claims = JSON.parse(
      `{"iss":"${ISSUER}","__proto__":{"sub":"ann","gty":"client-credentials"}}`,
    ) as Claims;
    const context = { now: NOW, tokenRef: '0123456789ab' };
    expect(() => principalOf(claims, optionsFor(ISSUER), context)).toThrow('no sub');
    expect(reasonOf({}, { userClaim: '__proto__' })).toContain('user claim');
  });
});

describe('[A5] claims that are kept', () => {
  const nested = {
    realm_access: { roles: ['editor'] },
    'https://example.com/roles': ['admin'],
    'a.b': 'exact',
    a: { b: 'below' },
    resource_access: { 'my.app': { roles: ['viewer'] } },
  };
  const kept = (claims: Parameters<typeof keptClaims>[0]) =>
    judge(nested, { claims: keptClaims(claims) }).claims;

  it('stand under names of their own, wherever they come from', () => {
    expect(
      kept({
        roles: 'realm_access.roles',
        groups: 'https://example.com/roles',
        exact: 'a.b',
        below: ['a', 'b'],
        own: ['resource_access', 'my.app', 'roles'],
      }),
    ).toEqual({ roles: ['editor'], groups: ['admin'], exact: 'exact', below: 'below', own: ['viewer'] });
  });

  it('are left out where there is nothing, or no object on the way', () => {
    expect(
      kept({
        missing: 'realm_access.groups',
        ofList: 'realm_access.roles.0',
        length: 'realm_access.roles.length',
        ofText: ['a.b', 'length'],
        inherited: 'realm_access.constructor.name',
        proto: '__proto__',
      }),
    ).toEqual({});
    expect(kept(['realm_access.roles', 'a.b'])).toEqual({ 'a.b': 'exact' });
  });

  it('are named in the options in full', () => {
    const good = keptClaims({ roles: 'realm_access.roles', own: ['a', 'b'] });
    expect(claimsMistakes(optionsFor(ISSUER, { claims: good }))).toEqual([]);
    for (const claims of [{ '': 'a' }, { a: '' }, { a: [] }, { a: ['b', ''] }, ['']]) {
      expect(claimsMistakes(optionsFor(ISSUER, { claims: keptClaims(claims) }))).toEqual([
        expect.stringContaining('empty name'),
      ]);
    }
  });
});
