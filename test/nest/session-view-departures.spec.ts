import type { CometMessage, CometSession, CometSessionListener } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, overEveryTransport } from '../support/bench.js';
import { RawSocket } from '../support/raw-socket.js';
import { SocketClient } from '../support/socket.client.js';
import { until } from '../support/until.js';
import { dataOf, turn, viewOf } from './support/session-view.js';

const AT_ONCE = { advice: { timeout: 0 } };

type Dequeue = NonNullable<CometSessionListener['dequeue']>;

/** A client with a connect that is held, where one is needed to be reached. */
async function reachable(bench: Bench, dequeue: Dequeue) {
  const client = await bench.client().join();
  const session = viewOf(bench, client);
  session.addListener({ dequeue });
  if (bench.transport !== 'websocket') await bench.hold(client);
  return { client, session };
}

const send = (session: CometSession, ...data: unknown[]): void => {
  session.batch(() => data.map((one) => session.send('/a', one)));
};

const onlyOdd: Dequeue = (messages) => messages.filter(({ data }) => (data as number) % 2 === 1);

const merged: Dequeue = (messages) =>
  messages.length > 1 ? [{ channel: '/merged', data: dataOf(messages) }] : undefined;

/** What a client has got, without what is the same in every frame. */
const received = (client: BayeuxClient): CometMessage[] => client.pushed() as CometMessage[];

describe('what waits for a session and is about to leave', () => {
  overEveryTransport((bench) => {
    it.each<[string, Dequeue, object[]]>([
      ['as it is, for nothing', () => undefined, [1, 2, 3].map((data) => ({ channel: '/a', data }))],
      ['as it is, for the same', (messages) => messages, [1, 2, 3].map((data) => ({ channel: '/a', data }))],
      ['fewer', onlyOdd, [1, 3].map((data) => ({ channel: '/a', data }))],
      ['merged', merged, [{ channel: '/merged', data: [1, 2, 3] }]],
      [
        'in another order',
        (messages) => [...messages].reverse(),
        [3, 2, 1].map((data) => ({ channel: '/a', data })),
      ],
      [
        'with more',
        (messages) => [...messages, { channel: '/b', data: null, ext: { n: 1 } }],
        [...[1, 2, 3].map((data) => ({ channel: '/a', data })), { channel: '/b', data: null, ext: { n: 1 } }],
      ],
    ])('leaves %s', async (_, dequeue, expected) => {
      await bench.start();
      let seen = 0;
      const { client, session } = await reachable(bench, (messages) => {
        if (messages.length === 0 || seen++ > 0) return undefined;
        return dequeue(messages);
      });
      send(session, 1, 2, 3);
      expect(await client.receive(expected.length)).toEqual(expected);
      await client.sync();
      expect(received(client)).toEqual([]);
      expect(seen).toBe(1);
    });

    it('may all be kept back: the session goes on, and no empty array is sent', async () => {
      await bench.start();
      const { client, session } = await reachable(bench, (messages) =>
        messages.filter(({ data }) => data !== 'bad'),
      );
      send(session, 'bad', 'bad');
      await turn();
      await client.sync();
      if (client instanceof SocketClient) expect(client.frames).not.toContainEqual([]);
      send(session, 'good');
      expect(dataOf(await client.receive())).toEqual(['good']);
      expect(session.alive).toBe(true);
    });

    it('is handed from one listener to the next', async () => {
      await bench.start();
      const { client, session } = await reachable(bench, onlyOdd);
      session.addListener({ dequeue: merged });
      send(session, 1, 2, 3);
      expect(await client.receive()).toEqual([{ channel: '/merged', data: [1, 3] }]);
    });

    it('includes what a listener sends to the session meanwhile', async () => {
      await bench.start();
      let asked = 0;
      const { client, session } = await reachable(bench, (messages) => {
        if (messages.length === 0 || asked++ > 0) return undefined;
        const changed = messages.map(({ channel, data }) => ({ channel, data: `changed ${String(data)}` }));
        session.send('/a', 'an afterthought');
        return changed;
      });
      send(session, 1);
      expect(dataOf(await client.receive(2))).toEqual(['changed 1', 'an afterthought']);
    });

    it.each<[string, unknown]>([
      ['a promise', Promise.resolve([])],
      ['a promise that rejects', 'reject'],
      ['no messages', 7],
      ['messages without data', [{ channel: '/a' }]],
      ['messages that JSON cannot express', [{ channel: '/a', data: 1n }]],
      ['messages without a channel', [{ data: 1 }]],
    ])('leaves as it is if a listener answers with %s, which is logged', async (_, answer) => {
      const { log } = await bench.start();
      const { client, session } = await reachable(
        bench,
        () => (answer === 'reject' ? Promise.reject(new Error('x')) : answer) as readonly CometMessage[],
      );
      send(session, 1, 2);
      expect(dataOf(await client.receive(2))).toEqual([1, 2]);
      await turn();
      expect(log.takeErrors().join('\n')).toMatch(/A listener to departures/);
    });
  });
});

