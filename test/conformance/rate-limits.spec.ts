import type { CometAuditEvent, CometModuleOptions } from '../../src/index.js';
import type { TurnedAway } from '../support/bayeux.client.js';
import { type Bench, onServer, over, withIssuer } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import { until } from '../support/until.js';

const HANDSHAKE = { channel: '/meta/handshake', version: '1.0' };
const AT_ONCE = { advice: { timeout: 0 } };
const THREE: Partial<CometModuleOptions> = { limits: { badHandshakes: 3 } };
const INVALID = { successful: false, error: '401::invalid_token' };
const TOO_MANY = { successful: false, error: '429::too_many_attempts' };

describe('a client that tries too much', () => {
  const issuer = withIssuer();
  over(
    ['websocket', 'long-polling'],
    (bench) => {
      const limited = (): TurnedAway =>
        bench.transport === 'websocket'
          ? { code: 1013, reason: 'too many attempts' }
          : { status: 429, text: '', retryAfter: '5' };

      /** Presents a forged token as often as the limit permits. */
      async function exhaust(from: (attempt: number) => Record<string, string> = () => ({})): Promise<void> {
        const forged = bench.secret(await bench.issuer().forge('alice', bench.clock.wallTime()));
        for (let attempt = 0; attempt < 3; attempt++) {
          expect(await bench.client(from(attempt)).handshake(presenting(forged))).toMatchObject(INVALID);
        }
      }

      async function greeting(): Promise<Record<string, unknown>> {
        return { ...HANDSHAKE, ...presenting(await bench.token('alice')) };
      }

      it('T46: is turned away for a while, before its token is looked at', async () => {
        await bench.startSecured(THREE);
        await exhaust();
        expect(await bench.client().turnedAway([await greeting()])).toEqual(limited());
        bench.clock.advance(19_999);
        expect(await bench.client().turnedAway([await greeting()])).toEqual(limited());
        bench.clock.advance(1);
        await bench.client().join(presenting(await bench.token('alice')));
        // Once, with what to do.
        expect(bench.app.log.text.match(/too many bad tokens[^]*`trustProxy`/g)).toHaveLength(1);
        expect(bench.app.log.text.match(/turned away/g)).toHaveLength(1);
      });

      it('T46: does not get round it by headers of a proxy that is not there', async () => {
        await bench.startSecured(THREE);
        await exhaust((attempt) => ({ 'x-forwarded-for': `192.0.2.${attempt}` }));
        const client = bench.client({ 'x-forwarded-for': '192.0.2.9' });
        expect(await client.turnedAway([await greeting()])).toEqual(limited());
      });

      it('T46: behind a trusted proxy is told from its neighbours', async () => {
        await bench.startSecured({ ...THREE, trustProxy: ['127.0.0.1'] });
        // The proxy adds what it saw behind what the client says of itself.
        await exhaust((attempt) => ({ 'x-forwarded-for': `198.51.100.${attempt}, 192.0.2.1` }));
        const same = bench.client({ 'x-forwarded-for': '203.0.113.7, 192.0.2.1' });
        expect(await same.turnedAway([await greeting()])).toEqual(limited());
        await bench.client({ 'x-forwarded-for': '192.0.2.2' }).join(presenting(await bench.token('bob')));
      });

      it('does not disturb sessions at the same address', async () => {
        await bench.startSecured(THREE);
        const alice = await bench.client().join(presenting(await bench.token('alice')));
        await alice.subscribe('/user/alice/**');
        await exhaust();
        await alice.sync();
        expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 1 });
        expect(await alice.receive()).toEqual([{ channel: '/x', data: 1 }]);
      });

      it('is not somebody whose token has expired, or who has none yet', async () => {
        await bench.startSecured(THREE);
        const token = await bench.token('alice', { expiresIn: 1 });
        bench.clock.advance(60_000);
        for (let times = 0; times < 5; times++) {
          expect(await bench.client().handshake(presenting(token))).toMatchObject({
            error: '401::token_expired',
          });
          expect(await bench.client().handshake()).toMatchObject({ error: '401::authentication_required' });
        }
        await bench.client().join(presenting(await bench.token('alice')));
      });

      it('may be let try as often as it likes', async () => {
        await bench.startSecured({ limits: { badHandshakes: 0 } });
        await exhaust();
        await exhaust();
        await bench.client().join(presenting(await bench.token('alice')));
      });

      it('presents no more new tokens than it may, and keeps its session', async () => {
        const events: CometAuditEvent[] = [];
        await bench.startSecured({
          limits: { refreshes: 2 },
          session: { maxInterval: 120_000 },
          audit: { record: (event) => events.push(event) },
        });
        const token = await bench.token('alice', { expiresIn: 600 });
        const client = await bench.client().join(presenting(token));
        const renew = async (how = {}) =>
          client.connect({ ...AT_ONCE, ...presenting(await bench.token('alice')), ...how });
        for (let times = 0; times < 5; times++) {
          // One that is known already is none.
          expect(await client.connect({ ...AT_ONCE, ...presenting(token) })).toMatchObject({
            successful: true,
          });
        }
        expect(await renew()).toMatchObject({ successful: true });
        expect(await renew()).toMatchObject({ successful: true });
        expect(await renew()).toMatchObject({ ...TOO_MANY, advice: { reconnect: 'retry', interval: 5_000 } });
        expect(events.filter(({ type }) => type === 'rate_limited')).toMatchObject([
          { reason: 'refreshes', principal: { userId: 'alice' }, address: '127.0.0.1' },
        ]);
        bench.clock.advance(30_000);
        expect(await renew()).toMatchObject({ successful: true });
      });

      it('cannot use up the attempts of another', async () => {
        await bench.startSecured({ limits: { refreshes: 1 } });
        const alice = await bench.client().join(presenting(await bench.token('alice')));
        const thief = bench.client();
        thief.clientId = alice.clientId;
        for (let times = 0; times < 3; times++) {
          expect(await thief.connect(presenting(await bench.token('mallory')))).toMatchObject({
            error: '402::session_unknown',
          });
        }
        expect(await alice.connect({ ...AT_ONCE, ...presenting(await bench.token('alice')) })).toMatchObject({
          successful: true,
        });
      });
    },
    issuer,
  );
});

