import { createHmac } from 'node:crypto';
import { answerJson, AUDIENCE, TestIssuer } from '../auth/issuer.fixture.js';
import {
  type Bench,
  DEFAULT_TRANSPORTS,
  onServer,
  over,
  overEveryHttpVersion,
  withIssuer,
} from '../support/bench.js';
import { bearer, presenting } from '../support/identity.js';
import { TokenIssuer } from '../support/token-issuer.js';

const NONE = { reconnect: 'none' };
const refusal = ({ offered }: Bench, error: string) => ({
  channel: '/meta/handshake',
  id: '1',
  successful: false,
  error,
  supportedConnectionTypes: offered,
  advice: NONE,
});

type Mint = (bench: Bench) => Promise<string>;
const minted =
  (claims: Record<string, unknown>, header: Record<string, string> = {}): Mint =>
  (bench) =>
    bench.token('alice', { claims, header });

const BAD: readonly (readonly [what: string, mint: Mint])[] = [
  ['T7 for another audience', minted({ aud: 'https://other.example/api' })],
  ['T7 without an audience', minted({ aud: undefined })],
  ['T9 of another issuer', minted({ iss: 'https://evil.example' })],
  ['T10 that never ends', minted({ exp: undefined })],
  ['T10 issued in the future', minted({ iat: 4_000_000_000 })],
  ['T10 not yet good', minted({ nbf: 4_000_000_000 })],
  ['T6 that is an ID token', minted({}, { typ: 'JWT' })],
  ['T10 of a user that is no text', minted({ sub: 5 })],
  ['T12 bound to a key', minted({ cnf: { jkt: 'x' } })],
  ['T5 with a key that nobody knows', minted({}, { kid: 'unknown' })],
  [
    'T4 signed by somebody else',
    async (bench) => bench.secret(await bench.issuer().forge('alice', bench.clock.wallTime())),
  ],
  [
    'T2 not signed at all',
    async (bench) => {
      const [, payload] = (await bench.token('alice')).split('.');
      const header = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
      return bench.secret(`${header}.${payload ?? ''}.`);
    },
  ],
  [
    'T3 signed with the public key for a secret',
    async (bench) => {
      const [, payload] = (await bench.token('alice')).split('.');
      const header = Buffer.from('{"alg":"HS256","typ":"at+jwt","kid":"key-1"}').toString('base64url');
      const input = `${header}.${payload ?? ''}`;
      const secret = await bench.issuer().publicKey();
      return bench.secret(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
    },
  ],
  [
    'T11 changed on the way',
    async (bench) => {
      const [header, payload, signature] = (await bench.token('alice')).split('.');
      const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()) as object;
      const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'bob' })).toString('base64url');
      return bench.secret(`${header ?? ''}.${changed}.${signature ?? ''}`);
    },
  ],
  ['T11 that is garbage', (bench) => Promise.resolve(bench.secret('not-a-token-but-secret'))],
  ['T1 longer than any token', (bench) => Promise.resolve(bench.secret('x'.repeat(8_193)))],
];

