import { createHmac, createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';
import type { CometIssuerSettings } from '../../src/auth/auth-options.js';
import { issuerSettings } from '../../src/auth/issuer-settings.js';
import { IssuersVerifier } from '../../src/auth/issuers.verifier.js';
import type { Clock } from '../../src/bayeux/ports.js';
import { AUDIENCE, base64url, createKey, sign, TestIssuer, TestLogger } from './issuer.fixture.js';
import type { IssuerKey } from './issuer.fixture.js';
import { COMET, MockProvider, realClaims, RealProvider, type TestProvider } from './providers.fixture.js';

const invalid = expect.objectContaining({ name: 'TokenError', code: 'invalid_token' }) as Error;
const OPAQUE = 'urn:opaque';
/** Providers in processes of their own keep to the real time. */
const CLOCK: Clock = { now: () => performance.now(), wallTime: () => Date.now() };

function verifierOf(
  provider: TestProvider,
  changes: CometIssuerSettings = {},
  clock: Clock = CLOCK,
): IssuersVerifier {
  const options = { issuer: provider.issuer, audience: AUDIENCE, ...changes };
  return new IssuersVerifier(issuerSettings(options), new TestLogger(), clock);
}

/** A clock on which keys have always been fetched too long ago to judge a token that names another one. */
function hurriedClock(): Clock {
  let now = 0;
  return { ...CLOCK, now: () => (now += 60_000) };
}

describe.each<[string, () => Promise<TestProvider>]>([
  ['oidc-provider', () => RealProvider.open()],
  ['oauth2-mock-server', () => MockProvider.open()],
])('tokens of %s', (_, open) => {
  let provider: TestProvider;
  let verifier: IssuersVerifier;
  let mallory: IssuerKey;
  let evil: TestIssuer;

  beforeAll(async () => {
    provider = await open();
    verifier = verifierOf(provider);
    mallory = await createKey('RS256', 'key-1');
    evil = await new TestIssuer().open([mallory.jwk]);
  });

  afterAll(() => Promise.all([provider.close(), evil.close()]));

  const claims = (changes: Record<string, unknown> = {}) => realClaims(provider.issuer, changes);
  const now = () => Math.floor(Date.now() / 1000);

  it('are good if it has issued them', async () => {
    await expect(verifier.verify(await provider.mint())).resolves.toMatchObject({ kind: 'user' });
    await expect(verifier.verify(await provider.forge(claims()))).resolves.toMatchObject({ userId: 'alice' });
  });

  it.each(['none', 'NONE', 'nOnE'])('T2 are refused with alg %s', async (alg) => {
    const unsigned = `${base64url({ alg, typ: 'at+jwt' })}.${base64url(claims())}`;
    await expect(verifier.verify(`${unsigned}.`)).rejects.toEqual(invalid);
    await expect(verifier.verify(`${unsigned}.AAAA`)).rejects.toEqual(invalid);
  });

  it('T3 are refused if they are signed with the public key for a secret', async () => {
    const metadata = await fetch(`${provider.issuer}/.well-known/openid-configuration`);
    const { jwks_uri: uri } = (await metadata.json()) as { jwks_uri: string };
    const { keys } = (await (await fetch(uri)).json()) as { keys: JWK[] };
    const [jwk] = keys;
    if (!jwk) throw new Error('It publishes no key.');
    const key = createPublicKey({ key: jwk as never, format: 'jwk' });
    const secrets = [
      key.export({ type: 'spki', format: 'pem' }),
      key.export({ type: 'spki', format: 'der' }),
      JSON.stringify(jwk),
    ];
    for (const secret of secrets) {
      const input = `${base64url({ alg: 'HS256', typ: 'at+jwt', kid: jwk.kid })}.${base64url(claims())}`;
      const mac = createHmac('sha256', secret).update(input).digest('base64url');
      await expect(verifier.verify(`${input}.${mac}`)).rejects.toEqual(invalid);
    }
  });

  it('T4 T9 are refused if they bring a key, or say where one is, and nobody is asked there', async () => {
    const away = `${evil.url}/jwks`;
    const verifier = verifierOf(provider, {}, hurriedClock());
    for (const header of [{}, { jwk: mallory.jwk }, { jku: away }, { x5u: away }, { kid: away }]) {
      await expect(verifier.verify(await sign(mallory, claims(), header))).rejects.toEqual(invalid);
    }
    await expect(verifier.verify(await sign(mallory, claims({ iss: evil.url })))).rejects.toEqual(invalid);
    expect(evil.requests).toEqual([]);
  });

  it('T4 are good if the provider itself writes such headers, as these are not looked at', async () => {
    const token = await provider.forge(claims(), { jku: `${evil.url}/jwks`, jwk: mallory.jwk });
    await expect(verifier.verify(token)).resolves.toMatchObject({ userId: 'alice' });
    expect(evil.requests).toEqual([]);
  });

  it.each(['JWT', 'logout+jwt', 'secevent+jwt', 'token-introspection+jwt', 'dpop+jwt'])(
    'T6 are refused with typ %s',
    async (typ) => {
      await expect(verifier.verify(await provider.forge(claims(), { typ }))).rejects.toEqual(invalid);
    },
  );

  it.each([
    ['T6 are an ID token’s', { nonce: 'n', at_hash: 'h' }],
    ['T6 are a logout token’s', { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
    ['T7 are for their own client', { client_id: AUDIENCE }],
  ])('are refused where plain JWT is permitted, if the claims %s', async (_name, changes) => {
    const lax = verifierOf(provider, { tokenTypes: ['at+jwt', 'JWT'] });
    await expect(lax.verify(await provider.forge(claims(), { typ: 'JWT' }))).resolves.toBeDefined();
    await expect(lax.verify(await provider.forge(claims(changes), { typ: 'JWT' }))).rejects.toEqual(invalid);
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['T7 another audience', () => ({ aud: 'https://other.example' })],
    ['T7 an array without us', () => ({ aud: ['a', 'b'] })],
    ['T7 scopes for an audience', () => ({ aud: ['openid', 'profile'] })],
    ['T7 the client for an audience', () => ({ aud: 'portal' })],
    ['T7 no audience', () => ({ aud: undefined })],
    ['T8 a slash after the issuer', () => ({ iss: `${provider.issuer}/` })],
    ['T8 the issuer in capitals', () => ({ iss: provider.issuer.toUpperCase() })],
    ['T8 the issuer over https', () => ({ iss: provider.issuer.replace('http:', 'https:') })],
    ['T10 no expiry', () => ({ exp: undefined })],
    ['T10 an expiry that is a text', () => ({ exp: String(now() + 300) })],
    ['T10 a beginning in the future', () => ({ nbf: now() + 60 })],
    ['T10 an issue in the future', () => ({ iat: now() + 3600 })],
    ['T10 a subject that is a number', () => ({ sub: 7 })],
    ['T10 an empty subject', () => ({ sub: '' })],
    ['T12 a DPoP key', () => ({ cnf: { jkt: 'x' } })],
    ['T12 a certificate', () => ({ cnf: { 'x5t#S256': 'x' } })],
  ])('are refused with %s', async (_name, changes) => {
    await expect(verifier.verify(await provider.forge(claims(changes())))).rejects.toEqual(invalid);
  });

  it('T7 are good with us among their audiences', async () => {
    const token = await provider.forge(claims({ aud: ['other', AUDIENCE] }));
    await expect(verifier.verify(token)).resolves.toBeDefined();
  });

  it('T10 are expired when they are, and last no longer than any token may', async () => {
    const expired = await provider.forge(claims({ exp: now() - 10 }));
    await expect(verifier.verify(expired)).rejects.toMatchObject({ code: 'token_expired' });
    const eternal = await verifier.verify(await provider.forge(claims({ exp: 253_370_764_800 })));
    expect(eternal.expiresAt).toBeLessThanOrEqual(Date.now() + 3_600_000);
  });

  it('T11 are refused if anything in them is changed', async () => {
    const token = await provider.mint();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const other = (await provider.forge(claims({ sub: 'bob' }))).split('.');
    for (const changed of [
      `${header}.${other[1] ?? ''}.${signature}`,
      `${other[0] ?? ''}.${payload}.${other[2] ?? ''}`,
      token.slice(0, -10),
      `${token}.x`,
      `${header}.${payload}.`,
    ]) {
      await expect(verifier.verify(changed)).rejects.toEqual(invalid);
    }
  });
});

describe('tokens of oidc-provider', () => {
  let provider: RealProvider;
  const introspection = { ...COMET, maxTtl: 0, negativeTtl: 0 };
  const asking = (more: object = {}) =>
    verifierOf(provider, {
      audience: OPAQUE,
      strategy: 'introspection',
      introspection: { ...introspection, ...more },
    });

  beforeAll(async () => {
    provider = await RealProvider.open();
  });

  afterAll(() => provider.close());

  it('T30 of a client that is called like a user are those of a service', async () => {
    const jwt = await provider.mintService(AUDIENCE);
    const service = { kind: 'service', userId: null, serviceId: 'alice' };
    await expect(verifierOf(provider).verify(jwt)).resolves.toMatchObject(service);
    await expect(asking().verify(await provider.mintService(OPAQUE))).resolves.toMatchObject(service);
  });

  it('that are opaque are asked about', async () => {
    await expect(asking().verify(await provider.mintFor(OPAQUE))).resolves.toMatchObject({
      kind: 'user',
      userId: 'alice-account',
      clientId: 'alice',
      scopes: ['news'],
    });
  });

  it('that are opaque are asked about, and the answer is signed', async () => {
    const subject = asking({ signedResponseAlg: 'RS256' });
    await expect(subject.verify(await provider.mintFor(OPAQUE))).resolves.toMatchObject({ kind: 'user' });
    await expect(subject.verify('made-up')).rejects.toEqual(invalid);
  });

  it('T40 that are made up, for another resource, or revoked are refused', async () => {
    const subject = asking();
    await expect(subject.verify('made-up')).rejects.toEqual(invalid);
    await expect(subject.verify(await provider.mintFor('urn:other'))).rejects.toEqual(invalid);
    const token = await provider.mintService(OPAQUE);
    await expect(subject.verify(token)).resolves.toBeDefined();
    await provider.revoke(token);
    await expect(subject.verify(token)).rejects.toEqual(invalid);
  });

  it('T40 that are JWTs it does not answer for, where it is asked about them', async () => {
    await expect(asking().verify(await provider.mint())).rejects.toEqual(invalid);
  });

  it('T40 are neither good nor bad for a server that it does not know', async () => {
    const stranger = asking({ clientSecret: 'wrong' });
    await expect(stranger.verify(await provider.mintFor(OPAQUE))).rejects.toMatchObject({
      name: 'AuthUnavailableError',
    });
  });
});

describe('tokens of oauth2-mock-server', () => {
  let provider: MockProvider;

  beforeAll(async () => {
    provider = await MockProvider.open();
  });

  afterAll(() => provider.close());

  it('T6 as it makes them are no access tokens for anybody', async () => {
    const token = await provider.mintPlain();
    await expect(verifierOf(provider).verify(token)).rejects.toEqual(invalid);
    await expect(verifierOf(provider, { tokenTypes: ['JWT'] }).verify(token)).rejects.toEqual(invalid);
  });

  it('T40 are refused once it calls them inactive, if it is asked too', async () => {
    const subject = verifierOf(provider, {
      strategy: 'jwt+introspection',
      introspection: { ...COMET, maxTtl: 0, negativeTtl: 0 },
    });
    const token = await provider.mint();
    await expect(subject.verify(token)).resolves.toMatchObject({ userId: 'alice' });
    provider.active = false;
    await expect(subject.verify(token)).rejects.toEqual(invalid);
  });
});
