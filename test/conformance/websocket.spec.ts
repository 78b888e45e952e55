import { onEveryServer } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { UpgradeRefused } from '../support/socket.client.js';
import { until } from '../support/until.js';

const TIMEOUT = 30_000;
const HANDSHAKE_TIMEOUT = 10_000;
const MAX_INTERVAL = 60_000;

describe('websocket', () => {
  onEveryServer((bench) => {
    const sockets = (): number => bench.app.service.counts.sockets;

    it('L-08: gives a cookie with every 101 that came without one', async () => {
      await bench.start();
      const client = bench.socket();
      await client.open();
      expect(client.upgradeHeaders['set-cookie']).toEqual([
        expect.stringMatching(/^BAYEUX_BROWSER=[\w.-]{76}; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      const cookie = client.upgradeHeaders['set-cookie']?.[0]?.split(';')[0] ?? '';
      const second = bench.socket();
      await second.open({ cookie });
      expect(second.upgradeHeaders['set-cookie']).toBeUndefined();
    });

    it('W-02: pushes in its own frames while a connect is held', async () => {
      await bench.start();
      const client = await bench.socket().join();
      await client.subscribe('/a');
      const held = await bench.hold(client);
      const before = client.frames.length;
      for (const data of [1, 2, 3]) {
        await bench.app.service.broadcast('/a', data);
        await client.receive();
      }
      expect(client.frames.slice(before)).toEqual([1, 2, 3].map((data) => [{ channel: '/a', data }]));
      expect(held.answered).toBe(false);
      expect(bench.clock.advance(TIMEOUT)).toBe(1);
      expect(await held.reply).toMatchObject({ successful: true });
    });

    it('W-03: what is published in one turn comes in one frame', async () => {
      await bench.start();
      const client = await bench.socket().join();
      await client.subscribe('/a');
      const before = client.frames.length;
      await Promise.all([1, 2, 3].map((data) => bench.app.service.broadcast('/a', data)));
      await client.receive(3);
      expect(client.frames.slice(before)).toEqual([[1, 2, 3].map((data) => ({ channel: '/a', data }))]);
    });

    it('W-04, W-09: pushes between connects, and before the first one', async () => {
      await bench.start();
      const client = bench.socket();
      await client.handshake();
      await client.subscribe('/a');
      await bench.app.service.broadcast('/a', 'before any connect');
      expect(await client.receive()).toMatchObject([{ data: 'before any connect' }]);
      await client.connect();
      await bench.app.service.broadcast('/a', 'between connects');
      expect(await client.receive()).toMatchObject([{ data: 'between connects' }]);
    });

    it('W-07: a socket speaks for the session of its handshake only', async () => {
      await bench.start();
      const [client, other] = [await bench.socket().join(), await bench.socket().join()];
      const [reply] = await client.send([{ channel: '/a', clientId: other.clientId, data: 1, id: '9' }]);
      expect(reply).toMatchObject({ id: '9', successful: false, error: '402::session_unknown' });
      await other.sync();
      expect(other.closed).toBeUndefined();
    });

    it('W-08: a second socket takes over, and the first is closed with a clear code', async () => {
      await bench.start();
      const first = await bench.socket().join();
      await first.subscribe('/a');
      const held = await bench.hold(first, { id: '5' });
      const second = bench.socket();
      second.clientId = first.clientId;
      await second.connect({ advice: { timeout: 0 } });
      expect(await held.reply).toMatchObject({ id: '5', successful: true });
      expect(await first.end()).toEqual({ code: 4409, reason: 'session continues on another connection' });
      await bench.app.service.broadcast('/a', 'to the second');
      expect(await second.receive()).toEqual([{ channel: '/a', data: 'to the second' }]);
      expect(first.pushed()).toEqual([]);
      expect(bench.app.service.counts).toMatchObject({ sessions: 1, sockets: 1 });
    });

    it('W-11: a client comes back on another socket, and gets what waited', async () => {
      await bench.start();
      const client = await bench.socket().join();
      await client.subscribe('/a');
      await client.close();
      await until('the socket to be gone', () => sockets() === 0);
      await bench.app.service.broadcast('/a', 1);
      await bench.app.service.broadcast('/a', 2);
      await client.open();
      await client.connect({ advice: { timeout: 0 } });
      expect(await client.receive(2)).toEqual([
        { channel: '/a', data: 1 },
        { channel: '/a', data: 2 },
      ]);
    });

    it('W-13: a handshake on the same socket starts a new session', async () => {
      await bench.start();
      const client = await bench.socket().join();
      const first = client.clientId;
      await client.subscribe('/a');
      await client.handshake();
      await client.connect();
      expect(client.clientId).not.toBe(first);
      await bench.app.service.broadcast('/a', 'for the old session');
      await client.sync();
      expect(client.pushed()).toEqual([]);
      const [reply] = await client.send([{ channel: '/a', clientId: first, data: 1 }]);
      expect(reply).toMatchObject({ error: '402::session_unknown' });
    });

    it('a socket that never shakes hands is closed, to the millisecond', async () => {
      await bench.start();
      const client = bench.socket();
      await client.open();
      await until('the socket to be known', () => sockets() === 1);
      expect(bench.clock.advance(HANDSHAKE_TIMEOUT - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await client.end()).toEqual({ code: 1008, reason: 'no session' });
    });

    it('one whose client has disconnected is closed a second later', async () => {
      await bench.start();
      const client = await bench.socket().join();
      await client.disconnect();
      await client.sync();
      expect(bench.clock.advance(999)).toBe(0);
      bench.clock.advance(1);
      expect(await client.end()).toMatchObject({ code: 1000 });
    });

    it('one whose session the server has ended is told so, and closed a second later', async () => {
      await bench.start({}, [GreeterGateway]);
      const client = await bench.socket().join();
      const before = client.received.length;
      bench.app.get(GreeterGateway).sessions[0]?.disconnect();
      await until('the disconnect', () => client.received.length > before);
      expect(client.received.slice(before)).toEqual([{ channel: '/meta/disconnect', successful: true }]);
      expect(bench.clock.advance(999)).toBe(0);
      bench.clock.advance(1);
      expect(await client.end()).toMatchObject({ code: 1000 });
    });

    it('one whose session has expired may shake hands again, for a while', async () => {
      await bench.start();
      const client = await bench.socket().join();
      bench.clock.advance(MAX_INTERVAL);
      expect(bench.app.service.counts).toMatchObject({ sessions: 0, sockets: 1 });
      expect(bench.clock.advance(HANDSHAKE_TIMEOUT - 1)).toBe(0);
      await client.join();
      bench.clock.advance(MAX_INTERVAL);
      expect(bench.clock.advance(HANDSHAKE_TIMEOUT)).toBe(1);
      expect(await client.end()).toEqual({ code: 1000, reason: 'session has ended' });
    });

    it('one whose handshake was refused is closed a second later', async () => {
      await bench.start();
      const client = bench.socket();
      await client.handshake({ minimumVersion: '2' });
      expect(bench.clock.advance(999)).toBe(0);
      bench.clock.advance(1);
      expect(await client.end()).toMatchObject({ code: 1008 });
    });

    it('unless a better handshake follows', async () => {
      await bench.start();
      const client = bench.socket();
      await client.handshake({ minimumVersion: '2' });
      await client.join();
      bench.clock.advance(HANDSHAKE_TIMEOUT);
      await client.sync();
      expect(client.closed).toBeUndefined();
    });

    it('W-01: serves its path and everything below it, and nothing beside it', async () => {
      await bench.start();
      const client = bench.socket();
      await client.open({}, '/connect?x=1');
      await client.join();
      await expect(bench.socket().open({}, 'x')).rejects.toThrow(UpgradeRefused);
    });

    it('W-01: names no sub-protocol but its own', async () => {
      await bench.start();
      const client = bench.socket();
      await client.open({}, '', ['token.abc', 'bayeux']);
      expect(client.upgradeHeaders['sec-websocket-protocol']).toBe('bayeux');
    });

    it('W-17: does not compress', async () => {
      await bench.start();
      const client = bench.socket();
      await client.open();
      expect(client.upgradeHeaders['sec-websocket-extensions']).toBeUndefined();
    });
  });
});
