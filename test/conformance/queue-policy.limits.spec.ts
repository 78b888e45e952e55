import { type Bench, overEveryTransport } from '../support/bench.js';
import { away, back, dataOf, leave, sessionOf } from './support/away.js';

const ACK = { ext: { ack: true } };
const seen = (ack: number) => ({ ext: { ack } });

/** A text with which a message on `/a` has so many bytes. */
function filling(bytes: number): string {
  return 'x'.repeat(bytes - JSON.stringify({ channel: '/a', data: '' }).length);
}

async function send(bench: Bench, data: unknown): Promise<number> {
  return (await bench.app.service.broadcast('/a', data)).sessions;
}

describe('a queue that has no room for so many bytes', () => {
  overEveryTransport((bench) => {
    const start = () => bench.start({ queue: { maxBytes: 1_024, policy: 'drop-oldest' } });
    const [small, large] = [filling(256), filling(768)];

    it('drops as many of the oldest as it takes, and no more', async () => {
      await start();
      const client = await away(bench);
      for (const name of ['1', '2', '3', '4']) expect(await send(bench, name + small.slice(1))).toBe(1);
      expect(await send(bench, large)).toBe(1);
      expect(await back(client)).toEqual([`4${small.slice(1)}`, large]);
    });

    it('takes what fills it to the last byte', async () => {
      await start();
      const client = await away(bench);
      expect(await send(bench, small)).toBe(1);
      expect(await send(bench, large)).toBe(1);
      expect(await back(client)).toEqual([small, large]);
    });

    it('drops a message that is larger than all of it, and nothing for it', async () => {
      await start();
      const client = await away(bench);
      const dropped: unknown[] = [];
      sessionOf(bench, client).addListener({ dropped: ({ data }) => void dropped.push(data) });
      await send(bench, 1);
      await send(bench, 2);
      expect(await send(bench, filling(1_025))).toBe(0);
      expect(dropped).toEqual([filling(1_025)]);
      expect(await back(client)).toEqual([1, 2]);
    });
  });
});

describe('a full queue of messages that are not acknowledged', () => {
  overEveryTransport((bench) => {
    it.each(['drop-oldest', 'drop-newest'] as const)(
      'counts them, and by %s drops none of them',
      async (policy) => {
        await bench.start({ queue: { maxMessages: 3, policy } });
        const client = bench.client();
        await client.join(ACK);
        await client.subscribe('/a');
        for (const data of [1, 2, 3]) await send(bench, data);
        expect(dataOf(await connected())).toEqual([1, 2, 3]);
        const dropped: unknown[] = [];
        sessionOf(bench, client).addListener({ dropped: ({ data }) => void dropped.push(data) });
        expect(await send(bench, 4)).toBe(0);
        expect(dropped).toEqual([4]);
        // Nothing was seen of what came, so that it comes again.
        expect(dataOf(await connected())).toEqual([1, 2, 3]);
        await client.connect({ advice: { timeout: 0 }, ...seen(3) });
        expect(await send(bench, 5)).toBe(1);

        async function connected() {
          await client.connect({ advice: { timeout: 0 }, ...seen(1) });
          return client.pushed();
        }
      },
    );

    it('drops the oldest of those that were never sent', async () => {
      await bench.start({ queue: { maxMessages: 3, policy: 'drop-oldest' } });
      const client = bench.client();
      await client.join(ACK);
      await client.subscribe('/a');
      await send(bench, 1);
      await client.connect({ advice: { timeout: 0 }, ...seen(1) });
      await leave(bench, client);
      for (const data of [2, 3, 4, 5]) expect(await send(bench, data)).toBe(1);
      expect(await back(client, seen(1))).toEqual([1, 4, 5]);
    });

    it('gives a function those only that were never sent', async () => {
      const asked: unknown[] = [];
      await bench.start({
        queue: {
          maxMessages: 3,
          policy: ({ message, waiting }) => {
            asked.push(dataOf(waiting));
            return [message];
          },
        },
      });
      const client = bench.client();
      await client.join(ACK);
      await client.subscribe('/a');
      await send(bench, 1);
      await client.connect({ advice: { timeout: 0 }, ...seen(1) });
      await leave(bench, client);
      for (const data of [2, 3, 4]) expect(await send(bench, data)).toBe(1);
      expect(asked).toEqual([[2, 3]]);
      expect(await back(client, seen(1))).toEqual([1, 4]);
    });
  });
});
