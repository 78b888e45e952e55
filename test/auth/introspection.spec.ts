import type { IncomingMessage, ServerResponse } from 'node:http';
import { jwtVerify, SignJWT } from 'jose';
import { BoundedMap } from '../../src/auth/bounded-map.js';
import { CachingVerifier } from '../../src/auth/caching.verifier.js';
import type { CometAuthOptions, CometIntrospectionOptions } from '../../src/auth/auth-options.js';
import { issuerSettings } from '../../src/auth/issuer-settings.js';
import { IssuersVerifier } from '../../src/auth/issuers.verifier.js';
import { tokenRef } from '../../src/auth/presented-token.js';
import { until } from '../support/until.js';
import {
  answerJson,
  answerStatus,
  AUDIENCE,
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

const PATH = '/introspect';
const CREDENTIALS = { clientId: 'comet', clientSecret: 'cometSecret' };
const TOKEN = 'opaque-token';

describe('introspection', () => {
  let key: IssuerKey;
  let clock: TestClock;
  let logger: TestLogger;
  let issuer: TestIssuer;
  /** The bodies and the `Authorization` headers of what was asked. */
  let asked: { form: URLSearchParams; authorization: string | undefined; accept: string | undefined }[];

  beforeAll(async () => {
    key = await createKey('ES256', 'key-1');
  });

  beforeEach(async () => {
    clock = new TestClock();
    logger = new TestLogger();
    asked = [];
    issuer = await new TestIssuer().open([key.jwk]);
    publish();
    answer({});
  });

  afterEach(() => issuer.close());

  const invalid = (reason: string) =>
    expect.objectContaining({
      name: 'TokenError',
      code: 'invalid_token',
      reason: expect.stringContaining(reason) as string,
    }) as Error;
  const unavailable = expect.objectContaining({ name: 'AuthUnavailableError' }) as Error;

  function publish(more: object = {}): void {
    const { url } = issuer;
    const metadata = { issuer: url, jwks_uri: url + JWKS_PATH, introspection_endpoint: url + PATH };
    issuer.routes.set(OIDC_PATH, answerJson({ ...metadata, ...more }));
  }

  /** What the issuer says of every token from now on; `undefined` takes a member out. */
  function answer(changes: Record<string, unknown>): void {
    respond(answerJson({ active: true, ...claimsFor(issuer.url, clock), ...changes }));
  }

  function respond(handler: (request: IncomingMessage, response: ServerResponse) => void): void {
    issuer.routes.set(PATH, (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { authorization, accept } = request.headers;
        asked.push({ form: new URLSearchParams(body), authorization, accept });
        handler(request, response);
      });
    });
  }

  function create(
    changes: Partial<CometAuthOptions> = {},
    introspection: Partial<CometIntrospectionOptions> = {},
    issuerTimeout?: number,
  ): IssuersVerifier {
    const settings = issuerSettings({
      issuer: issuer.url,
      audience: AUDIENCE,
      strategy: 'introspection',
      introspection: { ...CREDENTIALS, ...introspection },
      ...changes,
    });
    return new IssuersVerifier(
      settings.map((one) => ({ ...one, issuerTimeout })),
      logger,
      clock,
    );
  }

  it('asks the issuer, as itself, and tells who the token speaks for', async () => {
    answer({ scope: 'news:read', sid: 'login-1', token_type: 'Bearer' });
    await expect(create().verify(TOKEN)).resolves.toEqual({
      kind: 'user',
      tenant: '',
      userId: 'alice',
      serviceId: null,
      identity: `${issuer.url} user:alice`,
      issuer: issuer.url,
      subject: 'alice',
      clientId: 'portal',
      scopes: ['news:read'],
      expiresAt: (clock.seconds + 305) * 1000,
      statedExpiry: (clock.seconds + 300) * 1000,
      issuedAt: clock.seconds * 1000,
      tokenId: 'token-1',
      sid: 'login-1',
      tokenRef: tokenRef(TOKEN),
    });
    const [request] = asked;
    expect(Object.fromEntries(request?.form ?? [])).toEqual({
      token: TOKEN,
      token_type_hint: 'access_token',
    });
    const basic = Buffer.from('comet:cometSecret').toString('base64');
    expect(request?.authorization).toBe(`Basic ${basic}`);
  });

  it('sends its secret in the body where the issuer wants it there', async () => {
    await create({}, { authentication: 'client_secret_post' }).verify(TOKEN);
    expect(asked[0]?.authorization).toBeUndefined();
    expect(asked[0]?.form.get('client_secret')).toBe('cometSecret');
  });

  it('signs what it asks where it has a key instead of a secret', async () => {
    const own = await createKey('ES256', 'own');
    await create({}, { clientSecret: undefined, privateKey: own.privateKey } as never).verify(TOKEN);
    const assertion = asked[0]?.form.get('client_assertion') ?? '';
    await expect(
      jwtVerify(assertion, own.publicKey, { issuer: 'comet', audience: issuer.url }),
    ).resolves.toBeDefined();
  });

  it('asks where it is told to, without metadata', async () => {
    issuer.routes.delete(OIDC_PATH);
    const subject = create({}, { endpoint: issuer.url + PATH });
    await expect(subject.verify(TOKEN)).resolves.toMatchObject({ userId: 'alice' });
    expect(issuer.requests).toEqual([PATH]);
  });

  it('takes a token without an end for as long as any token may go without being presented', async () => {
    answer({ exp: undefined, iat: undefined });
    const principal = await create({ maxTokenLifetime: 600 }).verify(TOKEN);
    expect(principal.expiresAt).toBe((clock.seconds + 600) * 1000);
    expect(principal).not.toHaveProperty('issuedAt');
  });

  it.each([
    ['without a subject', { sub: undefined }],
    ['whose subject is its client', { sub: 'portal' }],
  ])('T30 a token %s is that of a service if the issuer or the application says so', async (_, changes) => {
    const service = { kind: 'service', userId: null, serviceId: 'portal' };
    answer(changes);
    await expect(create().verify(TOKEN)).rejects.toEqual(invalid('auth.kind'));
    await expect(create({ kind: () => 'service' }).verify(TOKEN)).resolves.toMatchObject(service);
    answer({ ...changes, gty: 'client_credentials' });
    await expect(create().verify(TOKEN)).resolves.toMatchObject(service);
  });

  describe('[A4] T63 refuses a token that is active, and no access token', () => {
    it.each([
      ['an ID token', { aud: ['portal'], client_id: undefined, azp: 'portal', nonce: 'n' }, 'nonce'],
      [
        'an ID token without a nonce',
        { aud: ['portal'], client_id: undefined, azp: 'portal' },
        'its own client',
      ],
      ['an ID token for this server too', { aud: [AUDIENCE, 'portal'] }, 'its own client'],
      ['an ID token, by its at_hash', { at_hash: 'h', scp: ['news'] }, 'at_hash'],
      ['an ID token of Keycloak', { typ: 'ID' }, 'typ'],
      ['a refresh token of Keycloak', { typ: 'Refresh', scope: 'news' }, 'typ'],
      ['an offline token of Keycloak', { typ: 'Offline', scope: 'news' }, 'typ'],
      ['a refresh token of Hydra', { token_use: 'refresh_token', token_type: 'Bearer' }, 'token_use'],
      ['an ID token of Cognito', { token_use: 'id' }, 'token_use'],
      ['a refresh token, by its token_type', { token_type: 'refresh_token' }, 'token_type'],
      ['a refresh token, by its type', { type: 'refresh_token' }, 'type'],
      ['a logout token', { events: {} }, 'events'],
      ['an introspection answer', { token_introspection: {} }, 'token_introspection'],
    ])('%s', async (_, changes, reason) => {
      answer(changes);
      const subject = create({ audience: [AUDIENCE, 'portal'] });
      await expect(subject.verify(TOKEN)).rejects.toEqual(invalid(reason));
    });

    it('but accepts what is addressed to a client and says that it is an access token', async () => {
      const subject = create({ audience: 'portal' }, { maxTtl: 0 });
      for (const mark of [
        { token_use: 'access_token' },
        { scp: ['news'] },
        { typ: 'Bearer' },
        { token_type: 'Bearer', scope: 'news' },
      ]) {
        answer({ aud: ['portal'], ...mark });
        await expect(subject.verify(TOKEN)).resolves.toMatchObject({ userId: 'alice' });
      }
    });
  });

  it('[A5] takes the audience from another claim where there is no aud', async () => {
    const subject = create({ audience: 'portal', audienceClaim: 'client_id' }, { maxTtl: 0, negativeTtl: 0 });
    answer({ aud: undefined });
    await expect(subject.verify(TOKEN)).resolves.toMatchObject({ userId: 'alice' });
    answer({ aud: undefined, client_id: 'other' });
    await expect(subject.verify(TOKEN)).rejects.toEqual(invalid('aud'));
    answer({});
    await expect(subject.verify(TOKEN)).rejects.toEqual(invalid('aud'));
  });

  describe('T40 refuses a token that is', () => {
    it.each([
      ['not active', { active: false }, 'not active'],
      ['active without an audience', { aud: undefined }, 'aud'],
      ['active for another audience', { aud: ['https://other.example'] }, 'aud'],
      ['of another issuer', { iss: 'https://other.example' }, 'iss'],
      ['T12 bound to a key, by its type', { token_type: 'DPoP' }, 'token_type'],
      ['T12 bound to a key, by its confirmation', { cnf: { jkt: 'x' } }, 'sender-constrained'],
      ['no access token', { token_type: 'N_A' }, 'token_type'],
      ['not good yet', { nbf: Date.UTC(2030, 0, 1) / 1000 + 6 }, 'nbf'],
      ['issued in the future', { iat: Date.UTC(2030, 0, 1) / 1000 + 6 }, 'iat'],
      ['T10 ending at a text', { exp: '4102444800' }, 'exp'],
      ['T10 ending at no time', { exp: null }, 'exp'],
      ['T10 of a subject that is a number', { sub: 7 }, 'sub'],
      ['of a malformed login', { sid: 7 }, 'sid'],
    ])('%s', async (_, changes, reason) => {
      answer(changes);
      await expect(create().verify(TOKEN)).rejects.toEqual(invalid(reason));
    });

    it('without a scope that is required', async () => {
      answer({ scope: 'news' });
      await expect(create({ requiredScopes: ['comet'] }).verify(TOKEN)).rejects.toEqual(invalid('scope'));
    });

    it('expired, and tells it apart', async () => {
      answer({ exp: clock.seconds - 5 });
      await expect(create().verify(TOKEN)).rejects.toMatchObject({ code: 'token_expired' });
    });

    it('of a kind that the issuer does not answer for', async () => {
      respond(answerJson({ error: 'unsupported_token_type' }, 400));
      await expect(create().verify(TOKEN)).rejects.toEqual(invalid('of this kind'));
    });
  });

  describe('T40 neither lets in nor calls the token bad if the issuer answers with', () => {
    it.each([
      ['500', answerStatus(500)],
      ['503', answerStatus(503)],
      ['401, as it does not know this server', answerJson({ error: 'invalid_client' }, 401)],
      ['400', answerJson({ error: 'invalid_request' }, 400)],
      ['a page', pageOf('<html>active</html>')],
      ['no JSON', pageOf('{"active":tru', 'application/json')],
      ['a list', answerJson([{ active: true }])],
      ['a text for active', answerJson({ active: 'true', aud: AUDIENCE })],
      ['more than anybody reads', pageOf(`{"active":true,"x":"${'x'.repeat(600_000)}"}`, 'application/json')],
    ])('%s', async (_, handler) => {
      respond(handler);
      const subject = create();
      await expect(subject.verify(TOKEN)).rejects.toEqual(unavailable);
      answer({});
      await expect(subject.verify(TOKEN)).resolves.toMatchObject({ userId: 'alice' });
    });

    it('a redirect, which is not followed', async () => {
      const elsewhere = await new TestIssuer().open();
      try {
        respond(answerStatus(307, { location: elsewhere.url + PATH }));
        await expect(create().verify(TOKEN)).rejects.toEqual(unavailable);
        expect(elsewhere.requests).toEqual([]);
      } finally {
        await elsewhere.close();
      }
    });

    it('nothing in time', async () => {
      respond(() => undefined);
      await expect(create({}, {}, 200).verify(TOKEN)).rejects.toEqual(unavailable);
    });

    it('nothing at all', async () => {
      const subject = create();
      await subject.verify('another');
      await issuer.close();
      await expect(subject.verify(TOKEN)).rejects.toEqual(unavailable);
      await expect(subject.verify('another')).resolves.toMatchObject({ userId: 'alice' });
    });

    it('metadata that names nowhere to ask', async () => {
      for (const introspection_endpoint of [undefined, 'http://keys.example/introspect', 7]) {
        publish({ introspection_endpoint });
        await expect(create().verify(TOKEN)).rejects.toEqual(unavailable);
      }
      expect(logger.text).toMatch(/error .*names no introspection_endpoint/);
    });
  });

  it('finds an issuer that has moved, at once or after ten seconds', async () => {
    const subject = create();
    await subject.verify(TOKEN);
    publish({ introspection_endpoint: `${issuer.url}/moved` });
    issuer.routes.set('/moved', answerJson({ active: true, ...claimsFor(issuer.url, clock) }));
    issuer.routes.delete(PATH);
    await expect(subject.verify('b')).rejects.toEqual(unavailable);
    clock.advance(10_000);
    await expect(subject.verify('b')).rejects.toEqual(unavailable);
    await expect(subject.verify('b')).resolves.toMatchObject({ userId: 'alice' });
  });

  it('says once in a second that the issuer fails', async () => {
    respond(answerStatus(500));
    const subject = create();
    await expect(subject.verify('a')).rejects.toEqual(unavailable);
    await expect(subject.verify('b')).rejects.toEqual(unavailable);
    expect(logger.lines).toHaveLength(1);
    clock.advance(1_000);
    await expect(subject.verify('c')).rejects.toEqual(unavailable);
    expect(logger.lines).toHaveLength(2);
  });

  it('T49 puts no token and no secret into errors or logs', async () => {
    const subject = create();
    for (const handler of [answerStatus(500), pageOf(TOKEN), answerJson({ error: TOKEN }, 400)]) {
      respond(handler);
      const error: unknown = await subject.verify(TOKEN).catch((caught: unknown) => caught);
      const shown = JSON.stringify(error, Object.getOwnPropertyNames(error)) + logger.text;
      for (const secret of [TOKEN, 'cometSecret']) expect(shown).not.toContain(secret);
    }
  });

  describe('is cached', () => {
    it('T40 asks once for a thousand that present one token', async () => {
      const subject = create();
      const answers = await Promise.all(Array.from({ length: 1_000 }, () => subject.verify(TOKEN)));
      expect(new Set(answers).size).toBe(1);
      expect(asked).toHaveLength(1);
    });

    it('T41 a token that is revoked is refused half a minute later at the latest', async () => {
      const subject = create();
      await subject.verify(TOKEN);
      answer({ active: false });
      clock.advance(29_999);
      await expect(subject.verify(TOKEN)).resolves.toMatchObject({ userId: 'alice' });
      clock.advance(1);
      await expect(subject.verify(TOKEN)).rejects.toEqual(invalid('not active'));
    });

    it('T41 for as long as configured', async () => {
      const subject = create({}, { maxTtl: 0, negativeTtl: 0 });
      await subject.verify(TOKEN);
      answer({ active: false });
      await expect(subject.verify(TOKEN)).rejects.toEqual(invalid('not active'));
      answer({});
      await expect(subject.verify(TOKEN)).resolves.toMatchObject({ userId: 'alice' });
    });

    it('T40 not beyond the end of the token', async () => {
      const subject = create();
      answer({ exp: clock.seconds + 10 });
      await subject.verify(TOKEN);
      clock.advance(15_000);
      await expect(subject.verify(TOKEN)).rejects.toMatchObject({ code: 'token_expired' });
    });

    it('for five seconds if the token was refused', async () => {
      const subject = create();
      answer({ active: false });
      await expect(subject.verify(TOKEN)).rejects.toEqual(invalid('not active'));
      answer({});
      clock.advance(4_999);
      await expect(subject.verify(TOKEN)).rejects.toEqual(invalid('not active'));
      expect(asked).toHaveLength(1);
      clock.advance(1);
      await expect(subject.verify(TOKEN)).resolves.toMatchObject({ userId: 'alice' });
    });

    it('T41 without the token', async () => {
      const memory = { good: new BoundedMap<never>(10), bad: new BoundedMap<never>(10) };
      const times = { good: 60_000, bad: 60_000 };
      const subject = new CachingVerifier(create(), times, clock, memory);
      await subject.verify(TOKEN);
      answer({ active: false });
      await expect(subject.verify('bad-token')).rejects.toEqual(invalid('not active'));
      expect([memory.good.size, memory.bad.size]).toEqual([1, 1]);
      const kept = JSON.stringify([memory.good.entries(), memory.bad.entries()]);
      expect(kept).not.toMatch(/opaque-token|bad-token/);
    });
  });

  it('T40 asks about so many tokens at a time, lets so many wait, and turns the rest away', async () => {
    const held: ServerResponse[] = [];
    respond((_request, response) => held.push(response));
    const subject = create({}, { concurrency: 2, queue: 3 });
    const release = () => {
      for (const response of held.splice(0)) answerJson({ active: false })({} as IncomingMessage, response);
    };
    const first = ['a', 'b'].map((token) => expect(subject.verify(token)).rejects.toEqual(invalid('active')));
    await until('two questions', () => held.length === 2);
    const waiting = ['c', 'd', 'e'].map((token) => subject.verify(token).catch((error: unknown) => error));
    await expect(subject.verify('f')).rejects.toEqual(unavailable);
    expect(asked).toHaveLength(2);
    release();
    await Promise.all(first);
    await until('two more questions', () => held.length === 2);
    // Whoever has waited for longer than a question may take has given up.
    clock.advance(5_000);
    release();
    expect(await Promise.all(waiting)).toEqual([invalid('active'), invalid('active'), unavailable]);
    expect(asked.map(({ form }) => form.get('token'))).toEqual(['a', 'b', 'c', 'd']);
  });

  describe('with signed answers (RFC 9701)', () => {
    const signed = (changes: object = {}, header: object = {}, by = key) =>
      new SignJWT({
        iss: issuer.url,
        aud: 'comet',
        iat: Math.floor(Date.now() / 1000),
        token_introspection: { active: true, ...claimsFor(issuer.url, clock) },
        ...changes,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'token-introspection+jwt', kid: 'key-1', ...header })
        .sign(by.privateKey);
    const respondSigned = (jwt: string) =>
      respond((_request, response) => {
        response.writeHead(200, {
          'content-type': 'application/token-introspection+jwt',
          connection: 'close',
        });
        response.end(jwt);
      });
    const strict = () => create({}, { signedResponseAlg: 'ES256' });

    it('takes those of the issuer, and asks for no others', async () => {
      respondSigned(await signed());
      await expect(strict().verify(TOKEN)).resolves.toMatchObject({ userId: 'alice' });
      expect(asked[0]?.accept).toBe('application/token-introspection+jwt');
    });

    it('[A4] T63 and refuses other kinds of tokens that they say are active', async () => {
      const portal = create({ audience: 'portal' }, { signedResponseAlg: 'ES256' });
      const claims = { active: true, ...claimsFor(issuer.url, clock), aud: 'portal' };
      respondSigned(await signed({ token_introspection: { ...claims, nonce: 'n' } }));
      await expect(portal.verify(TOKEN)).rejects.toEqual(invalid('nonce'));
      respondSigned(await signed({ token_introspection: { ...claims, token_use: 'refresh_token' } }));
      await expect(portal.verify('another')).rejects.toEqual(invalid('token_use'));
    });

    it('T6 and none that are not signed, or by somebody else, or for somebody else', async () => {
      const mallory = await createKey('ES256', 'key-1');
      answer({});
      await expect(strict().verify(TOKEN)).rejects.toEqual(unavailable);
      for (const jwt of [
        await signed({}, {}, mallory),
        await signed({ aud: 'other' }),
        await signed({ iss: 'https://other.example' }),
        await signed({}, { typ: 'JWT' }),
        await signed({ token_introspection: undefined }),
      ]) {
        respondSigned(jwt);
        await expect(strict().verify(TOKEN)).rejects.toEqual(unavailable);
      }
    });
  });

  describe('and signature together', () => {
    const both = () => create({ strategy: 'jwt+introspection' });
    const mint = (changes: Record<string, unknown> = {}) => sign(key, claimsFor(issuer.url, clock, changes));

    it('take a token that is signed and active', async () => {
      answer({ aud: undefined, sub: undefined });
      const token = await mint();
      await expect(both().verify(token)).resolves.toMatchObject({
        userId: 'alice',
        tokenRef: tokenRef(token),
      });
    });

    it('refuse one that is revoked, or said to be another’s', async () => {
      answer({ active: false });
      await expect(both().verify(await mint())).rejects.toEqual(invalid('not active'));
      answer({ sub: 'bob' });
      await expect(both().verify(await mint())).rejects.toEqual(invalid('sub'));
    });

    it('[A4] T63 refuse one that the issuer calls another kind of token', async () => {
      answer({ token_use: 'refresh_token' });
      await expect(both().verify(await mint())).rejects.toEqual(invalid('token_use'));
      answer({ nonce: 'n' });
      await expect(both().verify(await mint())).resolves.toMatchObject({ userId: 'alice' });
    });

    it('ask nobody about a token that the issuer has not made', async () => {
      const forged = await sign(await createKey('ES256', 'key-1'), claimsFor(issuer.url, clock));
      for (const token of [forged, TOKEN, await mint({ aud: 'other' })]) {
        await expect(both().verify(token)).rejects.toMatchObject({ code: 'invalid_token' });
      }
      expect(asked).toEqual([]);
    });
  });
});

function pageOf(text: string, type = 'text/html') {
  return (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': type, connection: 'close' });
    response.end(text);
  };
}
