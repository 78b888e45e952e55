import type { CometSession } from '../../src/index.js';
import { type Bench, overEveryTransport } from '../support/bench.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { dataOf, turn, viewOf } from './support/session-view.js';

/** A client that can be reached at once, and how often something has left for it. */
async function reachable(
  bench: Bench,
  subscription: string,
): Promise<{ client: BayeuxClient; session: CometSession; left: () => unknown[][] }> {
  const client = await bench.client().join();
  await client.subscribe(subscription);
  if (bench.transport !== 'websocket') await bench.hold(client);
  const session = viewOf(bench, client);
  const departures: unknown[][] = [];
  session.addListener({
    dequeue: (messages) => {
      if (messages.length > 0) departures.push(dataOf(messages));
    },
  });
  return { client, session, left: () => departures };
}

describe('a lazy channel', () => {
  overEveryTransport((bench) => {
    it('has its messages wait for lazyTimeout, and leave together', async () => {
      const { service } = await bench.start();
      service.channel('/a').configure({ lazy: true, lazyTimeout: 1_000 });
      const { client, left } = await reachable(bench, '/a');
      await service.broadcast('/a', 1);
      bench.clock.advance(600);
      await service.broadcast('/a', 2);
      bench.clock.advance(399);
      await turn();
      expect(left()).toEqual([]);
      bench.clock.advance(1);
      expect(left()).toEqual([[1, 2]]);
      expect((await client.receive(2)).map(({ data }) => data)).toEqual([1, 2]);
    });

    it('waits as the options say where nothing is settled, and each message anew', async () => {
      const { service } = await bench.start({ channels: { lazyTimeout: 2_000 } });
      service.channel('/a').configure({ lazy: true });
      const { client, left } = await reachable(bench, '/a');
      for (const number of [1, 2]) {
        await service.broadcast('/a', number);
        bench.clock.advance(1_999);
        await turn();
        expect(left()).toHaveLength(number - 1);
        bench.clock.advance(1);
        expect(left()).toHaveLength(number);
        await client.receive();
        if (bench.transport !== 'websocket' && number === 1) await bench.hold(client);
      }
    });

    it('leaves with the first message that is not lazy, in the order they were sent', async () => {
      const { service } = await bench.start();
      service.channel('/a/{x}/lazy').configure({ lazy: true });
      const { client, left } = await reachable(bench, '/a/**');
      const armed = bench.clock.armed;
      await service.broadcast('/a/b/lazy', 1);
      expect(bench.clock.armed).toBe(armed + 1);
      await service.broadcast('/a/b', 2);
      await turn();
      expect(left()).toEqual([[1, 2]]);
      expect((await client.receive(2)).map(({ data }) => data)).toEqual([1, 2]);
      expect(bench.clock.armed).toBeLessThanOrEqual(armed);
    });

    it('waits for nothing with a lazyTimeout of 0', async () => {
      const { service } = await bench.start();
      service.channel('/a').configure({ lazy: true, lazyTimeout: 0 });
      const { left } = await reachable(bench, '/a');
      await service.broadcast('/a', 1);
      await turn();
      expect(left()).toEqual([[1]]);
    });

    it('is waited for as long as its most particular setting says', async () => {
      const { service } = await bench.start();
      service.channel('/**').configure({ lazy: true, lazyTimeout: 9_000 });
      service.channel('/a/*').configure({ lazyTimeout: 3_000 });
      service.channel('/a/b').configure({ lazyTimeout: 100 });
      const { left } = await reachable(bench, '/a/b');
      await service.broadcast('/a/b', 1);
      bench.clock.advance(99);
      await turn();
      expect(left()).toEqual([]);
      bench.clock.advance(1);
      expect(left()).toEqual([[1]]);
    });

    it('is the choice of a single message, too, for a channel and for one session', async () => {
      const { service } = await bench.start({ channels: { lazyTimeout: 500 } });
      const { session, left } = await reachable(bench, '/a');
      await service.broadcast('/a', 1, { lazy: true });
      session.send('/other', 2, { lazy: true });
      await turn();
      expect(left()).toEqual([]);
      bench.clock.advance(500);
      expect(left()).toEqual([[1, 2]]);
    });

    it('that is busier than a queue is long does not end a session that reads', async () => {
      const { service } = await bench.start({ queue: { maxMessages: 4 } });
      service.channel('/a').configure({ lazy: true });
      const { client, session, left } = await reachable(bench, '/a');
      const numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9];
      for (const number of numbers) {
        const before = left().length;
        await service.broadcast('/a', number);
        await turn();
        // Over HTTP the client comes back as soon as it was answered.
        if (bench.transport === 'websocket' || left().length === before) continue;
        await client.receive(left().at(-1)?.length);
        await bench.hold(client);
      }
      expect(session.alive).toBe(true);
      bench.clock.advance(5_000);
      expect(left().flat()).toEqual(numbers);
    });

    it('leaves no deadline behind with a session that ends', async () => {
      const { service } = await bench.start();
      service.channel('/a').configure({ lazy: true });
      const { client } = await reachable(bench, '/a');
      await service.broadcast('/a', 1);
      await client.disconnect();
      expect(service.counts).toMatchObject({ sessions: 0, channels: 0 });
      // Over WebSocket the socket has a while to begin anew.
      expect(service.counts.deadlines).toBe(bench.transport === 'websocket' ? 1 : 0);
    });
  });
});
