import { HTTP_TRANSPORTS, onServer, over } from '../support/bench.js';
import { statusOf } from '../support/polling.client.js';
import { until } from '../support/until.js';

const TIMEOUT = 30_000;

describe('two connects of one session', () => {
  over(HTTP_TRANSPORTS, (bench) => {
    it('L-12: over HTTP the older one ends with an empty 500, the newer one is held', async () => {
      await bench.start();
      const client = await bench.requester().join();
      const before = bench.clock.armed;
      const older = client.askConnect({ id: 'older' });
      await until('a connect to be held', () => bench.clock.armed > before);
      const newer = client.askConnect({ id: 'newer' });
      const { status, text } = await older.answer;
      expect({ status, text }).toEqual({ status: 500, text: '' });
      expect(bench.clock.advance(TIMEOUT)).toBe(1);
      expect(await statusOf(newer)).toBe(200);
      expect(client.received.at(-1)).toMatchObject({
        channel: '/meta/connect',
        id: 'newer',
        successful: true,
      });
    });

    it('the older one takes no message from the queue', async () => {
      await bench.start();
      const client = await bench.requester().join();
      await client.subscribe('/a');
      const before = bench.clock.armed;
      const older = client.askConnect();
      await until('a connect to be held', () => bench.clock.armed > before);
      const newer = client.askConnect();
      expect(await statusOf(older)).toBe(500);
      await bench.app.service.broadcast('/a', 'kept');
      expect(await statusOf(newer)).toBe(200);
      expect(client.received.slice(-2)).toMatchObject([
        { channel: '/a', data: 'kept' },
        { channel: '/meta/connect', successful: true },
      ]);
    });

    it('T-02: the older one does not touch the expiry of the session', async () => {
      await bench.start();
      const client = await bench.requester().join();
      const before = bench.clock.armed;
      const older = client.askConnect();
      await until('a connect to be held', () => bench.clock.armed > before);
      bench.clock.advance(TIMEOUT - 1);
      client.askConnect();
      expect(await statusOf(older)).toBe(500);
      older.abort();
      // Hold and expiry of the newer one, counted from its own beginning.
      expect(bench.clock.advance(TIMEOUT - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(bench.clock.advance(TIMEOUT - 1)).toBe(0);
      expect(bench.app.service.counts.sessions).toBe(1);
    });

    it('K-09: two in one HTTP request are both answered at once', async () => {
      await bench.start();
      const client = await bench.requester().join();
      const connect = { channel: '/meta/connect', clientId: client.clientId };
      const replies = await client.send([
        { ...connect, id: '1' },
        { ...connect, id: '2' },
      ]);
      expect(replies).toMatchObject([
        { id: '1', successful: true },
        { id: '2', successful: true },
      ]);
    });

    it('K-04: one with company in its HTTP request is answered at once', async () => {
      await bench.start();
      const client = await bench.requester().join();
      const { clientId } = client;
      const replies = await client.send([
        { channel: '/meta/connect', clientId, id: '23' },
        { channel: '/a', clientId, data: 9, id: '24' },
      ]);
      expect(replies).toMatchObject([
        { channel: '/meta/connect', id: '23', successful: true },
        { channel: '/a', id: '24', successful: true },
      ]);
    });
  });

  onServer((bench) => {
    it('W-05: over WebSocket the older one is answered at once, the newer one is held', async () => {
      await bench.start();
      const client = await bench.socket().join();
      const older = await bench.hold(client, { id: 'older' });
      const newer = client.connect({ id: 'newer' });
      expect(await older.reply).toMatchObject({ id: 'older', successful: true });
      await client.sync();
      expect(client.received.at(-1)?.id).not.toBe('newer');
      expect(bench.clock.advance(TIMEOUT)).toBe(1);
      expect(await newer).toMatchObject({ id: 'newer', successful: true });
    });

    it('W-06: over WebSocket one with company is held, and its company is not', async () => {
      await bench.start();
      const client = await bench.socket().join();
      const { clientId } = client;
      const before = bench.clock.armed;
      await client.sendRaw(
        JSON.stringify([
          { channel: '/meta/connect', clientId, id: '23' },
          { channel: '/a', clientId, data: 9, id: '24' },
          { channel: '/meta/subscribe', clientId, subscription: '/b', id: '25' },
        ]),
      );
      await until('the replies', () => client.received.at(-1)?.id === '25');
      expect(client.received.slice(-2)).toMatchObject([
        { channel: '/a', id: '24', successful: true },
        { channel: '/meta/subscribe', id: '25', successful: true },
      ]);
      expect(bench.clock.armed).toBe(before + 1);
      expect(bench.clock.advance(TIMEOUT)).toBe(1);
      await until('the connect', () => client.received.at(-1)?.id === '23');
    });
  });
});