describe('what has left with acknowledged delivery', () => {
  overEveryTransport((bench) => {
    it('is what the listeners made of it, and is sent again as such', async () => {
      await bench.start();
      const client = await bench.client().join({ ext: { ack: true } });
      const session = viewOf(bench, client);
      const seen: unknown[][] = [];
      session.addListener({
        dequeue: (messages) => {
          if (messages.length > 0) seen.push(dataOf(messages));
          return onlyOdd(messages);
        },
      });
      send(session, 1, 2, 3);
      const seenBefore = { ext: { ack: 1 } };
      await client.connect({ ...AT_ONCE, ...seenBefore });
      expect(dataOf(received(client))).toEqual([1, 3]);
      send(session, 4, 5);
      // The client has not seen the reply before this one.
      await client.connect({ ...AT_ONCE, ...seenBefore });
      expect(dataOf(received(client))).toEqual([1, 3, 5]);
      await client.connect({ ...AT_ONCE, ext: { ack: 3 } });
      expect(received(client)).toEqual([]);
      expect(seen).toEqual([
        [1, 2, 3],
        [1, 3, 4, 5],
      ]);
    });
  });
});

describe('what comes back from a connection that broke', () => {
  const TEXT = 'x'.repeat(1_000_000);
  const COUNT = 16;

  overEveryTransport((bench) => {
    it('is seen again by listeners, ahead of what was sent since', async () => {
      await bench.start({ queue: { maxBytes: 100_000_000 } });
      const client = await bench.client().join();
      const session = viewOf(bench, client);
      const numbers = (messages: readonly CometMessage[]): number[] =>
        messages.map(({ data }) => (data as { number: number }).number);
      const seen: number[][] = [];
      session.addListener({
        dequeue: (messages) => {
          if (messages.length > 0) seen.push(numbers(messages));
          return messages.filter(({ data }) => (data as { number: number }).number !== 1);
        },
      });
      const sendAll = (...all: number[]): void => {
        session.batch(() => all.map((number) => session.send('/a', { number, text: TEXT })));
      };
      const everything = Array.from({ length: COUNT }, (_, number) => number);
      sendAll(...everything);
      if (client instanceof SocketClient) {
        client.pause();
        await until('the messages to leave', () => seen.length > 0);
        sendAll(COUNT);
        await client.close();
        await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
        await client.open();
      } else {
        const stuck = await RawSocket.open(bench.app.url);
        const { clientId } = client;
        const connect = { channel: '/meta/connect', clientId, ...AT_ONCE };
        stuck.post(bench.app.url, JSON.stringify([connect]));
        await until('the messages to leave', () => seen.length > 0);
        sendAll(COUNT);
        const turns = bench.clock.turns;
        stuck.destroy();
        await until('the server to notice', () => bench.clock.turns > turns);
      }
      await client.connect(AT_ONCE);
      const kept = everything.filter((number) => number !== 1);
      await until('the last message', () => seen.flat().includes(COUNT));
      expect(seen[0]).toEqual(everything);
      expect(seen.at(-1)).toEqual([...kept, COUNT]);
    });
  });
});
