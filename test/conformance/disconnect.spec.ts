import { overEveryTransport } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { until } from '../support/until.js';

const NONE = { reconnect: 'none' };

describe('disconnect', () => {
  overEveryTransport((bench) => {
    it('D-01: is acknowledged, and ends the session and all that belongs to it', async () => {
      await bench.start({}, [GreeterGateway]);
      const client = await bench.client().join();
      await client.subscribe(['/a', '/b/**']);
      expect(await client.disconnect({ id: '11' })).toEqual({
        channel: '/meta/disconnect',
        id: '11',
        successful: true,
      });
      expect(bench.app.service.counts).toMatchObject({ sessions: 0, channels: 0 });
      expect(bench.app.get(GreeterGateway).gone).toEqual(bench.app.get(GreeterGateway).sessions);
    });

    it('D-01: is acknowledged before the held connect is answered', async () => {
      await bench.start();
      const client = await bench.client().join();
      const held = await bench.hold(client, { id: '10' });
      await client.disconnect({ id: '11' });
      expect(await held.reply).toMatchObject({ id: '10', successful: true, advice: NONE });
      expect(client.received.slice(-2).map(({ id }) => id)).toEqual(['11', '10']);
    });

    it('D-02: a second time there is no session, and no advice', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.disconnect();
      expect(await client.disconnect({ id: '2' })).toEqual({
        channel: '/meta/disconnect',
        id: '2',
        successful: false,
        error: '402::session_unknown',
      });
    });

    it('messages behind it in the same request find no session', async () => {
      await bench.start();
      const client = await bench.client().join();
      const { clientId } = client;
      await client.subscribe('/a');
      const replies = await client.send([
        { channel: '/a', clientId, data: 1 },
        { channel: '/meta/disconnect', clientId },
        { channel: '/a', clientId, data: 2 },
      ]);
      expect(replies).toMatchObject([
        { channel: '/a', successful: true },
        { channel: '/meta/disconnect', successful: true },
        { channel: '/a', successful: false, error: '402::session_unknown' },
      ]);
    });

    it('leaves other sessions alone', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      await alice.subscribe('/a');
      await bob.subscribe('/a');
      await alice.disconnect();
      expect(await bench.app.service.broadcast('/a', 1)).toEqual({ sessions: 1 });
      expect(await bob.receive()).toEqual([{ channel: '/a', data: 1 }]);
    });

    it('overtakes a slow handler, whose answer then finds nobody', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      const before = bench.clock.armed;
      const slow = client.call('/service/slow', 1);
      await until('the call to arrive', () => bench.clock.armed > before);
      expect(await client.disconnect()).toMatchObject({ successful: true });
      bench.app.get(ServiceGateway).release();
      expect((await slow).reply).toMatchObject({ channel: '/service/slow' });
    });
  });
});

describe('a server that ends a session', () => {
  overEveryTransport((bench) => {
    it('D-03: tells the client by a disconnect without id and the end of its connect', async () => {
      await bench.start({}, [GreeterGateway]);
      const client = await bench.client().join();
      const held = await bench.hold(client, { id: '3' });
      const before = client.received.length;
      bench.app.get(GreeterGateway).sessions[0]?.disconnect();
      await held.reply;
      expect(client.received.slice(before)).toEqual([
        { channel: '/meta/disconnect', successful: true },
        { channel: '/meta/connect', id: '3', successful: true, advice: NONE },
      ]);
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it('D-03: sends what was queued ahead of that', async () => {
      await bench.start({}, [GreeterGateway]);
      const client = await bench.client().join();
      const held = await bench.hold(client);
      const before = client.received.length;
      const [session] = bench.app.get(GreeterGateway).sessions;
      session?.send('/bye', 'last words');
      session?.disconnect();
      await held.reply;
      expect(client.received.slice(before)).toMatchObject([
        { channel: '/bye', data: 'last words' },
        { channel: '/meta/disconnect' },
        { channel: '/meta/connect' },
      ]);
    });

    it('D-04: afterwards the client is told that there is no session', async () => {
      await bench.start({}, [GreeterGateway]);
      const client = await bench.client().join();
      bench.app.get(GreeterGateway).sessions[0]?.disconnect();
      expect(await client.connect()).toMatchObject({
        successful: false,
        error: '402::session_unknown',
        advice: { reconnect: 'handshake' },
      });
    });

    it('a handler may end the session it was called by', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      await client.publish('/service/kick', 1);
      expect(bench.app.service.counts.sessions).toBe(0);
      expect(await client.publish('/a', 1)).toMatchObject({ error: '402::session_unknown' });
    });

    it('is idempotent, and a session that has ended takes no messages', async () => {
      await bench.start({}, [GreeterGateway]);
      await bench.client().join();
      const { sessions, gone } = bench.app.get(GreeterGateway);
      sessions[0]?.disconnect();
      sessions[0]?.disconnect();
      expect(gone).toHaveLength(1);
      expect(sessions[0]?.alive).toBe(false);
      expect(sessions[0]?.send('/a', 1)).toBe(false);
    });
  });
});
