import type { BayeuxClient } from '../support/bayeux.client.js';
import { onServer, overEveryTransport, withIssuer } from '../support/bench.js';
import { bearer, presenting } from '../support/identity.js';

/** A token is good for a minute, and a little longer as clocks differ. */
const LIFE = 60_000 + 5_000;
const MINUTE = { expiresIn: 60 };
/** The token is all there is: nothing is told ahead, and nothing comes after. */
const STRICT = {
  session: { timeout: 300_000, maxInterval: 300_000, rehandshakeSpread: 0 },
  auth: { expiry: { refreshLead: 0, grace: 0, suspend: false } },
};
const AT_ONCE = { advice: { timeout: 0 } };
const HANDSHAKE = { reconnect: 'handshake', interval: 0 };

describe('a token that expires in mid-session, without a grace', () => {
  const issuer = withIssuer();
  overEveryTransport((bench) => {
    const sessions = (): number => bench.app.service.counts.sessions;
    /** What an ended session is called: who repeats its token hears first that this is no good any more. */
    const ended = (): string => (bench.repeatsTokens ? '401::token_expired' : '402::session_unknown');
    const joined = async (): Promise<BayeuxClient> =>
      bench.client().join(presenting(await bench.token('alice', MINUTE)));

    it('ends the session, to the millisecond, and the held connect says why', async () => {
      await bench.startSecured(STRICT);
      const client = await joined();
      await client.subscribe('/user/alice/**');
      const held = await bench.hold(client, { id: '5' });
      expect(bench.clock.advance(LIFE - 1)).toBe(0);
      bench.clock.advance(1);
      expect(await held.reply).toEqual({
        channel: '/meta/connect',
        id: '5',
        successful: false,
        error: '401::token_expired',
        advice: HANDSHAKE,
      });
      expect(bench.app.service.counts).toMatchObject({ sessions: 0, channels: 0 });
    });

    it('ends it also where no connect is held; the next message finds no session', async () => {
      await bench.startSecured(STRICT);
      const client = await joined();
      bench.clock.advance(LIFE);
      expect(sessions()).toBe(0);
      expect(await client.connect()).toMatchObject({ error: ended(), advice: HANDSHAKE });
    });

    it('lets nothing more through', async () => {
      await bench.startSecured(STRICT);
      const client = await joined();
      await client.subscribe('/user/alice/**');
      bench.clock.advance(LIFE);
      expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 0 });
      expect(await bench.app.service.broadcast('/user/alice/x', 1)).toEqual({ sessions: 0 });
      expect(await client.publish('/a', 1)).toMatchObject({ error: ended() });
      await client.catchUp();
      expect(client.pushed()).toEqual([]);
    });

    it('lets the client come back with a fresh one', async () => {
      await bench.startSecured(STRICT);
      const client = await joined();
      bench.clock.advance(LIFE);
      await client.join(presenting(await bench.token('alice', MINUTE)));
      expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 1 });
    });

    it('is put off by a newer one on a connect, which is answered at once', async () => {
      await bench.startSecured(STRICT);
      const client = await joined();
      bench.clock.advance(30_000);
      const fresh = presenting(await bench.token('alice', MINUTE));
      expect(await client.connect(fresh)).toMatchObject({
        successful: true,
        ext: { auth: { expires_in: 60, refresh_before: 60, scope: '' } },
      });
      const held = await bench.hold(client);
      expect(bench.clock.advance(LIFE - 1)).toBe(0);
      bench.clock.advance(1);
      expect(await held.reply).toMatchObject({ error: '401::token_expired' });
    });

    it('is put off by a newer one on any message', async () => {
      await bench.startSecured(STRICT);
      const client = await joined();
      bench.clock.advance(30_000);
      await client.subscribe('/user/alice/x', presenting(await bench.token('alice', MINUTE)));
      bench.clock.advance(LIFE - 1);
      expect(sessions()).toBe(1);
      bench.clock.advance(1);
      expect(sessions()).toBe(0);
    });

    it('is not brought forward by one of the same moment that ends earlier', async () => {
      await bench.startSecured(STRICT);
      const client = await joined();
      await client.connect({ ...AT_ONCE, ...presenting(await bench.token('alice', { expiresIn: 10 })) });
      bench.clock.advance(LIFE - 1);
      expect(sessions()).toBe(1);
    });

    it('is not put off by one of somebody else', async () => {
      await bench.startSecured(STRICT);
      const client = await joined();
      const token = await bench.token('mallory', { expiresIn: 3_600 });
      expect(await client.connect({ ...AT_ONCE, ...presenting(token) })).toMatchObject({ successful: false });
      expect(await client.subscribe('/user/alice/x')).toMatchObject({ successful: true });
      bench.clock.advance(LIFE);
      expect(sessions()).toBe(0);
    });

    it('is told on a connect that presents it', async () => {
      await bench.startSecured(STRICT);
      const expired = await bench.token('alice', { expiresIn: 10 });
      const client = await joined();
      bench.clock.advance(15_000);
      expect(await client.connect({ id: '5', ...presenting(expired) })).toEqual({
        channel: '/meta/connect',
        id: '5',
        successful: false,
        error: '401::token_expired',
        advice: HANDSHAKE,
      });
      expect(sessions()).toBe(1);
      expect(await client.publish('/a', 1, presenting(expired))).toEqual({
        channel: '/a',
        id: expect.any(String) as string,
        successful: false,
        error: '401::token_expired',
      });
    });
  }, issuer);

  onServer((bench) => {
    it('is put off by a newer one in the header of a poll', async () => {
      await bench.startSecured(STRICT);
      const client = await bench.polling().join(presenting(await bench.token('alice', MINUTE)));
      bench.clock.advance(30_000);
      const fresh = bearer(await bench.token('alice', MINUTE));
      const { clientId } = client;
      const poll = client.askMessages([{ channel: '/meta/connect', clientId, ...AT_ONCE }], fresh);
      expect((await poll.answer).status).toBe(200);
      bench.clock.advance(LIFE - 1);
      expect(bench.app.service.counts.sessions).toBe(1);
      bench.clock.advance(1);
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it('leaves an idle socket without a session: it is told nothing, and closed unless it shakes hands', async () => {
      await bench.startSecured(STRICT);
      const client = await bench.socket().join(presenting(await bench.token('alice', MINUTE)));
      const before = client.received.length;
      bench.clock.advance(LIFE);
      expect(bench.app.service.counts).toMatchObject({ sessions: 0, sockets: 1 });
      expect(bench.clock.advance(10_000 - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await client.end()).toEqual({ code: 1000, reason: 'session has ended' });
      expect(client.received.slice(before)).toEqual([]);
    });

    it('if it came with the upgrade, does not count against a session that has a newer one', async () => {
      await bench.startSecured(STRICT);
      const client = await bench.socket(bearer(await bench.token('alice', MINUTE))).join();
      await client.connect({ ...AT_ONCE, ...presenting(await bench.token('alice', { expiresIn: 600 })) });
      bench.clock.advance(LIFE);
      expect(await client.subscribe('/user/alice/x')).toMatchObject({ successful: true });
    });

    it('of somebody else on a proven socket is told so, and the session goes on', async () => {
      await bench.startSecured(STRICT);
      const client = await bench.socket().join(presenting(await bench.token('alice')));
      const token = await bench.token('mallory');
      expect(await client.connect({ id: '5', ...presenting(token) })).toEqual({
        channel: '/meta/connect',
        id: '5',
        successful: false,
        error: '403::principal_mismatch',
        advice: HANDSHAKE,
      });
      expect(await client.connect(AT_ONCE)).toMatchObject({ successful: true });
      expect(await bench.app.service.sendMessage('mallory', '/x', 1)).toEqual({ sessions: 0 });
    });
  }, issuer);
});
