import { exportJWK, SignJWT } from 'jose';
import { generateKeyPairSync, randomUUID, webcrypto } from 'node:crypto';
import { JwtTokenVerifier } from '../../src/auth/jwt.verifier.js';
import type { JwtVerifierOptions } from '../../src/auth/jwt-verifier.options.js';
import {
  answerJson,
  answerStatus,
  base64url,
  claimsFor,
  createKey,
  JWKS_PATH,
  OAUTH_PATH,
  OIDC_PATH,
  optionsFor,
  sign,
  TestClock,
  TestIssuer,
  TestLogger,
} from './issuer.fixture.js';
import type { IssuerKey } from './issuer.fixture.js';
import { until } from '../support/until.js';

describe('the issuer', () => {
  let clock: TestClock;
  let logger: TestLogger;
  let first: IssuerKey;
  let second: IssuerKey;
  let issuer: TestIssuer;
  let verifier: JwtTokenVerifier;

  beforeAll(async () => {
    first = await createKey('ES256', 'first');
    second = await createKey('ES256', 'second');
  });

  beforeEach(async () => {
    clock = new TestClock();
    logger = new TestLogger();
    issuer = await new TestIssuer().open([first.jwk]);
    verifier = create();
  });

  afterEach(() => issuer.close());

  function create(changes: Partial<JwtVerifierOptions> = {}): JwtTokenVerifier {
    return new JwtTokenVerifier(optionsFor(issuer.url, changes), logger, clock);
  }

  async function verify(key: IssuerKey, subject = verifier): Promise<unknown> {
    return subject.verify(await sign(key, claimsFor(issuer.url, clock)));
  }

  /** A token that names a key, with a signature that is none. */
  function forge(kid: string): string {
    const header = base64url({ alg: 'ES256', typ: 'at+jwt', kid });
    return `${header}.${base64url(claimsFor(issuer.url, clock))}.${base64url('x'.repeat(64))}`;
  }

  const accepted = expect.objectContaining({ userId: 'alice' }) as object;
  const refused = expect.objectContaining({ name: 'TokenError', code: 'invalid_token' }) as Error;
  const unavailable = expect.objectContaining({ name: 'AuthUnavailableError' }) as Error;

  describe('metadata', () => {
    it('is not asked for before the first token comes', () => {
      expect(issuer.requests).toEqual([]);
    });

    it('is found in the form of OpenID Connect Discovery', async () => {
      await expect(verify(first)).resolves.toEqual(accepted);
      expect(issuer.requests).toEqual([OIDC_PATH, JWKS_PATH]);
    });

    it.each([
      ['404', answerStatus(404)],
      ['a page', answerStatus(200, { 'content-type': 'text/html' })],
      ['no metadata', answerJson([])],
    ])('is found in the form of RFC 8414 where the other form gives %s', async (_name, answer) => {
      issuer.routes.set(OIDC_PATH, answer);
      issuer.routes.set(OAUTH_PATH, answerJson({ issuer: issuer.url, jwks_uri: issuer.url + JWKS_PATH }));
      await expect(verify(first)).resolves.toEqual(accepted);
      expect(issuer.requests).toEqual([OIDC_PATH, OAUTH_PATH, JWKS_PATH]);
    });

    it('is found for an issuer with a path, before or after which each form has its name', async () => {
      const url = `${issuer.url}/realms/one`;
      const metadata = answerJson({ issuer: url, jwks_uri: issuer.url + JWKS_PATH });
      issuer.routes.set(`${OAUTH_PATH}/realms/one`, metadata);
      const token = await sign(first, claimsFor(url, clock));
      const subject = new JwtTokenVerifier(optionsFor(url), logger, clock);
      await expect(subject.verify(token)).resolves.toEqual(accepted);
      expect(issuer.requests).toEqual([`/realms/one${OIDC_PATH}`, `${OAUTH_PATH}/realms/one`, JWKS_PATH]);
    });

    it.each(['https://other.example', 'SLASH', 'no url'])(
      'T42 that names another issuer (%s) is an error in the log, and nothing is accepted',
      async (name) => {
        const other = name === 'SLASH' ? `${issuer.url}/` : name;
        issuer.routes.set(OIDC_PATH, answerJson({ issuer: other, jwks_uri: issuer.url + JWKS_PATH }));
        await expect(verify(first)).rejects.toEqual(unavailable);
        expect(issuer.requestsTo(JWKS_PATH)).toBe(0);
        if (name !== 'no url')
          expect(logger.lines).toEqual([expect.stringMatching(/^error .*another issuer/)]);
      },
    );

    it('T42 with no usable jwks_uri is an error in the log', async () => {
      const unusable = [
        undefined,
        7,
        '/jwks',
        'ftp://127.0.0.1/jwks',
        'file:///etc/passwd',
        'http://keys.example',
      ];
      for (const jwks_uri of unusable) {
        clock.advance(1_000);
        issuer.routes.set(OIDC_PATH, answerJson({ issuer: issuer.url, jwks_uri }));
        await expect(verify(first)).rejects.toEqual(unavailable);
      }
      expect(logger.lines).toEqual(unusable.map(() => expect.stringMatching(/^error .*jwks_uri/) as string));
    });

    it('T42 redirects are not followed', async () => {
      const elsewhere = await new TestIssuer().open([first.jwk]);
      try {
        const away = answerStatus(302, { location: elsewhere.url + OIDC_PATH });
        issuer.routes.set(OIDC_PATH, away);
        issuer.routes.set(OAUTH_PATH, away);
        await expect(verify(first)).rejects.toEqual(unavailable);
        issuer.routes.set(OIDC_PATH, answerJson({ issuer: issuer.url, jwks_uri: issuer.url + JWKS_PATH }));
        issuer.routes.set(JWKS_PATH, answerStatus(302, { location: elsewhere.url + JWKS_PATH }));
        clock.advance(1_000);
        await expect(verify(first)).rejects.toEqual(unavailable);
        expect(elsewhere.requests).toEqual([]);
      } finally {
        await elsewhere.close();
      }
    });

    it('T42 is not asked for over plain HTTP, except on this host or where that is permitted', () => {
      const at = (url: string, allowInsecureIssuer: boolean) => () =>
        new JwtTokenVerifier(optionsFor(url, { allowInsecureIssuer }), logger, clock);
      expect(at('http://login.example.com', false)).toThrow(/plain HTTP/);
      expect(at('http://127.0.0.1.example.com', false)).toThrow(/plain HTTP/);
      expect(at('http://login.example.com', true)).not.toThrow();
      for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '[::1]']) {
        expect(at(`http://${host}:8080`, false)).not.toThrow();
      }
    });
  });

  describe('T42 outage', () => {
    it('at the first need is told apart from a bad token, and ends by itself', async () => {
      await issuer.close();
      await expect(verify(first)).rejects.toEqual(unavailable);
      await issuer.reopen();
      await expect(verify(first)).rejects.toEqual(unavailable);
      expect(issuer.requests).toEqual([]);
      clock.advance(1_000);
      await expect(verify(first)).resolves.toEqual(accepted);
      expect(logger.lines).toEqual([expect.stringMatching(/^warn .*ECONNREFUSED/)]);
    });

    it('asks once for all that wait, and once in a second while it lasts', async () => {
      issuer.routes.set(OIDC_PATH, answerStatus(500));
      await Promise.all(Array.from({ length: 20 }, () => expect(verify(first)).rejects.toEqual(unavailable)));
      clock.advance(999);
      await expect(verify(first)).rejects.toEqual(unavailable);
      expect(issuer.requestsTo(OIDC_PATH)).toBe(1);
      clock.advance(1);
      await expect(verify(first)).rejects.toEqual(unavailable);
      expect(issuer.requestsTo(OIDC_PATH)).toBe(2);
    });

    it.each([
      ['500', answerStatus(500)],
      ['a page', answerStatus(200, { 'content-type': 'text/html' })],
      ['no key set', answerJson({ keys: 'none' })],
    ])('of the keys (%s) is told apart from a bad token', async (_name, answer) => {
      issuer.routes.set(JWKS_PATH, answer);
      await expect(verify(first)).rejects.toEqual(unavailable);
      issuer.publish([first.jwk]);
      clock.advance(1_000);
      await expect(verify(first)).resolves.toEqual(accepted);
    });

    it('is also an issuer that does not answer in time', async () => {
      issuer.routes.set(OIDC_PATH, () => undefined);
      await expect(verify(first, create({ issuerTimeout: 20 }))).rejects.toEqual(unavailable);
      issuer.routes.set(OIDC_PATH, answerJson({ issuer: issuer.url, jwks_uri: issuer.url + JWKS_PATH }));
      issuer.routes.set(JWKS_PATH, () => undefined);
      await expect(verify(first, create({ issuerTimeout: 200 }))).rejects.toEqual(unavailable);
    });

    it('does not hurt tokens whose key is known, for ten minutes', async () => {
      await verify(first);
      await issuer.close();
      clock.advance(599_999);
      await expect(verify(first)).resolves.toEqual(accepted);
      await expect(verify(second)).rejects.toEqual(unavailable);
      await expect(verify(first)).resolves.toEqual(accepted);
      clock.advance(1_000);
      await expect(verify(first)).rejects.toEqual(unavailable);
    });

    it('makes it ask again where the keys are', async () => {
      issuer.routes.set(JWKS_PATH, answerStatus(404));
      await expect(verify(first)).rejects.toEqual(unavailable);
      issuer.routes.set('/new-jwks', answerJson({ keys: [first.jwk] }));
      issuer.routes.set(OIDC_PATH, answerJson({ issuer: issuer.url, jwks_uri: `${issuer.url}/new-jwks` }));
      clock.advance(1_000);
      await expect(verify(first)).resolves.toEqual(accepted);
    });
  });

  describe('keys', () => {
    it('T42 a new key is fetched when a token names it', async () => {
      await verify(first);
      issuer.publish([first.jwk, second.jwk]);
      clock.advance(10_000);
      await expect(verify(second)).resolves.toEqual(accepted);
      await expect(verify(first)).resolves.toEqual(accepted);
      expect(issuer.requestsTo(JWKS_PATH)).toBe(2);
      expect(issuer.requestsTo(OIDC_PATH)).toBe(1);
    });

    it('T42 a key that was withdrawn ends when the keys are fetched again', async () => {
      await verify(first);
      issuer.publish([second.jwk]);
      clock.advance(600_000);
      await expect(verify(first)).rejects.toEqual(refused);
      await expect(verify(second)).resolves.toEqual(accepted);
    });

    it('T5 a flood of key ids causes one fetch in ten seconds, and good clients notice nothing', async () => {
      await verify(first);
      const flood = async () => {
        const attempts = Array.from({ length: 1_000 }, () => verifier.verify(forge(randomUUID())));
        const outcomes = await Promise.allSettled(attempts);
        return outcomes.map((outcome) =>
          outcome.status === 'rejected' ? (outcome.reason as Error).name : 'accepted',
        );
      };
      // The keys were fetched before any of these tokens came.
      expect(new Set(await flood())).toEqual(new Set(['AuthUnavailableError']));
      expect(issuer.requestsTo(JWKS_PATH)).toBe(1);
      clock.advance(10_000);
      const [second] = await Promise.all([flood(), expect(verify(first)).resolves.toEqual(accepted)]);
      expect(second).not.toContain('accepted');
      clock.advance(9_999);
      expect(new Set(await flood())).toEqual(new Set(['AuthUnavailableError']));
      expect(issuer.requestsTo(JWKS_PATH)).toBe(2);
    });

    it('[A6] T64 a made-up key id and a rotation refuse no good token: it is told to come again', async () => {
      await verify(first);
      clock.advance(10_000);
      await expect(verifier.verify(forge('made-up'))).rejects.toEqual(refused);
      issuer.publish([second.jwk]);
      await expect(verify(second)).rejects.toEqual(unavailable);
      clock.advance(9_999);
      await expect(verify(second)).rejects.toEqual(unavailable);
      clock.advance(1);
      await expect(verify(second)).resolves.toEqual(accepted);
      expect(issuer.requestsTo(JWKS_PATH)).toBe(3);
    });

    it('[A6] T64 a fetch that began before a token came refuses it no more than it has to', async () => {
      await verify(first);
      clock.advance(10_000);
      let answerLate: (() => void) | undefined;
      issuer.routes.set(JWKS_PATH, (request, response) => {
        answerLate = () => answerJson({ keys: [first.jwk] })(request, response);
      });
      const forged = expect(verifier.verify(forge('made-up'))).rejects.toEqual(refused);
      await until('the keys to be asked for', () => answerLate !== undefined);
      const early = expect(verify(second)).rejects.toEqual(unavailable);
      issuer.publish([second.jwk]);
      answerLate?.();
      await Promise.all([forged, early]);
      clock.advance(10_000);
      await expect(verify(second)).resolves.toEqual(accepted);
    });

    it('[A6] T64 a key that another of the same id replaces is fetched when a signature fails', async () => {
      await verify(first);
      const replaced = { ...second, jwk: { ...second.jwk, kid: 'first' } };
      issuer.publish([replaced.jwk]);
      clock.advance(10_000);
      await expect(verify(replaced)).resolves.toEqual(accepted);
      // The key of that name was fetched a moment ago, so that the signature alone is to blame.
      await expect(verify(first)).rejects.toEqual(refused);
      expect(issuer.requestsTo(JWKS_PATH)).toBe(2);
    });

    it('[A6] T64 tokens that name no key survive a rotation, and two keys that they may mean', async () => {
      const nameless = (key: IssuerKey) =>
        new SignJWT({ ...claimsFor(issuer.url, clock) })
          .setProtectedHeader({ alg: key.alg, typ: 'at+jwt' })
          .sign(key.privateKey);
      const jwkOf = ({ publicKey }: IssuerKey) => exportJWK(publicKey);
      issuer.publish([await jwkOf(first)]);
      await expect(verifier.verify(await nameless(first))).resolves.toEqual(accepted);
      await expect(verifier.verify(await nameless(second))).rejects.toEqual(unavailable);
      issuer.publish([await jwkOf(first), await jwkOf(second)]);
      clock.advance(10_000);
      await expect(verifier.verify(await nameless(second))).resolves.toEqual(accepted);
      await expect(verifier.verify(await nameless(first))).resolves.toEqual(accepted);
      clock.advance(10_000);
      const stranger = await createKey('ES256', 'stranger');
      await expect(verifier.verify(await nameless(stranger))).rejects.toEqual(refused);
    });

    it('[A6] T64 an issuer that publishes no key for a while refuses no token, and loses none of its keys', async () => {
      issuer.publish([]);
      await expect(verify(first)).rejects.toEqual(unavailable);
      expect(logger.text).toContain('ISSUER_HAS_NO_KEYS');
      issuer.publish([first.jwk]);
      clock.advance(1_000);
      await expect(verify(first)).resolves.toEqual(accepted);
      issuer.publish([]);
      clock.advance(10_000);
      await expect(verifier.verify(forge('made-up'))).rejects.toEqual(unavailable);
      await expect(verify(first)).resolves.toEqual(accepted);
    });

    it('T5 a flood of key ids during an outage causes one attempt in a second', async () => {
      await verify(first);
      issuer.routes.set(JWKS_PATH, answerStatus(500));
      clock.advance(10_000);
      for (let round = 0; round < 20; round++) await expect(verify(second)).rejects.toEqual(unavailable);
      expect(issuer.requestsTo(JWKS_PATH)).toBe(2);
      await expect(verify(first)).resolves.toEqual(accepted);
    });

    it('T43 an RSA key of 1024 bits is not used', async () => {
      const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
      issuer.publish([{ ...(await exportJWK(weak.publicKey)), kid: 'weak', alg: 'RS256' }]);
      const input = `${base64url({ alg: 'RS256', typ: 'at+jwt', kid: 'weak' })}.${base64url(claimsFor(issuer.url, clock))}`;
      const pkcs8 = weak.privateKey.export({ format: 'der', type: 'pkcs8' });
      const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      const key = await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, false, ['sign']);
      const signature = Buffer.from(await webcrypto.subtle.sign(algorithm.name, key, Buffer.from(input)));
      await expect(verifier.verify(`${input}.${signature.toString('base64url')}`)).rejects.toEqual(refused);
      expect(issuer.requestsTo(JWKS_PATH)).toBe(1);
    });

    it('T43 a secret, a key for encryption and a private key are not used', async () => {
      const kid = 'first';
      const unusable = [
        { kty: 'oct', kid, k: base64url('secret') },
        { ...first.jwk, use: 'enc' },
        { ...(await exportJWK(first.privateKey)), kid },
      ];
      for (const jwk of unusable) {
        issuer.publish([jwk]);
        await expect(verify(first, create())).rejects.toEqual(refused);
      }
    });
  });
});
