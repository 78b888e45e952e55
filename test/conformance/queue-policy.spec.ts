import type { CometMessage, CometQueueOverflow, CometQueuePolicy } from '../../src/index.js';
import { type Bench, overEveryTransport } from '../support/bench.js';
import { away, back, dataOf, sessionOf } from './support/away.js';

const WARNING = 'are dropped because its queue is full';

/** Broadcasts numbers; those that the session took. */
async function flood(bench: Bench, ...numbers: unknown[]): Promise<unknown[]> {
  const taken: unknown[] = [];
  for (const number of numbers) {
    const { sessions } = await bench.app.service.broadcast('/a', number);
    if (sessions === 1) taken.push(number);
  }
  return taken;
}

function warnings({ app }: Bench): number {
  return app.log.text.split(WARNING).length - 1;
}

describe('a queue that is full', () => {
  overEveryTransport((bench) => {
    const start = (policy: CometQueuePolicy, maxMessages = 3) =>
      bench.start({ queue: { maxMessages, policy } });

    it.each<['drop-oldest' | 'drop-newest', number[], number[]]>([
      ['drop-oldest', [1, 2, 3, 4, 5], [3, 4, 5]],
      ['drop-newest', [1, 2, 3], [1, 2, 3]],
    ])('by the policy %s takes %j and keeps %j', async (policy, taken, kept) => {
      await start(policy);
      const client = await away(bench);
      expect(await flood(bench, 1, 2, 3, 4, 5)).toEqual(taken);
      expect(await back(client)).toEqual(kept);
      expect(sessionOf(bench, client).alive).toBe(true);
    });

    it('by the policy disconnect, which is the usual one, ends the session', async () => {
      const app = await bench.start({ queue: { maxMessages: 3 } });
      await away(bench);
      expect(await flood(bench, 1, 2, 3, 4)).toEqual([1, 2, 3]);
      expect(app.service.counts.sessions).toBe(0);
      expect(warnings(bench)).toBe(0);
    });

    it('has a policy of its own where one was set, until it is taken back', async () => {
      const app = await start('disconnect', 2);
      const [client, other] = [await away(bench), await away(bench)];
      sessionOf(bench, client).setQueuePolicy('drop-oldest');
      sessionOf(bench, other).setQueuePolicy(() => 'drop-newest');
      expect((await app.service.broadcast('/a', 1)).sessions).toBe(2);
      expect((await app.service.broadcast('/a', 2)).sessions).toBe(2);
      expect((await app.service.broadcast('/a', 3)).sessions).toBe(1);
      expect(app.service.counts.sessions).toBe(2);
      sessionOf(bench, other).setQueuePolicy(undefined);
      await app.service.broadcast('/a', 4);
      expect(app.service.counts.sessions).toBe(1);
      expect(await back(client)).toEqual([3, 4]);
    });

    it('asks a function with what waits, oldest first, and what has no room', async () => {
      const asked: CometQueueOverflow[] = [];
      await start((overflow) => {
        asked.push({ ...overflow, waiting: [...overflow.waiting] });
        return 'drop-oldest';
      });
      const client = await away(bench);
      await flood(bench, 1, 2, 3, 4, 5);
      expect(asked.map(({ message }) => message.data)).toEqual([4, 5]);
      expect(asked.map(({ waiting }) => dataOf(waiting))).toEqual([
        [1, 2, 3],
        [2, 3, 4],
      ]);
      expect(asked[0]?.message.channel).toBe('/a');
      expect(asked[0]?.session).toBe(sessionOf(bench, client));
    });

    it.each<['drop-oldest' | 'drop-newest' | 'disconnect', unknown]>([
      ['drop-oldest', [2, 3, 4]],
      ['drop-newest', [1, 2, 3]],
      ['disconnect', undefined],
    ])('does what a function says: %s', async (verdict, kept) => {
      const app = await start(() => verdict);
      const client = await away(bench);
      await flood(bench, 1, 2, 3, 4);
      expect(app.service.counts.sessions).toBe(kept ? 1 : 0);
      if (kept) expect(await back(client)).toEqual(kept);
    });

    it('keeps what a function returns, in its order', async () => {
      await start(({ message, waiting }) => [message, ...waiting.slice(1)]);
      const client = await away(bench);
      expect(await flood(bench, 1, 2, 3, 4)).toEqual([1, 2, 3, 4]);
      expect(await back(client)).toEqual([4, 2, 3]);
    });

    it('keeps messages that a function has merged', async () => {
      const merged = ({ message, waiting }: CometQueueOverflow): CometMessage[] => [
        { channel: '/merged', data: dataOf([...waiting, message]), ext: { merged: true } },
      ];
      await start(merged);
      const client = await away(bench);
      await flood(bench, 1, 2, 3, 4, 5);
      expect(await back(client)).toEqual([[1, 2, 3, 4], 5]);
      expect(client.received).toContainEqual({
        channel: '/merged',
        data: [1, 2, 3, 4],
        ext: { merged: true },
      });
    });

    it('drops the oldest of what a function returns if that is too much still', async () => {
      await start(({ message, waiting }) => [...waiting, message, { channel: '/a', data: 'more' }]);
      const client = await away(bench);
      await flood(bench, 1, 2, 3, 4);
      expect(await back(client)).toEqual([3, 4, 'more']);
    });

    it.each<[string, CometQueuePolicy]>([
      ['throws', () => fail(new Error('db-1.internal'))],
      ['answers later', () => Promise.resolve('drop-oldest') as never],
      ['answers nothing', () => undefined as never],
      ['answers what is no policy', () => 'drop-all' as never],
      ['returns what is no JSON', () => [{ channel: '/a', data: 1n }]],
    ])('ends the session if the function %s, and logs it', async (_, policy) => {
      const app = await start(policy);
      await away(bench);
      expect(await flood(bench, 1, 2, 3, 4)).toEqual([1, 2, 3]);
      expect(app.service.counts.sessions).toBe(0);
      expect(app.log.takeErrors()).toEqual([expect.stringContaining('policy of a full queue failed')]);
    });

    it('does not ask a function about what it sends itself', async () => {
      let asked = 0;
      const sent: boolean[] = [];
      await start(({ session }) => {
        asked++;
        sent.push(session.send('/a', 'you are too slow'));
        return 'drop-oldest';
      });
      const client = await away(bench);
      await flood(bench, 1, 2, 3, 4);
      expect({ asked, sent }).toEqual({ asked: 1, sent: [false] });
      expect(await back(client)).toEqual([2, 3, 4]);
    });

    it('leaves nothing behind if a function ends the session', async () => {
      const app = await start(({ session }) => {
        session.disconnect();
        return 'drop-oldest';
      });
      await away(bench);
      await app.service.broadcast('/a', 1, { lazy: true });
      expect(await flood(bench, 2, 3, 4)).toEqual([2, 3]);
      expect(app.service.counts.sessions).toBe(0);
      expect(bench.clock.earliest).toBeUndefined();
    });

    it('tells of each message that is lost, and warns once until the queue was emptied', async () => {
      await start('drop-oldest');
      const client = await away(bench);
      const dropped: CometMessage[] = [];
      const session = sessionOf(bench, client);
      session.addListener({ dropped: (message) => void dropped.push(message) });
      await flood(bench, 1, 2, 3, 4, 5, 6);
      expect(dropped.map(({ channel, data }) => [channel, data])).toEqual([
        ['/a', 1],
        ['/a', 2],
        ['/a', 3],
      ]);
      expect(warnings(bench)).toBe(1);
      expect(await back(client)).toEqual([4, 5, 6]);
      session.setQueuePolicy('drop-newest');
      session.metaConnectDeliverOnly = true;
      await flood(bench, 7, 8, 9, 10, 11);
      expect(dataOf(dropped)).toEqual([1, 2, 3, 10, 11]);
      expect(warnings(bench)).toBe(2);
    });

    it('tells of what a function has left out, and not of what it kept', async () => {
      await start(({ message, waiting }) => [...waiting.slice(2), message]);
      const client = await away(bench);
      const dropped: CometMessage[] = [];
      sessionOf(bench, client).addListener({ dropped: (message) => void dropped.push(message) });
      await flood(bench, 1, 2, 3, 4);
      expect(dataOf(dropped)).toEqual([1, 2]);
      expect(await back(client)).toEqual([3, 4]);
    });
  });
});

function fail(error: Error): never {
  throw error;
}
