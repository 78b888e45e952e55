import type { CometSession, CometSessionListener } from '../../src/index.js';
import { type Bench, DEFAULT_TRANSPORTS, over } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { until } from '../support/until.js';
import { dataOf, turn, viewOf } from './support/session-view.js';

const AT_ONCE = { advice: { timeout: 0 } };

async function joined(bench: Bench) {
  const client = await bench.client().join();
  return { client, session: viewOf(bench, client) };
}

/** Writes down all a listener of a session is told. */
function told(into: unknown[][]): CometSessionListener {
  return {
    message: ({ data }, sender) => void into.push(['message', data, sender?.id]),
    queued: ({ data }) => void into.push(['queued', data]),
    dropped: ({ data }) => void into.push(['dropped', data]),
    dequeue: (messages) => void into.push(['dequeue', ...dataOf(messages)]),
    suspended: (timeout) => void into.push(['suspended', timeout]),
    resumed: (timedOut) => void into.push(['resumed', timedOut]),
    removed: (why) => void into.push(['removed', why]),
  };
}

describe('a listener to a session', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('is told of a message on its way, from its sender to the client', async () => {
      await bench.start();
      const { client, session } = await joined(bench);
      const { client: sender } = await joined(bench);
      await client.subscribe('/a');
      const events: unknown[][] = [];
      session.addListener(told(events));
      await sender.publish('/a', 1);
      session.send('/b', 2);
      await client.receive(2);
      const written = events.filter(([what]) => what !== 'dequeue');
      expect(written).toEqual([
        ['message', 1, sender.clientId],
        ['queued', 1],
        ['message', 2, undefined],
        ['queued', 2],
      ]);
      const left = events.filter(([what]) => what === 'dequeue');
      expect(left.flatMap(([, ...data]) => data)).toEqual([1, 2]);
      // A message leaves after it was queued.
      expect(events.findIndex(([what]) => what === 'dequeue')).toBeGreaterThan(1);
    });

    it('keeps a message out by false, for its session alone', async () => {
      await bench.start();
      const [one, two] = [await joined(bench), await joined(bench)];
      for (const { client } of [one, two]) await client.subscribe('/a');
      const queued: unknown[] = [];
      one.session.addListener({ message: ({ data }) => data !== 'bad' });
      one.session.addListener({ queued: ({ data }) => void queued.push(data) });
      expect(await bench.app.service.broadcast('/a', 'bad')).toEqual({ sessions: 1 });
      expect(one.session.send('/a', 'bad')).toBe(false);
      expect(one.session.send('/a', 'good')).toBe(true);
      expect(dataOf(await one.client.receive())).toEqual(['good']);
      expect(dataOf(await two.client.receive())).toEqual(['bad']);
      expect(queued).toEqual(['good']);
    });

    const failures: [string, NonNullable<CometSessionListener['message']>, RegExp][] = [
      [
        'a promise of true',
        (() => Promise.resolve(true)) as unknown as () => boolean,
        /promise counts as a no/,
      ],
      [
        'a promise that rejects',
        (() => Promise.reject(new Error('x'))) as unknown as () => boolean,
        /failed/,
      ],
      [
        'an exception',
        () => {
          throw new Error('x');
        },
        /listener to messages failed/,
      ],
    ];

    it.each(failures)('keeps a message out by %s, which is logged', async (_, message, logged) => {
      const { service, log } = await bench.start();
      const { client, session } = await joined(bench);
      await client.subscribe('/a');
      const remove = session.addListener({ message });
      expect(session.send('/a', 1)).toBe(false);
      expect(await service.broadcast('/a', 2)).toEqual({ sessions: 0 });
      await turn();
      expect(log.takeErrors().join('\n')).toMatch(logged);
      remove();
      session.send('/a', 3);
      expect(dataOf(await client.receive())).toEqual([3]);
    });

    it('is told how a connect is held and answered', async () => {
      await bench.start();
      const { client, session } = await joined(bench);
      const events: unknown[] = [];
      session.addListener({
        suspended: (timeout) => void events.push(['suspended', timeout]),
        resumed: (timedOut) => void events.push(['resumed', timedOut]),
      });
      await client.connect(AT_ONCE);
      expect(events).toEqual([]);
      const held = await bench.hold(client, { advice: { timeout: 4_000 } });
      expect(events).toEqual([['suspended', 4_000]]);
      bench.clock.advance(4_000);
      await held.reply;
      await bench.hold(client);
      session.send('/a', 1);
      await client.receive();
      expect(events.slice(0, 3)).toEqual([
        ['suspended', 4_000],
        ['resumed', true],
        ['suspended', 30_000],
      ]);
      // A socket is pushed to while its connect stays held.
      expect(events.slice(3)).toEqual(bench.transport === 'websocket' ? [] : [['resumed', false]]);
    });

    it('is told that a connect is held no longer when its client goes', async () => {
      await bench.start();
      const { client, session } = await joined(bench);
      await bench.hold(client);
      const events: unknown[] = [];
      session.addListener({ resumed: (timedOut) => void events.push(timedOut) });
      await client.close();
      await until('the server to notice', () => events.length > 0);
      expect(events).toEqual([false]);
      expect(session.alive).toBe(true);
    });

    it.each(['disconnect', 'kick', 'timeout', 'shutdown'])(
      'is told once that it ended by %s',
      async (why) => {
        await bench.start();
        const { client, session } = await joined(bench);
        const events: unknown[] = [];
        session.addListener({
          removed: (reason) => {
            events.push(reason, session.alive, session.send('/late', 1));
            session.disconnect();
          },
        });
        if (why === 'disconnect') await client.disconnect();
        else if (why === 'kick') session.disconnect();
        else if (why === 'timeout') bench.clock.advance(60_000);
        else await bench.app.close();
        expect(events).toEqual([why, false, false]);
      },
    );

    it('that throws or rejects harms nobody and is logged', async () => {
      const { log } = await bench.start();
      const { client, session } = await joined(bench);
      const fail = (): never => {
        throw new Error('hunter2');
      };
      const reject = (() => Promise.reject(new Error('hunter3'))) as () => never;
      session.addListener({ queued: fail, dequeue: fail, suspended: reject, resumed: fail, removed: reject });
      const events: unknown[][] = [];
      session.addListener(told(events));
      if (bench.transport !== 'websocket') await bench.hold(client);
      session.send('/a', 1);
      expect(dataOf(await client.receive())).toEqual([1]);
      await client.disconnect();
      await turn();
      expect(events).toContainEqual(['queued', 1]);
      expect(events).toContainEqual(['dequeue', 1]);
      expect(events.at(-1)).toEqual(['removed', 'disconnect']);
      const logged = log.takeErrors();
      expect(logged.length).toBeGreaterThanOrEqual(3);
      for (const line of logged) expect(line).toMatch(/A listener to .*hunter[23]/s);
    });

    it('is told nothing any more once it was removed', async () => {
      await bench.start();
      const { client, session } = await joined(bench);
      const events: unknown[][] = [];
      const removals = [session.addListener(told(events)), session.addListener(told(events))];
      removals[0]?.();
      removals[0]?.();
      session.send('/a', 1);
      expect(events).toEqual([
        ['message', 1, undefined],
        ['queued', 1],
      ]);
      removals[1]?.();
      await client.receive();
      await client.disconnect();
      expect(events).toHaveLength(2);
    });

    it('that is added at the handshake misses nothing', async () => {
      await bench.start({}, [GreeterGateway]);
      const events: unknown[][] = [];
      bench.app.get(GreeterGateway).onConnection = (session: CometSession) => {
        session.addListener(told(events));
        session.send('/hello', 1);
      };
      const { client } = await joined(bench);
      await client.receive();
      expect(events.slice(0, 3)).toEqual([
        ['message', 1, undefined],
        ['queued', 1],
        ['dequeue', 1],
      ]);
    });
  });
});
