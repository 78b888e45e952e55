import { onServer, overEveryTransport } from '../support/bench.js';
import { SocketClient } from '../support/socket.client.js';
import { arrived, dataOf, leave, listen, sessionOf, subscriber } from './support/away.js';

const WAIT = 5_000;
const LAZY = { lazy: true };

describe('a lazy message that is about to leave', () => {
  overEveryTransport((bench) => {
    it('does not keep a connect from being held, and waits on meanwhile', async () => {
      await bench.start();
      const client = await subscriber(bench, '/a');
      await bench.app.service.broadcast('/a', 1, LAZY);
      bench.clock.advance(1_000);
      await listen(bench, client);
      if (client instanceof SocketClient) {
        const connect = { channel: '/meta/connect', clientId: client.clientId };
        await client.sendRaw(JSON.stringify([connect]));
      }
      expect(await arrived(bench, client)).toEqual([]);
      expect(bench.clock.advance(WAIT - 1_001)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(dataOf(await client.receive())).toEqual([1]);
    });

    it('leaves with the reply of a connect', async () => {
      await bench.start();
      const client = await subscriber(bench, '/a');
      await bench.app.service.broadcast('/a', 1, LAZY);
      await client.connect({ advice: { timeout: 0 } });
      expect(dataOf(client.pushed())).toEqual([1]);
      expect(bench.clock.advance(WAIT)).toBe(0);
    });

    it('with acknowledgement waits as long, and comes with the reply of a connect', async () => {
      await bench.start();
      const client = bench.client();
      await client.join({ ext: { ack: true } });
      await client.subscribe('/a');
      const held = await bench.hold(client, { ext: { ack: 1 } });
      await bench.app.service.broadcast('/a', 1, LAZY);
      expect(bench.clock.advance(WAIT - 1)).toBe(0);
      expect(held.answered).toBe(false);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await held.reply).toMatchObject({ ext: { ack: 2 } });
      expect(client.received.slice(-2)).toMatchObject([{ data: 1 }, { channel: '/meta/connect' }]);
    });

    it('with acknowledgement does not wait when it is sent again', async () => {
      await bench.start();
      const client = bench.client();
      await client.join({ ext: { ack: true } });
      await client.subscribe('/a');
      await bench.app.service.broadcast('/a', 1, LAZY);
      await client.connect({ advice: { timeout: 0 }, ext: { ack: 1 } });
      await client.connect({ ext: { ack: 1 } });
      expect(await arrived(bench, client)).toEqual([1, 1]);
    });

    it('that nobody can be given yet leaves with the next connect after its time', async () => {
      await bench.start();
      const client = await subscriber(bench, '/a');
      await leave(bench, client);
      sessionOf(bench, client).send('/a', 1, LAZY);
      expect(bench.clock.advance(WAIT)).toBe(1);
      const next = bench.client();
      next.clientId = client.clientId;
      await next.connect();
      expect(dataOf(next.pushed())).toEqual([1]);
    });

    it('leaves nothing behind when its session ends', async () => {
      await bench.start();
      const client = await subscriber(bench, '/a');
      const before = bench.clock.armed;
      const session = sessionOf(bench, client);
      session.send('/a', 1, LAZY);
      expect(bench.clock.armed).toBe(before + 1);
      await leave(bench, client);
      session.disconnect();
      expect(bench.clock.earliest).toBeUndefined();
    });

    it.each([
      ['a listener to its queue', 'queued' as const],
      ['a listener to its messages', 'message' as const],
    ])('leaves nothing behind when %s ends the session', async (_, hook) => {
      await bench.start();
      const client = await subscriber(bench, '/a');
      await leave(bench, client);
      const session = sessionOf(bench, client);
      session.addListener({
        [hook]: () => {
          session.disconnect();
        },
      });
      session.send('/a', 1, LAZY);
      expect(session.alive).toBe(false);
      expect(bench.clock.earliest).toBeUndefined();
    });
  });

  onServer((bench) => {
    it('travels with any reply that carries messages', async () => {
      await bench.start();
      for (const client of [await bench.socket().join(), await bench.polling().join()]) {
        await client.subscribe('/a');
        await bench.app.service.broadcast('/a', 1, LAZY);
        await client.sync();
        expect(dataOf(client.pushed())).toEqual([1]);
        await client.disconnect();
      }
    });

    it('is no overflow however many there are, while the client reads', async () => {
      const app = await bench.start({ queue: { maxMessages: 5 } });
      const client = await bench.socket().join();
      await client.subscribe('/a');
      const burst = Array.from({ length: 12 }, (_, index) => index);
      for (const index of burst)
        expect(await app.service.broadcast('/a', index, LAZY)).toEqual({ sessions: 1 });
      bench.clock.advance(WAIT);
      expect(dataOf(await client.receive(12))).toEqual(burst);
    });
  });
});
