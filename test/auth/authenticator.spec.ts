import { Authenticator } from '../../src/auth/authenticator.js';
import type { CometPrincipal } from '../../src/auth/comet-principal.js';
import { MAX_TOKEN_LENGTH, tokenRef } from '../../src/auth/presented-token.js';
import { AuthUnavailableError, TokenError } from '../../src/auth/token-verifier.js';
import type { TokenVerifier } from '../../src/auth/token-verifier.js';
import { BayeuxErrors } from '../../src/bayeux/errors.js';
import { TestLogger } from './issuer.fixture.js';

const ALICE: CometPrincipal = {
  kind: 'user',
  tenant: '',
  userId: 'alice',
  identity: 'https://login.example.com user:alice',
  issuer: 'https://login.example.com',
  subject: 'alice',
  serviceId: null,
  clientId: 'portal',
  scopes: [],
  expiresAt: 1,
  tokenRef: '0123456789ab',
};

const SECRET = 'secret-token';
const request = { messages: [{ channel: '/meta/handshake', ext: { auth: { token: SECRET } } }] };
const stripped = [{ channel: '/meta/handshake' }];

describe('Authenticator', () => {
  let logger: TestLogger;

  beforeEach(() => {
    logger = new TestLogger();
  });

  function authenticator(verify: (token: string) => unknown): Authenticator {
    return new Authenticator({ verify } as TokenVerifier, logger);
  }

  const rejecting = (error: unknown) =>
    authenticator(() => {
      throw error;
    });

  const refusedBy = (error: string) => ({ messages: stripped, credential: { kind: 'refused', error } });

  it('answers at once where there is no token', () => {
    const { messages } = { messages: [{ channel: '/meta/connect' }] };
    const answer = rejecting(new Error('not asked')).authenticate({ messages, authorization: 'Basic dTpw' });
    expect(answer).toEqual({ messages, credential: { kind: 'none' } });
    expect((answer as { messages: unknown }).messages).toBe(messages);
  });

  it('answers with the principal of a good token, from ext or header', async () => {
    const presented: string[] = [];
    const subject = authenticator((token) => {
      presented.push(token);
      return Promise.resolve(ALICE);
    });
    await expect(subject.authenticate(request)).resolves.toEqual({
      messages: stripped,
      credential: { kind: 'principal', principal: ALICE },
    });
    await expect(
      subject.authenticate({ messages: [], authorization: `Bearer ${SECRET}` }),
    ).resolves.toMatchObject({ credential: { principal: ALICE } });
    expect(presented).toEqual([SECRET, SECRET]);
  });

  it('refuses a bad token with one error whatever the reason, and logs the reason', async () => {
    const subject = rejecting(new TokenError('invalid_token', 'wrong audience'));
    await expect(subject.authenticate(request)).resolves.toEqual(refusedBy('401::invalid_token'));
    expect(logger.lines).toEqual([`warn The token ${tokenRef(SECRET)} was refused: wrong audience.`]);
  });

  it('tells expiry apart', async () => {
    const subject = rejecting(new TokenError('token_expired', 'exp'));
    await expect(subject.authenticate(request)).resolves.toEqual(refusedBy('401::token_expired'));
    expect(logger.lines).toEqual([`debug The token ${tokenRef(SECRET)} was refused: exp.`]);
  });

  it('T42 hands on that nothing can be told', async () => {
    const error = new AuthUnavailableError('no keys');
    await expect(rejecting(error).authenticate(request)).rejects.toBe(error);
  });

  it.each([
    [new TypeError(`broken with ${SECRET}`, { cause: SECRET }), 'TypeError'],
    [Object.assign(new Error(SECRET), { code: 'E_BROKEN' }), 'E_BROKEN'],
    [SECRET, 'unknown'],
    [undefined, 'unknown'],
    [{ name: SECRET, code: SECRET }, 'unknown'],
  ])(
    'T49 refuses the token if the verifier fails otherwise, and logs a code only: %p',
    async (error, code) => {
      await expect(rejecting(error).authenticate(request)).resolves.toEqual(refusedBy('401::invalid_token'));
      expect(logger.lines).toEqual([
        `error The token verifier failed for the token ${tokenRef(SECRET)}: ${code}.`,
      ]);
    },
  );

  it.each([
    undefined,
    null,
    true,
    {},
    { ...ALICE, identity: '' },
    { ...ALICE, kind: 'anonymous' },
    { ...ALICE, kind: 'admin' },
    { ...ALICE, userId: '' },
    { ...ALICE, userId: '\ud800' },
    { ...ALICE, userId: undefined },
    { ...ALICE, kind: 'service' },
  ])('T30 refuses the token if the verifier answers %j', async (answer) => {
    const subject = authenticator(() => Promise.resolve(answer));
    await expect(subject.authenticate(request)).resolves.toEqual(refusedBy('401::invalid_token'));
    expect(logger.lines).toEqual([expect.stringMatching(/^error /)]);
  });

  it.each([
    { ...ALICE, userId: null },
    { ...ALICE, kind: 'service', userId: null, serviceId: 'a' },
  ])('accepts a principal that no user id reaches: %j', async (principal) => {
    const subject = authenticator(() => Promise.resolve(principal));
    await expect(subject.authenticate(request)).resolves.toMatchObject({ credential: { principal } });
  });

  describe('where there are tenants', () => {
    const subject = (tenant: unknown, tenants: boolean) =>
      new Authenticator({ verify: () => Promise.resolve({ ...ALICE, tenant } as CometPrincipal) }, logger, {
        tenants,
      });

    it('T29 accepts principals that have one, and no others', async () => {
      await expect(subject('acme', true).authenticate(request)).resolves.toMatchObject({
        credential: { principal: { tenant: 'acme' } },
      });
      for (const tenant of ['', undefined, null, 7, ['acme']]) {
        await expect(subject(tenant, true).authenticate(request)).resolves.toEqual(
          refusedBy('401::invalid_token'),
        );
      }
      expect(logger.lines.at(-1)).toMatch(/^error .*the name of a tenant/);
    });

    it('T29 refuses principals that have one where there are none', async () => {
      for (const tenant of ['acme', undefined, null, 7]) {
        await expect(subject(tenant, false).authenticate(request)).resolves.toEqual(
          refusedBy('401::invalid_token'),
        );
      }
    });
  });

  describe('T17 where a client says who it is', () => {
    const credentials = { aliases: [], exo: true };
    const authenticate = (exoId: unknown, principal: CometPrincipal = ALICE) =>
      new Authenticator({ verify: () => Promise.resolve(principal) }, logger, { credentials }).authenticate({
        messages: [{ channel: '/meta/handshake', exoToken: SECRET, exoId }],
      });

    it('accepts the token of that user', async () => {
      await expect(authenticate('alice')).resolves.toMatchObject({ credential: { principal: ALICE } });
    });

    it.each(['bob', '', 'ALICE', 7, null, ['alice']])('refuses it for %j', async (exoId) => {
      await expect(authenticate(exoId)).resolves.toEqual(refusedBy('403::principal_mismatch'));
      expect(logger.text).not.toContain(SECRET);
    });

    it('refuses a token that speaks for no user', async () => {
      const service = { ...ALICE, kind: 'service', userId: null, serviceId: 'alice' } as const;
      for (const exoId of ['alice', null]) {
        await expect(authenticate(exoId, service)).resolves.toEqual(refusedBy('403::principal_mismatch'));
      }
    });
  });

  it('refuses every token, but not its absence, where no verifier is configured', () => {
    const subject = new Authenticator(undefined, logger);
    expect(subject.authenticate(request)).toEqual(refusedBy('401::invalid_token'));
    expect(subject.authenticate({ messages: [] })).toEqual({ messages: [], credential: { kind: 'none' } });
  });

  it('T1 never hands a token that is too long to the verifier', async () => {
    const token = 'a'.repeat(MAX_TOKEN_LENGTH + 1);
    const messages = [{ channel: '/meta/handshake', ext: { auth: { token } } }];
    expect(rejecting(new Error('not asked')).authenticate({ messages })).toEqual(
      refusedBy('401::invalid_token'),
    );
    const lax = new Authenticator({ verify: () => Promise.resolve(ALICE) }, logger, {
      maxTokenLength: MAX_TOKEN_LENGTH + 1,
    });
    await expect(lax.authenticate({ messages })).resolves.toMatchObject({
      credential: { kind: 'principal' },
    });
  });

  it('[A5] T1 warns of a token that is too long, once in a minute', () => {
    let now = 0;
    const verifier = { verify: () => Promise.resolve(ALICE) };
    const subject = new Authenticator(verifier, logger, { maxTokenLength: 100, now: () => now });
    const present = (length: number) =>
      subject.authenticate({ messages: [], authorization: `Bearer ${'a'.repeat(length)}` });
    for (now of [0, 1, 59_999])
      expect(present(101)).toEqual({ ...refusedBy('401::invalid_token'), messages: [] });
    expect(logger.lines).toEqual([
      expect.stringContaining('warn A token of 101 characters was refused unread'),
    ]);
    now = 60_000;
    void present(102);
    expect(logger.lines).toHaveLength(2);
    expect(logger.text).not.toContain('aaa');
  });

  it('T1 T14 T15 refuses credentials that need no verification, at once', () => {
    const subject = rejecting(new Error('not asked'));
    const ext = { auth: { token: '' } };
    expect(subject.authenticate({ messages: [{ channel: '/meta/handshake', ext }] })).toEqual(
      refusedBy(BayeuxErrors.tokenInvalid),
    );
    expect(subject.authenticate({ ...request, authorization: 'Bearer other' })).toEqual(
      refusedBy(BayeuxErrors.multipleCredentials),
    );
    expect(subject.authenticate({ ...request, tokenInQuery: true })).toEqual(
      refusedBy(BayeuxErrors.tokenInQuery),
    );
    expect(logger.text).not.toContain(SECRET);
  });
});
