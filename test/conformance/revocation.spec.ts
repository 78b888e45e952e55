import { CometAuth, type RevocationTarget } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { DEFAULT_TRANSPORTS, over, withIssuer } from '../support/bench.js';
import { bearer, presenting } from '../support/identity.js';
import type { PollingClient } from '../support/polling.client.js';
import { until } from '../support/until.js';

const SESSION = { session: { timeout: 300_000, maxInterval: 300_000 } };
const AT_ONCE = { advice: { timeout: 0 } };
const REVOKED = { successful: false, error: '401::session_revoked', advice: { reconnect: 'none' } };

describe('a token that is revoked', () => {
  const issuer = withIssuer();
  over(
    DEFAULT_TRANSPORTS,
    (bench) => {
      const revoke = (target: RevocationTarget): Promise<{ sessions: number }> =>
        bench.app.get(CometAuth).revoke(target);
      const token = (user: string, claims: Record<string, unknown> = {}): Promise<string> =>
        bench.token(user, { expiresIn: 3_600, claims });
      const joined = async (user: string, claims: Record<string, unknown> = {}): Promise<BayeuxClient> =>
        bench.client().join(presenting(await token(user, claims)));
      const lives = async (client: BayeuxClient): Promise<boolean> =>
        (await client.connect(AT_ONCE)).successful === true;

      it('ends the session: the held connect says so, and nothing that waits is delivered', async () => {
        await bench.startSecured({ ...SESSION, rules: [{ channel: '/news', subscribe: true }] });
        const client = await joined('alice');
        await client.subscribe('/news');
        const held = await bench.hold(client, { id: '5' });
        expect(await bench.app.service.broadcast('/news', 'secret', { lazy: true })).toEqual({ sessions: 1 });
        expect(await revoke({ userId: 'alice' })).toEqual({ sessions: 1 });
        expect(await held.reply).toEqual({ channel: '/meta/connect', id: '5', ...REVOKED });
        expect(client.pushed()).toEqual([]);
        expect(bench.app.service.counts).toMatchObject({ sessions: 0, channels: 0 });
        expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 0 });
      });

      it('drops what waits between two connects', async () => {
        await bench.startSecured(SESSION);
        const client = await joined('alice', { sid: 'login-1' });
        if (bench.transport === 'websocket') await client.close();
        expect(await bench.app.service.sendMessage('alice', '/x', 'secret')).toEqual({ sessions: 1 });
        expect(await revoke({ sid: 'login-1' })).toEqual({ sessions: 1 });
        const { clientId } = client;
        const next = bench.polling();
        next.clientId = clientId;
        expect(await next.connect(presenting(await token('alice')))).toMatchObject({
          error: '402::session_unknown',
          advice: { reconnect: 'handshake' },
        });
        expect(next.pushed()).toEqual([]);
      });

      it('is told to whoever presents it again', async () => {
        await bench.startSecured(SESSION);
        const revoked = await token('alice');
        const client = await bench.client().join(presenting(revoked));
        await revoke({ userId: 'alice' });
        const again = bench.client();
        again.clientId = client.clientId;
        expect(await again.connect(presenting(revoked))).toMatchObject(REVOKED);
        expect(await again.publish('/a', 1, presenting(revoked))).toMatchObject({
          successful: false,
          error: '401::session_revoked',
        });
        expect(await again.handshake({ id: '1', ...presenting(revoked) })).toEqual({
          channel: '/meta/handshake',
          id: '1',
          supportedConnectionTypes: [...bench.offered],
          ...REVOKED,
        });
        expect(await bench.client(bearer(revoked)).handshake()).toMatchObject(REVOKED);
      });

      it.each<[string, RevocationTarget]>([
        ['userId', { userId: 'alice' }],
        ['subject', { subject: 'alice' }],
        ['sid', { sid: 'login-1' }],
        ['tokenId', { tokenId: 'token-of-alice' }],
        ['clientId', { clientId: 'app' }],
      ])('by its %s ends the sessions that are meant, and no others', async (_, target) => {
        await bench.startSecured(SESSION);
        const claims = { sid: 'login-1', jti: 'token-of-alice', client_id: 'app' };
        const [alice, bob] = [await joined('alice', claims), await joined('bob', { sid: 'login-2' })];
        expect(await revoke(target)).toEqual({ sessions: 1 });
        expect(await alice.connect()).toMatchObject({ error: '402::session_unknown' });
        expect(await lives(bob)).toBe(true);
        expect(await bench.client().handshake(presenting(await token('alice', claims)))).toMatchObject(
          REVOKED,
        );
        expect(
          await bench.client().handshake(presenting(await token('bob', { sid: 'login-2' }))),
        ).toMatchObject({
          successful: true,
        });
      });

      it('with all others of the tenant ends every session', async () => {
        await bench.startSecured(SESSION);
        await Promise.all([joined('alice'), joined('bob'), joined('bob')]);
        expect(await revoke({ all: true })).toEqual({ sessions: 3 });
        expect(bench.app.service.counts.sessions).toBe(0);
      });

      it('T37: of a login that has ended is refused, also if it was issued later', async () => {
        await bench.startSecured(SESSION);
        const old = await token('alice', { sid: 'login-1' });
        await bench.client().join(presenting(old));
        await revoke({ sid: 'login-1' });
        bench.clock.advance(60_000);
        const refreshed = await token('alice', { sid: 'login-1' });
        for (const each of [old, refreshed]) {
          expect(await bench.client().handshake(presenting(each))).toMatchObject(REVOKED);
        }
        const fresh = await token('alice', { sid: 'login-2' });
        expect(await bench.client().handshake(presenting(fresh))).toMatchObject({ successful: true });
      });

      it('of a user is refused up to that second; a later login is let in', async () => {
        await bench.startSecured(SESSION);
        bench.clock.advance(500);
        await revoke({ userId: 'alice' });
        const same = await token('alice');
        bench.clock.advance(500);
        const later = await token('alice');
        expect(await bench.client().handshake(presenting(same))).toMatchObject(REVOKED);
        expect(await bench.client().handshake(presenting(later))).toMatchObject({ successful: true });
      });

      it('does not renew a session, which goes on with the one it has', async () => {
        await bench.startSecured(SESSION);
        const client = await joined('alice', { jti: 'first' });
        await revoke({ tokenId: 'second' });
        const second = await bench.token('alice', { expiresIn: 7_200, claims: { jti: 'second' } });
        expect(await client.connect(presenting(second))).toMatchObject(REVOKED);
        expect(await lives(client)).toBe(true);
        bench.clock.advance(250_000);
        expect(await lives(client)).toBe(true);
      });

      it('ends a session that another token has renewed only if it is that one', async () => {
        await bench.startSecured(SESSION);
        const client = await joined('alice', { jti: 'first' });
        bench.clock.advance(1_000);
        const second = await bench.token('alice', { expiresIn: 7_200, claims: { jti: 'second' } });
        expect(await client.connect({ ...AT_ONCE, ...presenting(second) })).toMatchObject({
          successful: true,
        });
        expect(await revoke({ tokenId: 'first' })).toEqual({ sessions: 0 });
        expect(await lives(client)).toBe(true);
        expect(await revoke({ tokenId: 'second' })).toEqual({ sessions: 1 });
      });

      it('T54: after a switch of accounts the next user gets a session of their own, and nothing of the other', async () => {
        await bench.startSecured({ ...SESSION, rules: [{ channel: '/news', subscribe: true }] });
        const browser: PollingClient = bench.polling();
        await browser.join(presenting(await token('alice', { sid: 'login-1' })));
        await browser.subscribe('/news');
        await bench.app.service.sendMessage('alice', '/x', 'secret of alice');
        const { cookie, clientId } = browser;
        await revoke({ sid: 'login-1' });
        // The page reloads, and its extension still remembers the session of alice.
        const page = bench.client(cookie === undefined ? {} : { cookie });
        page.clientId = clientId;
        const bob = presenting(await token('bob', { sid: 'login-2' }));
        expect(await page.connect(bob)).toMatchObject({ error: '402::session_unknown' });
        expect(await page.connect()).toMatchObject({ error: '402::session_unknown' });
        await page.join(bob);
        expect(page.clientId).not.toBe(clientId);
        expect(await bench.app.service.broadcast('/news', 1)).toEqual({ sessions: 0 });
        expect(await bench.app.service.sendMessage('bob', '/x', 'for bob')).toEqual({ sessions: 1 });
        expect(await page.receive()).toEqual([{ channel: '/x', data: 'for bob' }]);
      });
    },
    issuer,
  );

  over(
    ['websocket'],
    (bench) => {
      it('is told to an idle socket by a disconnect, and the socket is closed with 1008 a second later', async () => {
        await bench.startSecured(SESSION);
        const client = await bench.socket().join(presenting(await bench.token('alice')));
        await client.sync();
        const before = client.received.length;
        await bench.app.get(CometAuth).revoke({ userId: 'alice' });
        await until('a frame', () => client.received.length > before);
        expect(client.received.slice(before)).toEqual([{ channel: '/meta/disconnect', ...REVOKED }]);
        bench.clock.advance(999);
        await client.sync();
        expect(client.closed).toBeUndefined();
        bench.clock.advance(1);
        expect(await client.end()).toEqual({ code: 1008, reason: 'no session' });
      });

      it('leaves a socket to whoever shakes hands on it anew', async () => {
        await bench.startSecured(SESSION);
        const client = await bench.socket().join(presenting(await bench.token('alice')));
        await bench.app.get(CometAuth).revoke({ userId: 'alice' });
        await client.join(presenting(await bench.token('bob')));
        bench.clock.advance(10_000);
        expect(await client.connect(AT_ONCE)).toMatchObject({ successful: true });
      });
    },
    issuer,
  );
});
