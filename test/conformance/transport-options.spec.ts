import { onServer, type TransportName, withIssuer } from '../support/bench.js';
import { ask } from '../support/http.js';
import { bearer, presenting } from '../support/identity.js';
import { UpgradeRefused } from '../support/socket.client.js';
import { until } from '../support/until.js';

const SERVED: readonly (readonly TransportName[])[] = [
  ['websocket'],
  ['long-polling'],
  ['callback-polling'],
  ['long-polling', 'websocket'],
  ['callback-polling', 'websocket'],
  ['callback-polling', 'long-polling', 'websocket'],
];

const IDLE = 40_000;

describe('the option transports', () => {
  onServer((bench) => {
    it.each(SERVED.map((transports) => [transports]))(
      '%j: these are offered, in this order',
      async (transports) => {
        await bench.start({ transports });
        const [first] = transports;
        const client =
          first === 'websocket'
            ? bench.socket()
            : first === 'long-polling'
              ? bench.polling()
              : bench.scripts();
        expect(await client.handshake({ supportedConnectionTypes: transports })).toMatchObject({
          successful: true,
          supportedConnectionTypes: transports,
        });
        expect(await client.handshake({ supportedConnectionTypes: ['carrier-pigeon'] })).toMatchObject({
          successful: false,
          supportedConnectionTypes: transports,
        });
      },
    );

    it.each(SERVED.map((transports) => [transports]))(
      '%j: these are served, and no others',
      async (transports) => {
        const { url } = await bench.start({ transports });
        const body = JSON.stringify([{ channel: '/meta/handshake', version: '1.0' }]);
        const headers = { 'content-type': 'application/json' };
        const post = await ask(url, { headers, body }).answer;
        expect(post.status).toBe(transports.includes('long-polling') ? 200 : 405);
        if (post.status === 405) {
          expect(post.headers.allow).toBe(
            transports.includes('callback-polling') ? 'GET, OPTIONS' : 'OPTIONS',
          );
        }
        const query = new URLSearchParams({ jsonp: 'done', message: body }).toString();
        const get = await ask(`${url}?${query}`, { method: 'GET', body: '' }).answer;
        expect(get.status).toBe(transports.includes('callback-polling') ? 200 : 405);
        const upgraded = await bench
          .socket()
          .open()
          .then(
            () => 101,
            (error: unknown) => (error as UpgradeRefused).status,
          );
        expect(upgraded).toBe(transports.includes('websocket') ? 101 : 404);
      },
    );

    it('refuses a foreign page also where the transport is not served', async () => {
      await bench.start({ transports: ['long-polling'] });
      const opened = bench.socket({ origin: 'https://evil.example' }).open();
      await expect(opened).rejects.toMatchObject({ status: 403 });
    });
  });
});

