import type { CometAuditEvent, CometBackchannelLogoutOptions, CometModuleOptions } from '../../src/index.js';
import { base64url } from '../auth/issuer.fixture.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, DEFAULT_TRANSPORTS, onServer, over, withIssuer } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import { LOGOUT_EVENT, mintLogout, postLogout, sendLogout } from '../support/logout.js';

const SESSION = { session: { timeout: 300_000, maxInterval: 300_000 } };
const AT_ONCE = { advice: { timeout: 0 } };
const REVOKED = { successful: false, error: '401::session_revoked', advice: { reconnect: 'none' } };

describe('a back-channel logout', () => {
  const issuer = withIssuer();

  const start = (
    bench: Bench,
    options: Partial<CometBackchannelLogoutOptions> = {},
    changes: Partial<CometModuleOptions> = {},
  ): Promise<unknown> =>
    bench.startSecured({
      ...SESSION,
      ...changes,
      auth: { backchannelLogout: { clientIds: ['portal', 'spa'], ...options } },
    });
  const mint = async (
    bench: Bench,
    claims: Record<string, unknown>,
    header?: Record<string, string>,
  ): Promise<string> =>
    bench.secret(await mintLogout(issuer(), bench.clock.wallTime(), claims, header ? { header } : {}));
  const joined = async (bench: Bench, user: string, sid?: string): Promise<BayeuxClient> =>
    bench.client().join(presenting(await bench.token(user, { expiresIn: 3_600, claims: { sid } })));
  const lives = async (client: BayeuxClient): Promise<boolean> =>
    (await client.connect(AT_ONCE)).successful === true;

  over(
    DEFAULT_TRANSPORTS,
    (bench) => {
      it('T36: with a sid ends that login, and lets others of the user live', async () => {
        await start(bench);
        const [first, second] = [await joined(bench, 'alice', 'one'), await joined(bench, 'alice', 'two')];
        const held = await bench.hold(first, { id: '5' });
        const { status, text, headers } = await sendLogout(bench.app, await mint(bench, { sid: 'one' }));
        expect({ status, text, cache: headers['cache-control'] }).toEqual({
          status: 200,
          text: '',
          cache: 'no-store',
        });
        expect(await held.reply).toEqual({ channel: '/meta/connect', id: '5', ...REVOKED });
        expect(await lives(second)).toBe(true);
      });

      it('T36: with a sub alone ends all logins of the user, up to then', async () => {
        await start(bench);
        const sessions = [await joined(bench, 'alice', 'one'), await joined(bench, 'alice')];
        const bob = await joined(bench, 'bob', 'three');
        expect(await sendLogout(bench.app, await mint(bench, { sub: 'alice' }))).toMatchObject({
          status: 200,
        });
        for (const session of sessions) expect(await lives(session)).toBe(false);
        expect(await lives(bob)).toBe(true);
        bench.clock.advance(1_000);
        expect(await lives(await joined(bench, 'alice', 'one'))).toBe(true);
      });

      it.each([
        ['also ends sessions that do not say of which login they are', true],
        ['ends no others without fallbackToSub', false],
      ])('T36: with a sid and a sub %s', async (_, fallbackToSub) => {
        await start(bench, { fallbackToSub });
        const [one, two, unknown] = [
          await joined(bench, 'alice', 'one'),
          await joined(bench, 'alice', 'two'),
          await joined(bench, 'alice'),
        ];
        const bob = await joined(bench, 'bob');
        await sendLogout(bench.app, await mint(bench, { sub: 'alice', sid: 'one' }));
        expect(await lives(one)).toBe(false);
        expect(await lives(two)).toBe(true);
        expect(await lives(unknown)).toBe(!fallbackToSub);
        expect(await lives(bob)).toBe(true);
      });

      it('T37: refuses the old token, and a new one that comes of the same login', async () => {
        await start(bench);
        const old = await bench.token('alice', { claims: { sid: 'one' } });
        await sendLogout(bench.app, await mint(bench, { sid: 'one' }));
        bench.clock.advance(60_000);
        const refreshed = await bench.token('alice', { claims: { sid: 'one' } });
        for (const token of [old, refreshed]) {
          expect(await bench.client().handshake(presenting(token))).toMatchObject(REVOKED);
        }
      });
    },
    issuer,
  );

  over(
    ['websocket'],
    (bench) => {
      const seconds = (ago: number): number => Math.floor(bench.clock.wallTime() / 1000) - ago;
      it.each<[string, () => Record<string, unknown>, string?]>([
        ['an audience that is not configured', () => ({ aud: 'stranger' })],
        ['the audience of access tokens', () => ({ aud: issuer().auth.audience })],
        ['another issuer', () => ({ iss: 'https://evil.example' })],
        ['an issuer with a slash at its end', () => ({ iss: `${issuer().auth.issuer}/` })],
        ['a nonce', () => ({ nonce: 'n' })],
        ['no events', () => ({ events: undefined })],
        ['another event', () => ({ events: { 'http://schemas.openid.net/event/other': {} } })],
        ['an event that is no object', () => ({ events: { [LOGOUT_EVENT]: 'yes' } })],
        ['an event that is null', () => ({ events: { [LOGOUT_EVENT]: null } })],
        ['an event that is inherited', () => ({ events: JSON.parse('{"__proto__":{}}') as object })],
        ['neither sid nor sub', () => ({ sid: undefined })],
        ['a sid that is no text', () => ({ sid: 7 })],
        ['a sub that is empty', () => ({ sub: '' })],
        ['no jti', () => ({ jti: undefined })],
        ['no iat', () => ({ iat: undefined })],
        ['an iat of more than two minutes ago', () => ({ iat: seconds(126) })],
        ['an iat that is to come', () => ({ iat: seconds(-6) })],
        ['an exp that is over', () => ({ exp: seconds(6) })],
        ['the type of an access token', () => ({}), 'at+jwt'],
        ['the type of a security event', () => ({}), 'secevent+jwt'],
      ])('T36: with %s ends nobody’s session', async (_, claims, typ = 'logout+jwt') => {
        await start(bench);
        const alice = await joined(bench, 'alice', 'one');
        const token = await mint(bench, { sid: 'one', ...claims() }, { typ });
        const { status, text, headers } = await sendLogout(bench.app, token);
        expect({ status, cache: headers['cache-control'] }).toEqual({ status: 400, cache: 'no-store' });
        expect(JSON.parse(text)).toEqual({ error: 'invalid_request' });
        expect(await lives(alice)).toBe(true);
      });

      it('T36: without a signature, or with that of another key, ends nobody’s session', async () => {
        await start(bench);
        const alice = await joined(bench, 'alice', 'one');
        const good = await mint(bench, { sid: 'one' });
        const [, payload = '', signature = ''] = good.split('.');
        const unsigned = base64url({ alg: 'none', typ: 'logout+jwt' });
        const foreign = await issuer().forge('alice', bench.clock.wallTime());
        for (const token of [
          `${unsigned}.${payload}.`,
          `${unsigned}.${payload}.${signature}`,
          foreign,
          'x',
          '',
        ]) {
          expect(await sendLogout(bench.app, token)).toMatchObject({ status: 400 });
        }
        expect(await lives(alice)).toBe(true);
      });

      it('T36: that was obeyed is refused when it comes again', async () => {
        await start(bench);
        const token = await mint(bench, { sid: 'one' });
        expect(await sendLogout(bench.app, token)).toMatchObject({ status: 200 });
        expect(await sendLogout(bench.app, token)).toMatchObject({ status: 400 });
      });

      it.each([
        ['without exp', { exp: undefined }, { typ: 'logout+jwt' }],
        ['of the type JWT', {}, { typ: 'JWT' }],
        ['of the whole media type', {}, { typ: 'application/logout+jwt' }],
        ['of two clients', { aud: ['other', 'spa'] }, { typ: 'logout+jwt' }],
      ])('T36: %s is obeyed, as some issuers send it', async (_, claims, header) => {
        await start(bench);
        const alice = await joined(bench, 'alice', 'one');
        const token = await mint(bench, { sid: 'one', ...claims }, header);
        expect(await sendLogout(bench.app, token)).toMatchObject({ status: 200 });
        expect(await lives(alice)).toBe(false);
      });

      it('T36: of the type JWT is refused where types are taken strictly', async () => {
        await start(bench, { strictType: true });
        const loose = await mint(bench, { sid: 'one' }, { typ: 'JWT' });
        expect(await sendLogout(bench.app, loose)).toMatchObject({ status: 400 });
        expect(await sendLogout(bench.app, await mint(bench, { sid: 'one' }))).toMatchObject({ status: 200 });
      });

      it('fails while the issuer cannot be asked for its keys, and may be sent again', async () => {
        await start(bench);
        const token = await mint(bench, { sid: 'one' });
        await issuer().close();
        try {
          const { status, text } = await sendLogout(bench.app, token);
          expect({ status, text }).toEqual({ status: 400, text: '{"error":"temporarily_unavailable"}' });
        } finally {
          await issuer().reopen();
        }
        expect(bench.app.log.takeErrors()).toHaveLength(1);
        bench.clock.advance(1_000);
        expect(await sendLogout(bench.app, token)).toMatchObject({ status: 200 });
      });
    },
    issuer,
  );

  onServer((bench) => {
    it('is a form with one token, of 16 KiB at most, that is posted', async () => {
      await start(bench);
      const token = await mint(bench, { sid: 'one' });
      const form = `logout_token=${token}`;
      expect(await postLogout(bench.app, '', {}, 'GET')).toMatchObject({
        status: 405,
        headers: { allow: 'POST' },
      });
      const json = { 'content-type': 'application/json' };
      expect(await postLogout(bench.app, JSON.stringify({ logout_token: token }), json)).toMatchObject({
        status: 400,
      });
      for (const body of ['', 'token=x', `${form}&${form}`, `${form}&x=${'x'.repeat(16_384)}`]) {
        expect(await postLogout(bench.app, body)).toMatchObject({ status: 400 });
      }
      expect(await postLogout(bench.app, `x=y&${form}`)).toMatchObject({ status: 200 });
    });

    it('[L4] T71: a good one is obeyed however many bad ones have come from its network', async () => {
      const events: CometAuditEvent[] = [];
      await start(bench, {}, { audit: { record: (event) => events.push(event) } });
      const alice = await joined(bench, 'alice', 'one');
      const forged = bench.secret(await issuer().forge('alice', bench.clock.now()));
      for (let times = 0; times < 20; times++) {
        expect(await sendLogout(bench.app, times % 2 ? 'x' : forged)).toMatchObject({ status: 400 });
      }
      for (let times = 0; times < 20; times++) {
        const { status, headers } = await sendLogout(bench.app, times % 2 ? 'x' : forged);
        expect(status).toBe(429);
        expect(headers['retry-after']).toMatch(/^\d+$/);
      }
      const token = await mint(bench, { sid: 'one' });
      expect(await sendLogout(bench.app, token)).toMatchObject({ status: 200 });
      expect(await lives(alice)).toBe(false);
      // More would only fill the log.
      expect(bench.app.log.text.match(/A logout token was refused/g)).toHaveLength(20);
      expect(events.filter(({ type }) => type === 'rate_limited')).toHaveLength(20);
      expect(await sendLogout(bench.app, token)).toMatchObject({ status: 429 });
      bench.clock.advance(3_000);
      expect(await sendLogout(bench.app, token)).toMatchObject({ status: 400 });
    });

    it('[L4] T71: a good one is obeyed among many bad ones that come at once', async () => {
      await start(bench);
      const alice = await joined(bench, 'alice', 'one');
      const forged = bench.secret(await issuer().forge('alice', bench.clock.now()));
      const token = await mint(bench, { sid: 'one' });
      const bad = Array.from({ length: 60 }, () => sendLogout(bench.app, forged));
      expect(await sendLogout(bench.app, token)).toMatchObject({ status: 200 });
      await Promise.all(bad);
      expect(await lives(alice)).toBe(false);
    });

    it('is no page of the server unless it is configured', async () => {
      await bench.startSecured(SESSION);
      expect(await sendLogout(bench.app, 'x')).toMatchObject({ status: 415 });
    });
  }, issuer);
});
