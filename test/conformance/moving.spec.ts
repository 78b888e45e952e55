import { HTTP_TRANSPORTS, onServer, over, withIssuer } from '../support/bench.js';
import { bearer, presenting } from '../support/identity.js';
import { until } from '../support/until.js';

const AT_ONCE = { advice: { timeout: 0 } };
const UNKNOWN = { successful: false, error: '402::session_unknown', advice: { reconnect: 'handshake' } };

describe('a session that moves to another transport', () => {
  over(HTTP_TRANSPORTS, (bench) => {
    it('W-08: from a socket to requests: the socket is closed, nothing is lost', async () => {
      await bench.start();
      const socket = await bench.socket().join();
      await socket.subscribe('/a');
      const polling = bench.requester();
      polling.clientId = socket.clientId;
      await polling.connect(AT_ONCE);
      expect(await socket.end()).toMatchObject({ code: 4409 });
      const held = await bench.hold(polling);
      await bench.app.service.broadcast('/a', 1);
      expect(await polling.receive()).toEqual([{ channel: '/a', data: 1 }]);
      expect(await held.reply).toMatchObject({ successful: true });
      expect(bench.app.service.counts).toMatchObject({ sessions: 1, sockets: 0 });
    });

    it('W-08: from requests to a socket: a held connect ends as one that is superseded', async () => {
      await bench.start();
      const polling = await bench.requester().join();
      await polling.subscribe('/a');
      const before = bench.clock.armed;
      const poll = polling.askConnect();
      await until('the connect to be held', () => bench.clock.armed > before);
      const socket = bench.socket();
      socket.clientId = polling.clientId;
      expect(await socket.connect(AT_ONCE)).toMatchObject({ successful: true });
      expect(await poll.answer).toMatchObject({ status: 500, text: '' });
      await bench.app.service.broadcast('/a', 1);
      expect(await socket.receive()).toEqual([{ channel: '/a', data: 1 }]);
    });

    it('what waited for the one is delivered over the other, in order', async () => {
      await bench.start();
      const socket = await bench.socket().join();
      await socket.subscribe('/a');
      await socket.close();
      await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
      for (const data of [1, 2]) await bench.app.service.broadcast('/a', data);
      const polling = bench.requester();
      polling.clientId = socket.clientId;
      await polling.connect(AT_ONCE);
      await bench.app.service.broadcast('/a', 3);
      expect((await polling.receive(3)).map(({ data }) => data)).toEqual([1, 2, 3]);
    });

    it('back and forth, with messages all the time', async () => {
      await bench.start();
      const polling = await bench.requester().join();
      await polling.subscribe('/a');
      const socket = bench.socket();
      socket.clientId = polling.clientId;
      const seen: unknown[] = [];
      let sent = 0;
      for (let round = 0; round < 5; round++) {
        await bench.app.service.broadcast('/a', ++sent);
        await socket.open();
        await socket.connect(AT_ONCE);
        await bench.app.service.broadcast('/a', ++sent);
        seen.push(...(await socket.receive(2)));
        await bench.app.service.broadcast('/a', ++sent);
        seen.push(...(await socket.receive()));
        await polling.connect(AT_ONCE);
        await socket.end();
        await bench.app.service.broadcast('/a', ++sent);
        seen.push(...(await polling.receive()));
      }
      expect(seen.map((message) => (message as { data: unknown }).data)).toEqual(
        Array.from({ length: sent }, (_, index) => index + 1),
      );
      expect(bench.app.service.counts.sessions).toBe(1);
    });
  });
});

describe('the proof a session needs for that', () => {
  const issuer = withIssuer();
  onServer((bench) => {
    it('a token in the message, from a socket to requests and back', async () => {
      await bench.startSecured();
      const token = await bench.token('alice');
      const socket = await bench.socket().join(presenting(token));
      const polling = bench.polling();
      polling.clientId = socket.clientId;
      expect(await polling.connect({ ...AT_ONCE, ...presenting(token) })).toMatchObject({ successful: true });
      await socket.end();
      await socket.open();
      expect(await socket.connect({ ...AT_ONCE, ...presenting(token) })).toMatchObject({ successful: true });
    });

    it('a token in the header, also another one of the same user', async () => {
      await bench.startSecured();
      const socket = await bench.socket().join(presenting(await bench.token('alice')));
      const polling = bench.polling(bearer(await bench.token('alice')));
      polling.clientId = socket.clientId;
      expect(await polling.connect(AT_ONCE)).toMatchObject({ successful: true });
      const next = bench.socket(bearer(await bench.token('alice')));
      next.clientId = socket.clientId;
      expect(await next.connect(AT_ONCE)).toMatchObject({ successful: true });
    });

    it('the cookie, from requests to a socket and back', async () => {
      await bench.startSecured();
      const origin = new URL(bench.app.url).origin;
      const polling = await bench.polling({ origin }).join(presenting(await bench.token('alice')));
      const socket = bench.socket({ origin, cookie: polling.cookie ?? '' });
      socket.clientId = polling.clientId;
      expect(await socket.connect(AT_ONCE)).toMatchObject({ successful: true });
      expect(await polling.connect(AT_ONCE)).toMatchObject({ successful: true });
    });

    it('the cookie that the upgrade has set', async () => {
      await bench.startSecured();
      const socket = await bench.socket().join(presenting(await bench.token('alice')));
      const polling = bench.polling();
      polling.cookie = socket.upgradeHeaders['set-cookie']?.[0]?.split(';')[0];
      polling.clientId = socket.clientId;
      expect(await polling.connect(AT_ONCE)).toMatchObject({ successful: true });
    });

    it('not the clientId alone', async () => {
      await bench.startSecured();
      const polling = await bench.polling().join(presenting(await bench.token('alice')));
      polling.cookie = undefined;
      expect(await polling.connect(AT_ONCE)).toMatchObject(UNKNOWN);
      const socket = bench.socket();
      socket.clientId = polling.clientId;
      expect(await socket.connect(AT_ONCE)).toMatchObject(UNKNOWN);
      expect(bench.app.service.counts.sessions).toBe(1);
    });

    it('binding token: not the cookie either', async () => {
      await bench.startSecured({ session: { binding: 'token' } });
      const token = await bench.token('alice');
      const polling = bench.polling();
      await polling.handshake(presenting(token));
      expect(polling.cookie).toBeDefined();
      expect(await polling.connect(AT_ONCE)).toMatchObject(UNKNOWN);
      expect(await polling.connect({ ...AT_ONCE, ...presenting(token) })).toMatchObject({ successful: true });
    });

    it('binding clientId: nothing more', async () => {
      await bench.startSecured({ session: { binding: 'clientId' } });
      const polling = await bench.polling().join(presenting(await bench.token('alice')));
      polling.cookie = undefined;
      expect(await polling.connect(AT_ONCE)).toMatchObject({ successful: true });
    });

    it('anonymous sessions need nothing more either', async () => {
      await bench.start();
      const polling = await bench.polling().join();
      polling.cookie = undefined;
      expect(await polling.connect(AT_ONCE)).toMatchObject({ successful: true });
    });

    it('a socket stays proven, whatever follows without a token', async () => {
      await bench.startSecured();
      const socket = await bench.socket().join(presenting(await bench.token('alice')));
      expect(await socket.subscribe('/user/alice/x')).toMatchObject({ successful: true });
      expect(await socket.connect(AT_ONCE)).toMatchObject({ successful: true });
    });
  }, issuer);
});