describe('a socket that says nothing', () => {
  onServer((bench) => {
    const start = () => bench.start({ session: { maxInterval: 500_000 }, websocket: { idleTimeout: IDLE } });
    const CLOSED = { code: 1000, reason: 'silent for too long' };

    it('is closed after websocket.idleTimeout, to the millisecond, and its session goes on', async () => {
      await start();
      const client = await bench.socket().join();
      expect(bench.clock.advance(IDLE - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await client.end()).toEqual(CLOSED);
      await client.open();
      expect(await client.connect({ advice: { timeout: 0 } })).toMatchObject({ successful: true });
    });

    it('is one that has not spoken since: each word puts it off', async () => {
      await start();
      const client = await bench.socket().join();
      for (let round = 0; round < 3; round++) {
        bench.clock.advance(IDLE - 1);
        await client.sync();
      }
      expect(client.closed).toBeUndefined();
      bench.clock.advance(IDLE - 1);
      await client.sync();
      bench.clock.advance(IDLE - 1);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await client.end()).toEqual(CLOSED);
    });

    it('is no other for what it is sent', async () => {
      await start();
      const client = await bench.socket().join();
      await client.subscribe('/a');
      bench.clock.advance(IDLE - 1);
      await bench.app.service.broadcast('/a', 1);
      await client.receive();
      bench.clock.advance(1);
      expect(await client.end()).toEqual(CLOSED);
    });

    it('is none that goes from one held connect to the next', async () => {
      await start();
      const client = await bench.socket().join();
      for (let round = 0; round < 4; round++) {
        const held = await bench.hold(client);
        bench.clock.advance(30_000);
        expect(await held.reply).toMatchObject({ successful: true });
      }
      expect(client.closed).toBeUndefined();
    });

    it('is closed no later for it if it has never had a session', async () => {
      await start();
      const client = bench.socket();
      await client.open();
      await until('the socket to be known', () => bench.app.service.counts.sockets === 1);
      bench.clock.advance(10_000);
      expect(await client.end()).toEqual({ code: 1008, reason: 'no session' });
    });

    it('is left to the expiry of its session otherwise', async () => {
      await bench.start({ session: { maxInterval: 500_000 } });
      const client = await bench.socket().join();
      expect(bench.clock.advance(499_999)).toBe(0);
      await client.sync();
      expect(client.closed).toBeUndefined();
    });
  });
});

describe('the option longPolling.duplicateConnectStatus', () => {
  onServer((bench) => {
    it('is what the older one of two connects is answered with, and nothing else', async () => {
      await bench.start({ longPolling: { duplicateConnectStatus: 409 } });
      const client = await bench.polling().join();
      const before = bench.clock.armed;
      const older = client.askConnect();
      await until('a connect to be held', () => bench.clock.armed > before);
      const newer = client.askConnect({ advice: { timeout: 0 } });
      expect(await older.answer).toMatchObject({ status: 409, text: '' });
      expect((await newer.answer).status).toBe(200);
    });
  });
});

describe('the option websocket.requireHandshakePerConnection', () => {
  const issuer = withIssuer();
  onServer((bench) => {
    const REQUIRED = { websocket: { requireHandshakePerConnection: true } };
    const UNKNOWN = { successful: false, error: '402::session_unknown', advice: { reconnect: 'handshake' } };

    it('lets no socket go on with the session of another, whatever proves it', async () => {
      await bench.startSecured(REQUIRED);
      const token = await bench.token('alice');
      const first = bench.socket();
      await first.open();
      const cookie = first.upgradeHeaders['set-cookie']?.[0]?.split(';')[0] ?? '';
      await first.join(presenting(token));
      for (const headers of [{}, bearer(token), { cookie }]) {
        const second = bench.socket(headers);
        second.clientId = first.clientId;
        expect(await second.connect(presenting(token))).toMatchObject(UNKNOWN);
        expect(await second.publish('/user/alice/x', 1)).toMatchObject({ error: UNKNOWN.error });
      }
      expect(await first.connect({ advice: { timeout: 0 } })).toMatchObject({ successful: true });
    });

    it('lets none do so that comes from requests, and requests as before', async () => {
      await bench.startSecured(REQUIRED);
      const token = await bench.token('alice');
      const polling = await bench.polling(bearer(token)).join();
      const socket = bench.socket(bearer(token));
      socket.clientId = polling.clientId;
      expect(await socket.connect()).toMatchObject(UNKNOWN);
      const other = bench.polling(bearer(token));
      other.clientId = polling.clientId;
      expect(await other.connect({ advice: { timeout: 0 } })).toMatchObject({ successful: true });
    });

    it('lets a socket begin anew, also after it was turned away', async () => {
      await bench.start(REQUIRED);
      const first = await bench.socket().join();
      const second = bench.socket();
      second.clientId = first.clientId;
      expect(await second.connect()).toMatchObject(UNKNOWN);
      await second.join();
      expect(await second.publish('/a', 1)).toMatchObject({ successful: true });
      expect(second.clientId).not.toBe(first.clientId);
    });
  }, issuer);
});