describe('a handshake with a token', () => {
  const issuer = withIssuer();
  overEveryHttpVersion((bench) => {
    it('in ext.auth is the user’s', async () => {
      await bench.startSecured();
      const client = bench.client();
      const reply = await client.handshake(presenting(await bench.token('alice')));
      expect(reply).toMatchObject({ successful: true });
      const auth = { expires_in: 300, refresh_before: 240, scope: '', refresh: true };
      expect(reply['ext']).toEqual({ auth });
      expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 1 });
      await client.connect();
      expect(await client.receive()).toEqual([{ channel: '/x', data: 1 }]);
    });

    it('T1 that is missing is refused', async () => {
      await bench.startSecured();
      expect(await bench.client().handshake({ id: '1' })).toEqual(
        refusal(bench, '401::authentication_required'),
      );
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it.each([
      ['an empty text', ''],
      ['a number', 5],
      ['null', null],
      ['an object', {}],
    ])('T1 that is %s is refused', async (_, token) => {
      await bench.startSecured();
      expect(await bench.client().handshake({ id: '1', ...presenting(token) })).toEqual(
        refusal(bench, '401::invalid_token'),
      );
    });

    it.each(BAD)('T55 %s is refused, and told nothing more', async (_, mint) => {
      await bench.startSecured({ auth: { maxTokenLength: 8_192 } });
      const token = await mint(bench);
      expect(await bench.client().handshake({ id: '1', ...presenting(token) })).toEqual(
        refusal(bench, '401::invalid_token'),
      );
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it('T10 that has expired is refused, and told so', async () => {
      await bench.startSecured();
      const token = await bench.token('alice', { expiresIn: 60 });
      bench.clock.advance(60_000 + 5_000);
      expect(await bench.client().handshake({ id: '1', ...presenting(token) })).toEqual(
        refusal(bench, '401::token_expired'),
      );
    });

    it('that has expired a moment ago is taken, as clocks differ', async () => {
      await bench.startSecured();
      const token = await bench.token('alice', { expiresIn: 60 });
      bench.clock.advance(60_000 + 4_999);
      expect(await bench.client().handshake(presenting(token))).toMatchObject({ successful: true });
    });

    it('that is bad is refused also where none is needed', async () => {
      await bench.start({ auth: { ...issuer().auth, anonymous: true } });
      expect(await bench.client().handshake({ id: '1', ...presenting('garbage-token') })).toEqual(
        refusal(bench, '401::invalid_token'),
      );
      expect(await bench.client().handshake()).toMatchObject({ successful: true });
      const token = await bench.token('alice');
      expect(await bench.client().handshake(presenting(token))).toMatchObject({ successful: true });
      expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 1 });
    });

    it('is refused by a server that knows no issuer', async () => {
      await bench.start();
      expect(await bench.client().handshake({ id: '1', ...presenting('garbage-token') })).toEqual(
        refusal(bench, '401::invalid_token'),
      );
    });

    it('T42 whose issuer is down is answered by the transport, and works once it is up', async () => {
      const absent = await TokenIssuer.open();
      await absent.close();
      await bench.start({ auth: absent.auth });
      const token = bench.secret(await absent.mint('alice', bench.clock.wallTime()));
      const handshake = { channel: '/meta/handshake', version: '1.0', ...presenting(token) };
      expect(await bench.client().turnedAway([handshake])).toEqual(bench.tryLater);
      await absent.reopen();
      bench.clock.advance(5_000);
      expect(await bench.client().handshake(presenting(token))).toMatchObject({ successful: true });
      await absent.close();
    });

    it('T48: is in nothing that handlers, subscribers or logs see', async () => {
      await bench.startSecured({ rules: [{ channel: '/a', subscribe: true, publish: true }] });
      const token = await bench.token('alice');
      const client = await bench.client().join(presenting(token));
      await client.subscribe('/a', presenting(token));
      await client.publish('/a', 'hello', { ext: { auth: { token }, authToken: token, token, other: 1 } });
      expect(await client.receive()).toEqual([{ channel: '/a', data: 'hello' }]);
      expect(JSON.stringify(client.received)).not.toContain(token);
      expect(bench.app.log.text).not.toContain(token.split('.')[1]);
    });
  }, issuer);

  // A page that has nothing but scripts can send no headers.
  over(
    DEFAULT_TRANSPORTS,
    (bench) => {
      it('in the Authorization header is the user’s', async () => {
        await bench.startSecured();
        await bench.client(bearer(await bench.token('alice'))).join();
        expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 1 });
      });

      it('in both places is taken if it is the same', async () => {
        await bench.startSecured();
        const token = await bench.token('alice');
        expect(await bench.client(bearer(token)).handshake(presenting(token))).toMatchObject({
          successful: true,
        });
      });

      it('T8 is good for the issuer that has signed it only, where there are several', async () => {
        const other = await TokenIssuer.open();
        try {
          const { issuer: first, audience } = issuer().auth;
          const { issuer: second } = other.auth;
          const issuers = [
            { issuer: first, userPrefix: 'staff:' },
            { issuer: second, userPrefix: 'guest:' },
          ];
          await bench.start({ auth: { audience, issuers } });
          const token = bench.secret(await other.mint('alice', bench.clock.wallTime()));
          expect(await bench.client().handshake(presenting(token))).toMatchObject({ successful: true });
          expect(await bench.app.service.sendMessage('guest:alice', '/x', 1)).toEqual({ sessions: 1 });
          expect(await bench.app.service.sendMessage('staff:alice', '/x', 1)).toEqual({ sessions: 0 });
          const pooled = await other.mint('alice', bench.clock.wallTime(), { claims: { iss: first } });
          expect(await bench.client().handshake({ id: '1', ...presenting(bench.secret(pooled)) })).toEqual(
            refusal(bench, '401::invalid_token'),
          );
        } finally {
          await other.close();
        }
      });

      it('T40 is asked about where the issuer says what it is worth', async () => {
        const asked = await new TestIssuer().open();
        try {
          const { url } = asked;
          const introspection = { clientId: 'comet', clientSecret: 'secret', endpoint: `${url}/introspect` };
          await bench.start({
            auth: { issuer: url, audience: AUDIENCE, strategy: 'introspection', introspection },
          });
          const [good, bad, unknown] = ['good', 'bad', 'unknown'].map((name) =>
            bench.secret(`opaque-${name}`),
          );
          const now = Math.floor(bench.clock.wallTime() / 1000);
          const active = {
            active: true,
            iss: url,
            aud: AUDIENCE,
            sub: 'alice',
            client_id: 'portal',
            exp: now + 60,
          };
          asked.routes.set('/introspect', answerJson(active));
          expect(await bench.client().handshake(presenting(good))).toMatchObject({ successful: true });
          expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 1 });
          asked.routes.set('/introspect', answerJson({ active: false }));
          expect(await bench.client().handshake({ id: '1', ...presenting(bad) })).toEqual(
            refusal(bench, '401::invalid_token'),
          );
          asked.routes.set('/introspect', answerJson({}, 500));
          const handshake = { channel: '/meta/handshake', version: '1.0', ...presenting(unknown) };
          expect(await bench.client().turnedAway([handshake])).toEqual(bench.tryLater);
        } finally {
          await asked.close();
        }
      });

      it('T16 may be elsewhere in ext where that is configured, and nowhere else', async () => {
        await bench.startSecured({ auth: { aliases: [['com.example.authn', 'token']] } });
        const token = await bench.token('alice');
        const ext = { 'com.example.authn': { token } };
        expect(await bench.client().handshake({ ext })).toMatchObject({ successful: true });
        for (const unread of [
          { token },
          { authToken: token },
          { access_token: token },
          { authentication: { token } },
        ]) {
          expect(await bench.client().handshake({ id: '1', ext: unread })).toEqual(
            refusal(bench, '401::authentication_required'),
          );
        }
      });

      it('T17 comes from clients of eXo where that is configured, and must be that of the user it names', async () => {
        await bench.startSecured({ compat: { exo: true } });
        const exoToken = await bench.token('alice');
        expect(await bench.client().handshake({ exoId: 'alice', exoToken })).toMatchObject({
          successful: true,
        });
        expect(await bench.client().handshake({ exoToken })).toMatchObject({ successful: true });
        expect(await bench.client().handshake({ id: '1', exoId: 'bob', exoToken })).toEqual(
          refusal(bench, '403::principal_mismatch'),
        );
        expect(bench.app.service.counts.sessions).toBe(2);
      });

      it('T17 is not looked for in the members of clients of eXo otherwise', async () => {
        await bench.startSecured();
        const exoToken = await bench.token('alice');
        expect(await bench.client().handshake({ id: '1', exoId: 'alice', exoToken })).toEqual(
          refusal(bench, '401::authentication_required'),
        );
      });

      it('T15 and another one is refused', async () => {
        await bench.startSecured();
        const [token, other] = [await bench.token('alice'), await bench.token('bob')];
        expect(await bench.client(bearer(token)).handshake({ id: '1', ...presenting(other) })).toEqual(
          refusal(bench, '400::multiple_credentials'),
        );
      });
    },
    issuer,
  );

  onServer((bench) => {
    const HANDSHAKE = [{ channel: '/meta/handshake', version: '1.0', id: '1' }];

    it('T14 in the query is refused over HTTP in the reply, whatever else is sent', async () => {
      await bench.startSecured();
      const token = await bench.token('alice');
      for (const name of ['access_token', 'token']) {
        const exchange = bench
          .polling(bearer(token))
          .post(JSON.stringify(HANDSHAKE), {}, `?${name}=${token}`);
        const { status, text } = await exchange.answer;
        expect(status).toBe(200);
        expect(JSON.parse(text)).toEqual([refusal(bench, '400::token_in_query')]);
      }
    });

    it('T14 in the query of an upgrade is refused with 400', async () => {
      await bench.startSecured();
      const token = await bench.token('alice');
      await expect(bench.socket().open({}, `?access_token=${token}`)).rejects.toMatchObject({ status: 400 });
    });

    it('in the header of an upgrade, if it is bad, is refused at the handshake only', async () => {
      await bench.startSecured();
      const client = bench.socket(bearer(bench.secret('bad.token.text')));
      await client.open();
      expect(await client.handshake({ id: '1' })).toEqual(refusal(bench, '401::invalid_token'));
      bench.clock.advance(1_000);
      expect(await client.end()).toMatchObject({ code: 1008 });
    });

    it('that is refused over HTTP comes with a challenge, but with status 200', async () => {
      await bench.startSecured();
      const { status, headers } = await bench.polling().askMessages(HANDSHAKE).answer;
      expect({ status, challenge: headers['www-authenticate'] }).toEqual({
        status: 200,
        challenge: 'Bearer',
      });
    });
  }, issuer);
});
