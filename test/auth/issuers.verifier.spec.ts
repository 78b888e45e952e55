import { createHmac } from 'node:crypto';
import type { CometIssuerOptions } from '../../src/auth/auth-options.js';
import { issuerSettings } from '../../src/auth/issuer-settings.js';
import { IssuersVerifier } from '../../src/auth/issuers.verifier.js';
import { MAX_TOKEN_LENGTH } from '../../src/auth/presented-token.js';
import {
  answerJson,
  answerStatus,
  AUDIENCE,
  base64url,
  claimsFor,
  createKey,
  JWKS_PATH,
  OIDC_PATH,
  sign,
  TestClock,
  TestIssuer,
  TestLogger,
} from './issuer.fixture.js';
import type { IssuerKey } from './issuer.fixture.js';

describe('several issuers', () => {
  let clock: TestClock;
  let logger: TestLogger;
  let staffKey: IssuerKey;
  let guestKey: IssuerKey;
  let staff: TestIssuer;
  let guests: TestIssuer;

  beforeAll(async () => {
    // One kid for both, so that keys that were pooled would be taken for each other.
    staffKey = await createKey('ES256', 'key-1');
    guestKey = await createKey('ES256', 'key-1');
  });

  beforeEach(async () => {
    clock = new TestClock();
    logger = new TestLogger();
    staff = await new TestIssuer().open([staffKey.jwk]);
    guests = await new TestIssuer().open([guestKey.jwk]);
  });

  afterEach(() => Promise.all([staff.close(), guests.close()]));

  const invalid = (reason = '') =>
    expect.objectContaining({
      name: 'TokenError',
      code: 'invalid_token',
      reason: expect.stringContaining(reason) as string,
    }) as Error;
  const unavailable = expect.objectContaining({ name: 'AuthUnavailableError' }) as Error;

  function create(
    ofStaff: Partial<CometIssuerOptions> = {},
    ofGuests: Partial<CometIssuerOptions> = {},
  ): IssuersVerifier {
    const issuers = [
      { issuer: staff.url, userPrefix: 'staff:', ...ofStaff },
      { issuer: guests.url, userPrefix: 'guest:', ...ofGuests },
    ];
    return new IssuersVerifier(issuerSettings({ audience: AUDIENCE, issuers }), logger, clock);
  }

  it('each speak for users of their own', async () => {
    const subject = create();
    const one = await subject.verify(await sign(staffKey, claimsFor(staff.url, clock)));
    const other = await subject.verify(await sign(guestKey, claimsFor(guests.url, clock)));
    expect(one).toMatchObject({ userId: 'staff:alice', subject: 'alice', issuer: staff.url });
    expect(other).toMatchObject({ userId: 'guest:alice', subject: 'alice', issuer: guests.url });
    expect(one.identity).not.toBe(other.identity);
  });

  it('each say for themselves what they accept', async () => {
    const subject = create({ audience: 'staff-push' }, { tokenTypes: ['JWT'], tenant: 'acme' });
    const ofStaff = await sign(staffKey, claimsFor(staff.url, clock));
    const ofGuests = await sign(guestKey, claimsFor(guests.url, clock), { typ: 'JWT' });
    await expect(subject.verify(ofStaff)).rejects.toEqual(invalid('aud'));
    await expect(subject.verify(ofGuests)).resolves.toMatchObject({ tenant: 'acme' });
  });

  it('T8 the key of one is not good under the name of the other', async () => {
    const subject = create();
    await subject.verify(await sign(guestKey, claimsFor(guests.url, clock)));
    await expect(subject.verify(await sign(guestKey, claimsFor(staff.url, clock)))).rejects.toEqual(
      invalid('ERR_JWS_SIGNATURE_VERIFICATION_FAILED'),
    );
    await expect(subject.verify(await sign(staffKey, claimsFor(guests.url, clock)))).rejects.toEqual(
      invalid('ERR_JWS_SIGNATURE_VERIFICATION_FAILED'),
    );
  });

  it('T8 T9 an issuer that is not on the list is nobody, and nobody is asked', async () => {
    const evil = await new TestIssuer().open([staffKey.jwk]);
    try {
      const { url } = staff;
      const names = [
        ...[evil.url, `${url}/`, `${url}/realms/../`, url.toUpperCase(), url.replace('http:', 'https:')],
        ...[`${url}@evil.example`, 'constructor', '__proto__', '', undefined, [url], 7, { url }],
      ];
      for (const iss of names) {
        const token = await sign(staffKey, claimsFor(url, clock, { iss }));
        await expect(create().verify(token)).rejects.toEqual(invalid('iss'));
      }
      expect([evil.requests, staff.requests, guests.requests]).toEqual([[], [], []]);
    } finally {
      await evil.close();
    }
  });

  it.each(['none', 'HS256'])('T2 T3 alg %s is not good for any of them', async (alg) => {
    const input = `${base64url({ alg, typ: 'at+jwt' })}.${base64url(claimsFor(staff.url, clock))}`;
    const mac = createHmac('sha256', JSON.stringify(staffKey.jwk)).update(input).digest('base64url');
    await expect(create().verify(`${input}.${mac}`)).rejects.toEqual(invalid());
    expect(staff.requests).toEqual([]);
  });

  it('T1 T11 text that names no issuer is refused unread where none is asked about tokens', async () => {
    for (const token of ['', 'opaque', 'a.b.c', 'a.b.c.d.e', 'x'.repeat(MAX_TOKEN_LENGTH + 1)]) {
      await expect(create().verify(token)).rejects.toEqual(invalid());
    }
    expect([staff.requests, guests.requests]).toEqual([[], []]);
  });

  it('T42 one that is down does not hurt the other', async () => {
    const subject = create();
    await guests.close();
    await expect(subject.verify(await sign(guestKey, claimsFor(guests.url, clock)))).rejects.toEqual(
      unavailable,
    );
    await expect(subject.verify(await sign(staffKey, claimsFor(staff.url, clock)))).resolves.toMatchObject({
      userId: 'staff:alice',
    });
  });

  it('finds the keys where it is told to, without metadata', async () => {
    staff.routes.delete(OIDC_PATH);
    const subject = create({ jwksUri: staff.url + JWKS_PATH });
    await subject.verify(await sign(staffKey, claimsFor(staff.url, clock)));
    expect(staff.requests).toEqual([JWKS_PATH]);
  });

  it('T42 reads no more of metadata or keys than anybody would publish', async () => {
    const huge = { keys: [staffKey.jwk], issuer: staff.url, x: 'x'.repeat(600_000) };
    for (const path of [JWKS_PATH, OIDC_PATH]) {
      staff.routes.set(path, answerJson(huge));
      const token = await sign(staffKey, claimsFor(staff.url, clock));
      await expect(create().verify(token)).rejects.toEqual(unavailable);
      expect(logger.lines.pop()).toContain('ISSUER_ANSWER_TOO_LARGE');
    }
  });

  describe('one of which is asked about tokens', () => {
    const introspection = { clientId: 'comet', clientSecret: 'secret' };
    const asking = () => create({ strategy: 'introspection', introspection });

    beforeEach(() => {
      const { url } = staff;
      staff.routes.set(OIDC_PATH, answerJson({ issuer: url, introspection_endpoint: `${url}/introspect` }));
      staff.routes.set('/introspect', answerJson({ active: true, ...claimsFor(url, clock) }));
    });

    it('is asked about opaque tokens', async () => {
      await expect(asking().verify('opaque')).resolves.toMatchObject({ userId: 'staff:alice' });
    });

    it('is asked about its own JWTs, and shown none of others', async () => {
      const subject = asking();
      await subject.verify(await sign(guestKey, claimsFor(guests.url, clock)));
      await expect(
        subject.verify(await sign(guestKey, claimsFor('https://evil.example', clock))),
      ).rejects.toEqual(invalid('iss'));
      expect(staff.requests).toEqual([]);
      await subject.verify(await sign(staffKey, claimsFor(staff.url, clock)));
      expect(staff.requestsTo('/introspect')).toBe(1);
    });

    it('is shown no opaque tokens if there is another one that is asked', async () => {
      const subject = create(
        { strategy: 'introspection', introspection },
        { strategy: 'introspection', introspection },
      );
      await expect(subject.verify('opaque')).rejects.toEqual(invalid('iss'));
      expect([staff.requests, guests.requests]).toEqual([[], []]);
    });
  });

  describe('JWTs are cached', () => {
    it('for a minute, so that no key is needed for each poll', async () => {
      const subject = create();
      const token = await sign(staffKey, claimsFor(staff.url, clock));
      const first = await subject.verify(token);
      clock.advance(59_999);
      expect(await subject.verify(token)).toBe(first);
      clock.advance(1);
      const second = await subject.verify(token);
      expect(second).not.toBe(first);
      expect(second).toEqual(first);
    });

    it('T10 not beyond their end', async () => {
      const subject = create();
      const token = await sign(staffKey, claimsFor(staff.url, clock, { exp: clock.seconds + 10 }));
      await subject.verify(token);
      clock.advance(14_999);
      await expect(subject.verify(token)).resolves.toBeDefined();
      clock.advance(1);
      await expect(subject.verify(token)).rejects.toMatchObject({ code: 'token_expired' });
    });

    it('and each by all of it: T11 another signature is another token', async () => {
      const subject = create();
      const token = await sign(staffKey, claimsFor(staff.url, clock));
      await subject.verify(token);
      const changed = token.slice(0, -8) + (token.endsWith('AAAAAAAA') ? 'BBBBBBBB' : 'AAAAAAAA');
      await expect(subject.verify(changed)).rejects.toEqual(invalid());
    });

    it('T42 not if the issuer could not be asked', async () => {
      staff.routes.set(OIDC_PATH, answerStatus(500));
      const subject = create();
      const token = await sign(staffKey, claimsFor(staff.url, clock));
      await expect(subject.verify(token)).rejects.toEqual(unavailable);
      staff.routes.set(OIDC_PATH, answerJson({ issuer: staff.url, jwks_uri: staff.url + JWKS_PATH }));
      clock.advance(1_000);
      await expect(subject.verify(token)).resolves.toMatchObject({ userId: 'staff:alice' });
    });
  });
});