describe('sockets without a session', () => {
  onServer((bench) => {
    const refused = { status: 429, headers: { 'retry-after': '5' } };
    const from = (address: string) => bench.socket({ 'x-forwarded-for': address });
    const pending = (limits: NonNullable<CometModuleOptions['limits']>): Partial<CometModuleOptions> => ({
      limits,
      trustProxy: 1,
    });

    it('T47: of one address are refused past so many, until one of them shakes hands', async () => {
      await bench.start({ limits: { pendingSocketsPerAddress: 2 } });
      const [first, second] = [bench.socket(), bench.socket()];
      await Promise.all([first.open(), second.open()]);
      await expect(bench.socket().open()).rejects.toMatchObject(refused);
      await first.join();
      await bench.socket().open();
      await expect(bench.socket().open()).rejects.toMatchObject(refused);
    });

    it('T47: leave room when they go, or when their time is over', async () => {
      await bench.start({ limits: { pendingSocketsPerAddress: 1 } });
      const first = bench.socket();
      await first.open();
      await first.leave();
      await gone(bench);
      const second = bench.socket();
      await second.open();
      await expect(bench.socket().open()).rejects.toMatchObject(refused);
      bench.clock.advance(10_000);
      expect(await second.end()).toEqual({ code: 1008, reason: 'no session' });
      await gone(bench);
      await bench.socket().open();
    });

    it('T47: of many addresses are refused past so many in all', async () => {
      const events: CometAuditEvent[] = [];
      await bench.start({
        ...pending({ pendingSockets: 2 }),
        audit: { record: (event) => events.push(event) },
      });
      await Promise.all(['192.0.2.1', '192.0.2.2'].map((address) => from(address).open()));
      await expect(from('192.0.2.3').open()).rejects.toMatchObject(refused);
      const reason = 'sockets without a session';
      expect(events).toEqual([{ type: 'rate_limited', address: '192.0.2.3', reason }]);
    });

    it('are counted by address where a trusted proxy tells it', async () => {
      await bench.start(pending({ pendingSocketsPerAddress: 1 }));
      await Promise.all(['192.0.2.1', '192.0.2.2'].map((address) => from(address).open()));
      await expect(from('192.0.2.1').open()).rejects.toMatchObject(refused);
    });
  });
});

async function gone(bench: Bench): Promise<void> {
  await bench.polling().post('[]').answer;
  await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
}
