import { overEveryTransport, withIssuer } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import { until } from '../support/until.js';

const NONE = { reconnect: 'none' };
const HANDSHAKE = [{ channel: '/meta/handshake', version: '1.0' }];

describe('limits', () => {
  const issuer = withIssuer();
  overEveryTransport((bench) => {
    it('a user with as many sessions as one may have is refused one more', async () => {
      await bench.startSecured({ session: { maxPerUser: 2 } });
      const token = presenting(await bench.token('alice'));
      for (const client of [bench.client(), bench.client()]) {
        await client.join(token);
        await bench.hold(client);
      }
      expect(await bench.client().handshake(token)).toMatchObject({
        successful: false,
        error: '403::too_many_sessions',
        advice: NONE,
      });
      const bob = presenting(await bench.token('bob'));
      expect(await bench.client().handshake(bob)).toMatchObject({ successful: true });
      expect(bench.app.service.counts.sessions).toBe(3);
    });

    it('sessions that nobody is connected to any more make room', async () => {
      await bench.startSecured({ session: { maxPerUser: 2 } });
      const token = presenting(await bench.token('alice'));
      const left = await bench.client().join(token);
      await left.close();
      await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
      // A poll that was not held breaks nothing: its session counts as left when the next one is overdue.
      bench.clock.advance(5_001);
      const living = await bench.client().join(token);
      await bench.hold(living);
      expect(await bench.client().handshake(token)).toMatchObject({ successful: true });
      expect(bench.app.service.counts.sessions).toBe(2);
      expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 2 });
      expect(await living.receive()).toEqual([{ channel: '/x', data: 1 }]);
    });

    it('a tab that polls does not make room between two polls', async () => {
      await bench.startSecured({ session: { maxPerUser: 1 } });
      const token = presenting(await bench.token('alice'));
      const polling = await bench.polling().join(token);
      bench.clock.advance(5_000);
      expect(await bench.client().handshake(token)).toMatchObject({ error: '403::too_many_sessions' });
      expect(await polling.connect({ advice: { timeout: 0 } })).toMatchObject({ successful: true });
    });

    it('a session whose socket broke while its poll is held does not make room', async () => {
      await bench.startSecured({ session: { maxPerUser: 1 } });
      const token = presenting(await bench.token('alice'));
      const polling = await bench.polling().join(token);
      await bench.hold(polling);
      const socket = bench.socket({ cookie: polling.cookie ?? '' });
      socket.clientId = polling.clientId;
      await socket.sync();
      await socket.close();
      await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
      expect(await bench.client().handshake(token)).toMatchObject({ error: '403::too_many_sessions' });
    });

    it('a session that ends makes room at once', async () => {
      await bench.startSecured({ session: { maxPerUser: 1 } });
      const token = presenting(await bench.token('alice'));
      const first = await bench.client().join(token);
      await first.disconnect();
      expect(await bench.client().handshake(token)).toMatchObject({ successful: true });
    });

    it('[L2] T69: anonymous sessions of one address have a limit of their own', async () => {
      const changes = { limits: { anonymousSessionsPerAddress: 2 }, trustProxy: 1 };
      await bench.startSecured({ auth: { ...bench.issuer().auth, anonymous: true }, ...changes });
      const at = (address: string) => bench.client({ 'x-forwarded-for': address });
      const [first] = [await at('2001:db8::1').join(), await at('2001:db8::2').join()];
      const refused =
        bench.transport === 'websocket'
          ? { code: 1013, reason: 'too many attempts' }
          : { status: 429, text: '', retryAfter: '5' };
      expect(await at('2001:db8::3').turnedAway(HANDSHAKE)).toEqual(refused);
      expect(await at('2001:db8:0:1::1').handshake()).toMatchObject({ successful: true });
      const token = presenting(await bench.token('alice'));
      expect(await at('2001:db8::3').handshake(token)).toMatchObject({ successful: true });
      await first.disconnect();
      expect(await at('2001:db8::3').handshake()).toMatchObject({ successful: true });
    });

    it('a server that is full asks clients to come back later', async () => {
      await bench.start({ limits: { sessions: 2 } });
      const [first] = [await bench.client().join(), await bench.client().join()];
      expect(await bench.client().turnedAway(HANDSHAKE)).toEqual(bench.tryLater);
      expect(bench.app.service.counts.sessions).toBe(2);
      await first.disconnect();
      expect(await bench.client().handshake()).toMatchObject({ successful: true });
    });
  }, issuer);
});
