import { createHmac } from 'node:crypto';
import { CompactEncrypt, CompactSign, exportSPKI, SignJWT } from 'jose';
import { JwtTokenVerifier } from '../../src/auth/jwt.verifier.js';
import type { JwtVerifierOptions } from '../../src/auth/jwt-verifier.options.js';
import { keptClaims } from '../../src/auth/issuer-settings.js';
import { MAX_TOKEN_LENGTH, tokenRef } from '../../src/auth/presented-token.js';
import {
  AUDIENCE,
  base64url,
  claimsFor,
  createKey,
  JWKS_PATH,
  optionsFor,
  sign,
  TestClock,
  TestIssuer,
  TestLogger,
} from './issuer.fixture.js';
import type { IssuerKey } from './issuer.fixture.js';

describe('JwtTokenVerifier', () => {
  let clock: TestClock;
  let logger: TestLogger;
  let rsa: IssuerKey;
  let issuer: TestIssuer;
  let verifier: JwtTokenVerifier;

  beforeAll(async () => {
    rsa = await createKey('RS256', 'rsa-1');
    issuer = await new TestIssuer().open([rsa.jwk]);
  });

  beforeEach(() => {
    clock = new TestClock();
    logger = new TestLogger();
    issuer.requests.length = 0;
    verifier = create();
  });

  afterAll(() => issuer.close());

  function create(changes: Partial<JwtVerifierOptions> = {}): JwtTokenVerifier {
    return new JwtTokenVerifier(optionsFor(issuer.url, changes), logger, clock);
  }

  function claims(changes: Record<string, unknown> = {}): object {
    return claimsFor(issuer.url, clock, changes);
  }

  function untyped(changed: object): Promise<string> {
    return new SignJWT({ ...changed })
      .setProtectedHeader({ alg: 'RS256', kid: 'rsa-1' })
      .sign(rsa.privateKey);
  }

  const invalid = (reason?: string) =>
    expect.objectContaining({
      name: 'TokenError',
      code: 'invalid_token',
      ...(reason !== undefined && { reason: expect.stringContaining(reason) as string }),
    }) as Error;

  describe('accepts', () => {
    it('a good access token, and tells who it speaks for', async () => {
      const token = await sign(rsa, claims({ scope: 'news:read news:write' }));
      await expect(verifier.verify(token)).resolves.toEqual({
        kind: 'user',
        tenant: '',
        userId: 'alice',
        serviceId: null,
        identity: `${issuer.url} user:alice`,
        issuer: issuer.url,
        subject: 'alice',
        clientId: 'portal',
        scopes: ['news:read', 'news:write'],
        expiresAt: (clock.seconds + 300 + 5) * 1000,
        statedExpiry: (clock.seconds + 300) * 1000,
        issuedAt: clock.seconds * 1000,
        tokenId: 'token-1',
        tokenRef: tokenRef(token),
      });
      expect(tokenRef(token)).toMatch(/^[0-9a-f]{12}$/);
    });

    it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('%s', async (alg) => {
      const key = await createKey(alg, alg);
      const other = await new TestIssuer().open([rsa.jwk, key.jwk]);
      try {
        const subject = new JwtTokenVerifier(optionsFor(other.url), logger, clock);
        const token = await sign(key, claimsFor(other.url, clock));
        await expect(subject.verify(token)).resolves.toMatchObject({ userId: 'alice' });
      } finally {
        await other.close();
      }
    });

    it.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'Application/At+Jwt'])('typ %s', async (typ) => {
      await expect(verifier.verify(await sign(rsa, claims(), { typ }))).resolves.toMatchObject({
        kind: 'user',
      });
    });

    it.each([
      ['scp as a text', { scp: 'a b' }],
      ['scp as an array', { scp: ['a', 'b'] }],
      ['scope as an array', { scope: ['a', 'b'] }],
      ['scope before scp', { scope: 'a b', scp: 'c' }],
      ['scopes that are doubled or padded', { scope: ' a  b a ' }],
    ])('%s', async (_name, granted) => {
      const subject = create({ requiredScopes: ['a', 'b'] });
      await expect(subject.verify(await sign(rsa, claims(granted)))).resolves.toMatchObject({
        scopes: ['a', 'b'],
      });
    });

    it('times within the clock tolerance', async () => {
      const late = claims({ exp: clock.seconds - 4 });
      const early = claims({ iat: clock.seconds + 5, nbf: clock.seconds + 5 });
      await expect(verifier.verify(await sign(rsa, late))).resolves.toMatchObject({
        expiresAt: (clock.seconds - 4 + 5) * 1000,
      });
      await expect(verifier.verify(await sign(rsa, early))).resolves.toMatchObject({ kind: 'user' });
    });

    it('T10 an expiry in the year 9999, which must be presented again all the same', async () => {
      const token = await sign(rsa, claims({ exp: Date.UTC(9999, 0, 1) / 1000 }));
      await expect(verifier.verify(token)).resolves.toMatchObject({
        expiresAt: (clock.seconds + 3600) * 1000,
      });
      await expect(create({ maxTokenLifetime: 60 }).verify(token)).resolves.toMatchObject({
        expiresAt: (clock.seconds + 60) * 1000,
      });
    });

    it('asks the issuer once for all of it', async () => {
      const token = await sign(rsa, claims());
      await Promise.all(Array.from({ length: 20 }, () => verifier.verify(token)));
      expect(issuer.requests).toHaveLength(2);
      expect(issuer.requestsTo(JWKS_PATH)).toBe(1);
    });
  });

  describe('refuses without asking anybody', () => {
    it.each([
      ['T1 an empty token', ''],
      ['T1 a token of 17 KiB', `a.${'b'.repeat(17 * 1024)}.c`],
      ['T1 a token one character too long', `a.${'b'.repeat(MAX_TOKEN_LENGTH - 3)}.c`],
      ['T11 text that is no JWS', 'garbage'],
      ['T11 two parts', 'a.b'],
      ['T11 extra dots', 'a.b.c.d'],
      ['T11 an empty signature', 'a.b.'],
      ['T11 characters of ordinary base64', 'a+.b/.c='],
      ['T11 a line break at the end', 'a.b.c\n'],
    ])('%s', async (_name, token) => {
      await expect(verifier.verify(token)).rejects.toEqual(
        invalid(token.length > MAX_TOKEN_LENGTH ? 'too long' : 'compact'),
      );
      expect(issuer.requests).toEqual([]);
    });

    it.each(['none', 'NONE', 'nOnE'])('T2 alg %s', async (alg) => {
      const unsigned = `${base64url({ alg, typ: 'at+jwt' })}.${base64url(claims())}`;
      await expect(verifier.verify(`${unsigned}.`)).rejects.toEqual(invalid());
      await expect(verifier.verify(`${unsigned}.AAAA`)).rejects.toEqual(invalid('ERR_JOSE_ALG_NOT_ALLOWED'));
      expect(issuer.requests).toEqual([]);
    });

    it.each(['PEM', 'DER', 'JWK'])('T3 HS256 with the public key as %s for a secret', async (form) => {
      const pem = await exportSPKI(rsa.publicKey);
      const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
      const secret = { PEM: pem, DER: der, JWK: JSON.stringify(rsa.jwk) }[form] ?? '';
      const input = `${base64url({ alg: 'HS256', typ: 'at+jwt', kid: 'rsa-1' })}.${base64url(claims())}`;
      const signature = createHmac('sha256', secret).update(input).digest('base64url');
      await expect(verifier.verify(`${input}.${signature}`)).rejects.toEqual(
        invalid('ERR_JOSE_ALG_NOT_ALLOWED'),
      );
      expect(issuer.requests).toEqual([]);
    });

    it('T11 a JWE', async () => {
      const token = await new CompactEncrypt(Buffer.from(JSON.stringify(claims())))
        .setProtectedHeader({ alg: 'RSA-OAEP', enc: 'A256GCM' })
        .encrypt((await createKey('RSA-OAEP', 'enc')).publicKey);
      await expect(verifier.verify(token)).rejects.toEqual(invalid());
      expect(issuer.requests).toEqual([]);
    });
  });

  describe('refuses keys of others', () => {
    let elsewhere: TestIssuer;
    let mallory: IssuerKey;

    beforeAll(async () => {
      mallory = await createKey('RS256', 'rsa-1');
      elsewhere = await new TestIssuer().open([mallory.jwk]);
    });

    afterAll(() => elsewhere.close());

    it('T4 the same kid with another key', async () => {
      await expect(verifier.verify(await sign(mallory, claims()))).rejects.toEqual(
        invalid('ERR_JWS_SIGNATURE_VERIFICATION_FAILED'),
      );
    });

    it('T4 keys and addresses of keys in the header, asking nobody there', async () => {
      const headers = [
        { jwk: mallory.jwk },
        { jku: elsewhere.url + JWKS_PATH },
        { x5u: elsewhere.url + JWKS_PATH },
        { kid: elsewhere.url + JWKS_PATH },
        { kid: '../../jwks' },
      ];
      for (const header of headers) {
        // A key id that is not known is looked for once in ten seconds.
        clock.advance(10_000);
        await expect(verifier.verify(await sign(mallory, claims(), header))).rejects.toEqual(invalid());
      }
      expect(elsewhere.requests).toEqual([]);
    });

    it('T8 the keys of another issuer under this name', async () => {
      await expect(verifier.verify(await sign(mallory, claims()))).rejects.toEqual(invalid());
      expect(elsewhere.requests).toEqual([]);
    });

    it('T9 an iss that points to another host, asking nobody there', async () => {
      const token = await sign(mallory, claimsFor(elsewhere.url, clock));
      await expect(verifier.verify(token)).rejects.toEqual(invalid());
      expect(elsewhere.requests).toEqual([]);
    });
  });

  describe('refuses tokens that were changed', () => {
    it('T11 bits flipped in payload or signature, and truncated tokens', async () => {
      const token = await sign(rsa, claims());
      const [header = '', payload = '', signature = ''] = token.split('.');
      const forged = base64url({ ...claims(), sub: 'bob' });
      const flipped = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
      for (const changed of [
        `${header}.${forged}.${signature}`,
        `${header}.${payload}.${flipped}`,
        token.slice(0, -10),
        `${header}.${payload.slice(0, -4)}.${signature}`,
      ]) {
        await expect(verifier.verify(changed)).rejects.toEqual(invalid());
      }
    });

    it('T11 critical extensions that are not understood', async () => {
      const token = await new CompactSign(Buffer.from(JSON.stringify(claims())))
        .setProtectedHeader({
          alg: 'RS256',
          typ: 'at+jwt',
          kid: 'rsa-1',
          crit: ['x-secret'],
          'x-secret': true,
        })
        .sign(rsa.privateKey, { crit: { 'x-secret': true } });
      await expect(verifier.verify(token)).rejects.toEqual(invalid('ERR_JOSE_NOT_SUPPORTED'));
    });

    it('T11 payloads that are no claims', async () => {
      for (const payload of ['[]', '"text"', 'null', '{', '']) {
        const token = await new CompactSign(Buffer.from(payload))
          .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'rsa-1' })
          .sign(rsa.privateKey);
        await expect(verifier.verify(token)).rejects.toEqual(invalid());
      }
    });
  });

  describe('refuses what is no access token for this server', () => {
    it.each([
      'JWT',
      'logout+jwt',
      'secevent+jwt',
      'token-introspection+jwt',
      'dpop+jwt',
      '',
      'x/at+jwt',
      'at+jwt/x',
    ])("T6 typ '%s'", async (typ) => {
      await expect(verifier.verify(await sign(rsa, claims(), { typ }))).rejects.toEqual(invalid('typ'));
    });

    it('T6 no typ', async () => {
      const token = await new SignJWT({ ...claims() })
        .setProtectedHeader({ alg: 'RS256', kid: 'rsa-1' })
        .sign(rsa.privateKey);
      await expect(verifier.verify(token)).rejects.toEqual(
        invalid('typ is missing, and auth.tokenTypes permits at+jwt'),
      );
      await expect(create({ tokenTypes: ['at+jwt', 'JWT'] }).verify(token)).rejects.toEqual(invalid('typ'));
    });

    it('T6 a plain JWT where none is permitted, and says in the log what to permit', async () => {
      const token = await sign(rsa, claims(), { typ: 'JWT' });
      await expect(verifier.verify(token)).rejects.toEqual(
        invalid('typ is "JWT", and auth.tokenTypes permits at+jwt'),
      );
    });

    it('[A5] takes types besides at+jwt, in any spelling of these', async () => {
      const subject = create({ tokenTypes: ['application/JWT', 'x/y'] });
      for (const typ of ['JWT', 'jwt', 'application/jwt', 'X/Y', 'at+jwt', 'AT+JWT', 'application/at+JWT']) {
        await expect(subject.verify(await sign(rsa, claims(), { typ }))).resolves.toBeDefined();
      }
      await expect(subject.verify(await untyped(claims()))).rejects.toEqual(invalid('typ is missing'));
    });

    it('[A5] takes a header without typ where it is told to, and nothing that is called so', async () => {
      const subject = create({ tokenTypes: ['none'] });
      await expect(subject.verify(await untyped(claims()))).resolves.toMatchObject({ userId: 'alice' });
      await expect(subject.verify(await sign(rsa, claims()))).resolves.toMatchObject({ userId: 'alice' });
      await expect(subject.verify(await untyped(claims({ nonce: 'n' })))).rejects.toEqual(invalid('nonce'));
      for (const typ of ['none', 'None', 'application/none', '', 'JWT', 7, null, ['at+jwt']] as string[]) {
        await expect(subject.verify(await sign(rsa, claims(), { typ }))).rejects.toEqual(invalid());
      }
    });

    it('T6 a media type that only ends like one that is permitted', async () => {
      const subject = create({ tokenTypes: ['at+jwt', 'x/y'] });
      const token = await sign(rsa, claims(), { typ: 'application/x/y' });
      await expect(subject.verify(token)).rejects.toEqual(invalid('typ'));
    });

    it('T6 an ID token, a logout token or another statement where plain JWT is permitted', async () => {
      const subject = create({ tokenTypes: ['at+jwt', 'jwt'] });
      const good = await sign(rsa, claims(), { typ: 'JWT' });
      await expect(subject.verify(good)).resolves.toMatchObject({ userId: 'alice' });
      for (const mark of [
        { nonce: 'n' },
        { at_hash: 'h' },
        { c_hash: 'h' },
        { events: {} },
        { token_introspection: {} },
        { client_id: AUDIENCE },
        { client_id: undefined, azp: AUDIENCE },
        { aud: [AUDIENCE, 'portal'] },
      ]) {
        const token = await sign(rsa, claims(mark), { typ: 'JWT' });
        await expect(subject.verify(token)).rejects.toEqual(invalid('no access token'));
      }
    });

    it('[A4] T63 what says that it is another kind of token, whatever its type', async () => {
      const subject = create({ tokenTypes: ['JWT'] });
      for (const statement of [
        { token_use: 'id' },
        { token_use: 'refresh_token' },
        { token_use: null },
        { typ: 'ID' },
        { typ: 'Refresh' },
        { typ: 'Offline' },
        { typ: 'Logout' },
        { typ: ['Bearer'] },
        { token_type: 'refresh' },
        { type: 'refresh_token' },
        { type: 'id' },
        { tokenName: 'id_token' },
        { tokenName: 'refresh_token' },
      ]) {
        for (const typ of ['JWT', 'at+jwt']) {
          const token = await sign(rsa, claims({ ...statement, scp: ['news'] }), { typ });
          await expect(subject.verify(token)).rejects.toEqual(invalid('no access token'));
        }
      }
    });

    it('[A5] but no access token that is addressed to its client, or has a nonce, and says what it is', async () => {
      const subject = create({ tokenTypes: ['JWT'], audience: 'portal' });
      const looksLike = { aud: 'portal', nonce: 'n' };
      for (const mark of [
        { scp: 'news' },
        { scp: ['news'] },
        { token_use: 'access' },
        { token_use: 'access_token' },
        { typ: 'Bearer' },
      ]) {
        const token = await sign(rsa, claims({ ...looksLike, ...mark }), { typ: 'JWT' });
        await expect(subject.verify(token)).resolves.toMatchObject({ userId: 'alice' });
      }
      for (const mark of [
        {},
        { scp: '' },
        { scp: [] },
        { scp: null },
        { typ: 'JWT' },
        { scope: 'news' },
        { token_type: 'Bearer' },
        { scp: 'news', at_hash: 'h' },
        { token_use: 'access', events: {} },
      ]) {
        const token = await sign(rsa, claims({ ...looksLike, ...mark }), { typ: 'JWT' });
        await expect(subject.verify(token)).rejects.toEqual(invalid('no access token'));
      }
    });

    it('T6 leaves such claims to tokens that are typed as access tokens', async () => {
      const subject = create({ tokenTypes: ['at+jwt', 'jwt'] });
      await expect(subject.verify(await sign(rsa, claims({ nonce: 'n' })))).resolves.toMatchObject({
        kind: 'user',
      });
    });

    it.each([
      ['another audience', 'https://other.example'],
      ['an array without us', ['https://other.example', 'https://third.example']],
      ['a list of scopes', 'openid profile'],
      ['the client', 'portal'],
      ['our name with a slash', `${AUDIENCE}/`],
      ['our name as part of a text', `${AUDIENCE} https://other.example`],
      ['a number', 7],
      ['nothing', undefined],
    ])('T7 aud: %s', async (_name, aud) => {
      await expect(verifier.verify(await sign(rsa, claims({ aud })))).rejects.toEqual(invalid('aud'));
    });

    it('T7 accepts an array with us, and any of several names', async () => {
      const token = await sign(rsa, claims({ aud: ['https://other.example', AUDIENCE] }));
      await expect(verifier.verify(token)).resolves.toMatchObject({ kind: 'user' });
      const subject = create({ audience: ['https://push.example/old', AUDIENCE] });
      await expect(subject.verify(token)).resolves.toMatchObject({ kind: 'user' });
    });

    it('[A5] takes the audience from another claim where there is no aud', async () => {
      const subject = create({ audience: ['web', 'portal'], audienceClaim: 'client_id' });
      await expect(subject.verify(await sign(rsa, claims({ aud: undefined })))).resolves.toBeDefined();
      await expect(subject.verify(await sign(rsa, claims({ aud: ['x', 'web'] })))).resolves.toBeDefined();
      for (const changes of [
        { aud: undefined, client_id: 'other' },
        { aud: undefined, client_id: undefined, azp: 'portal' },
        { aud: 'https://other.example' },
        { aud: [] },
        { aud: null },
      ]) {
        await expect(subject.verify(await sign(rsa, claims(changes)))).rejects.toEqual(invalid('aud'));
      }
    });

    it('T8 an iss with a slash, in other letters, by another scheme, or none', async () => {
      const { url } = issuer;
      for (const iss of [`${url}/`, url.toUpperCase(), url.replace('http:', 'https:'), [url], undefined]) {
        await expect(verifier.verify(await sign(rsa, claims({ iss })))).rejects.toEqual(invalid('iss'));
      }
    });

    it.each([{ cnf: { jkt: 'x' } }, { cnf: { 'x5t#S256': 'x' } }, { cnf: null }])(
      'T12 a token bound to a key or certificate: %j',
      async (cnf) => {
        await expect(verifier.verify(await sign(rsa, claims(cnf)))).rejects.toEqual(
          invalid('sender-constrained'),
        );
      },
    );
  });

  describe('T10 refuses claims that are missing or malformed', () => {
    it('tells expiry, and only expiry, apart', async () => {
      const token = await sign(rsa, claims());
      clock.advance(304_999);
      await expect(verifier.verify(token)).resolves.toMatchObject({ kind: 'user' });
      clock.advance(1);
      await expect(verifier.verify(token)).rejects.toMatchObject({
        name: 'TokenError',
        code: 'token_expired',
      });
      const [header = '', payload = ''] = token.split('.');
      await expect(verifier.verify(`${header}.${payload}.AAAA`)).rejects.toEqual(invalid());
    });

    it('nbf and iat in the future', async () => {
      await expect(verifier.verify(await sign(rsa, claims({ nbf: clock.seconds + 6 })))).rejects.toEqual(
        invalid('nbf'),
      );
      for (const iat of [clock.seconds + 6, clock.seconds + 3600]) {
        await expect(verifier.verify(await sign(rsa, claims({ iat })))).rejects.toEqual(invalid('iat'));
      }
    });

    it.each([
      { exp: undefined },
      { exp: '4102444800' },
      { exp: null },
      { exp: 1e300 },
      { iat: undefined },
      { iat: '1' },
      { nbf: 'now' },
      { sub: 7 },
      { sub: '' },
      { sub: null },
      { sub: 'x'.repeat(256) },
      { sub: ['alice'] },
      { sub: '\ud800' },
      { sub: undefined, client_id: undefined },
      { client_id: 7 },
      { client_id: '' },
      { jti: 7 },
      { jti: '' },
      { jti: 'x'.repeat(256) },
      { sid: 7 },
      { sid: '' },
      { scope: 7 },
      { scope: ['a', 7] },
      { scp: { a: true } },
    ])('%j', async (changes) => {
      await expect(verifier.verify(await sign(rsa, claims(changes)))).rejects.toEqual(invalid());
    });

    it('numbers beyond what JSON can hold', async () => {
      const text = JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e999');
      const token = await new CompactSign(Buffer.from(text))
        .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt', kid: 'rsa-1' })
        .sign(rsa.privateKey);
      await expect(verifier.verify(token)).rejects.toEqual(invalid('exp'));
    });

    it('scopes that are required', async () => {
      const subject = create({ requiredScopes: ['comet', 'push'] });
      for (const scope of [undefined, '', 'comet', 'comet:push', 'COMET push', 'cometpush']) {
        await expect(subject.verify(await sign(rsa, claims({ scope })))).rejects.toEqual(invalid('scope'));
      }
      await expect(subject.verify(await sign(rsa, claims({ scope: 'push comet' })))).resolves.toMatchObject({
        kind: 'user',
      });
    });
  });

  describe('principal', () => {
    it.each([
      ['its subject is its client', { sub: 'alice', client_id: 'alice' }, 'alice'],
      ['gty says so', { sub: 'alice', gty: 'client-credentials' }, 'portal'],
      ['gty says so among others', { sub: 'alice', gty: ['client_credentials'] }, 'portal'],
      ['idtyp says so', { sub: 'alice', idtyp: 'app' }, 'portal'],
      ['no client is named', { sub: 'alice', client_id: undefined, idtyp: 'app' }, 'alice'],
    ])('T30 a token is that of a service, never of a user, if %s', async (_name, changes, serviceId) => {
      await expect(verifier.verify(await sign(rsa, claims(changes)))).resolves.toMatchObject({
        kind: 'service',
        userId: null,
        serviceId,
        identity: `${issuer.url} service:${serviceId}`,
      });
    });

    it('T30 a service is not a user under another user claim either', async () => {
      const subject = create({ userClaim: 'email' });
      const token = await sign(rsa, claims({ gty: 'client-credentials', email: 'alice@example.com' }));
      await expect(subject.verify(token)).resolves.toMatchObject({ kind: 'service', userId: null });
    });

    it('T30 a user and a service of one name have different identities', async () => {
      const user = await verifier.verify(await sign(rsa, claims({ sub: 'x', client_id: 'portal' })));
      const service = await verifier.verify(await sign(rsa, claims({ sub: 'x', client_id: 'x' })));
      expect(user.identity).not.toBe(service.identity);
    });

    it('takes the user id from the claim that is configured, and refuses tokens without it', async () => {
      const subject = create({ userClaim: 'email' });
      const token = await sign(rsa, claims({ email: 'alice@example.com' }));
      await expect(subject.verify(token)).resolves.toMatchObject({
        userId: 'alice@example.com',
        subject: 'alice',
        identity: `${issuer.url} user:alice`,
      });
      for (const email of [undefined, '', 7, null, 'x'.repeat(256), '\udc00x']) {
        await expect(subject.verify(await sign(rsa, claims({ email })))).rejects.toEqual(invalid('email'));
      }
      const inherited = create({ userClaim: 'constructor' });
      await expect(inherited.verify(token)).rejects.toEqual(invalid('constructor'));
    });

    it('knows the login its token came from', async () => {
      const token = await sign(rsa, claims({ sid: 'login-1', jti: undefined }));
      const principal = await verifier.verify(token);
      expect(principal).toMatchObject({ sid: 'login-1' });
      expect(principal).not.toHaveProperty('tokenId');
    });

    it('keeps the claims that are asked for, and no others', async () => {
      const subject = create({ claims: keptClaims(['role', 'rooms', 'constructor', '__proto__']) });
      const token = await sign(rsa, claims({ role: 'chief', rooms: ['a', 'b'], secret: 's' }));
      const principal = await subject.verify(token);
      expect(JSON.stringify(principal.claims)).toBe('{"role":"chief","rooms":["a","b"]}');
      expect(Object.isFrozen(principal.claims)).toBe(true);
      expect(await verifier.verify(token)).not.toHaveProperty('claims');
    });

    it('has user ids that begin as configured, or are made by a function', async () => {
      const token = await sign(rsa, claims({ email: 'alice@example.com' }));
      await expect(create({ userPrefix: 'staff:' }).verify(token)).resolves.toMatchObject({
        userId: 'staff:alice',
        subject: 'alice',
      });
      const userId = ({ email }: Readonly<Record<string, unknown>>) => String(email).replace(/@.*/, '');
      await expect(create({ userId }).verify(token)).resolves.toMatchObject({ userId: 'alice' });
      for (const unusable of ['', 7, null, undefined, 'x'.repeat(256), '\ud800']) {
        const subject = create({ userId: () => unusable as string });
        await expect(subject.verify(token)).rejects.toEqual(invalid('user id'));
      }
      await expect(create({ userPrefix: 'x'.repeat(255) }).verify(token)).rejects.toEqual(invalid('user id'));
      const failing = create({
        userId: () => {
          throw new Error('no such user');
        },
      });
      await expect(failing.verify(token)).rejects.toThrow('no such user');
    });

    it('T29 has the tenant of its issuer', async () => {
      const token = await sign(rsa, claims({ tenant: 'globex' }));
      await expect(create({ tenant: 'acme' }).verify(token)).resolves.toMatchObject({ tenant: 'acme' });
      await expect(verifier.verify(token)).resolves.toMatchObject({ tenant: '' });
    });

    it('T29 has the tenant that its token names, and is nobody if that is not one of those there are', async () => {
      const subject = create({ tenant: { claim: 'tenant', allow: ['acme', 'globex'] } });
      const token = await sign(rsa, claims({ tenant: 'globex' }));
      const globex = await subject.verify(token);
      const acme = await subject.verify(await sign(rsa, claims({ tenant: 'acme' })));
      expect([globex.tenant, acme.tenant]).toEqual(['globex', 'acme']);
      expect(globex.identity).not.toBe(acme.identity);
      for (const tenant of [undefined, '', null, 7, ['acme'], 'ACME', 'acme ', 'other', '__proto__']) {
        await expect(subject.verify(await sign(rsa, claims({ tenant })))).rejects.toEqual(invalid('tenant'));
      }
    });

    it('is the same identity for two tokens of one subject', async () => {
      const first = await verifier.verify(await sign(rsa, claims({ jti: '1', scope: 'a' })));
      const second = await verifier.verify(await sign(rsa, claims({ jti: '2', client_id: 'phone' })));
      expect(first.identity).toBe(second.identity);
      expect(first.tokenRef).not.toBe(second.tokenRef);
    });
  });

  it('T49 puts no part of a token into errors or logs', async () => {
    const secret = 'do-not-log-me';
    const header = { crit: ['x-secret'], 'x-secret': secret, kid: secret };
    const tokens = [
      await sign(rsa, claims({ sub: secret, aud: secret })),
      await sign(rsa, claims({ iss: secret })),
      await sign(rsa, claims(), { kid: secret }),
      `${base64url({ alg: 'RS256', typ: 'at+jwt', ...header })}.${base64url({ secret })}.AAAA`,
    ];
    for (const token of tokens) {
      const error: unknown = await verifier.verify(token).catch((caught: unknown) => caught);
      const shown = JSON.stringify(error, Object.getOwnPropertyNames(error)) + logger.text;
      for (const part of [secret, ...token.split('.')]) expect(shown).not.toContain(part);
    }
  });
});
