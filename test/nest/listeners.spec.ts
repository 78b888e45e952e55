import type { CometListener, CometModuleOptions, CometSession } from '../../src/index.js';
import { type Bench, DEFAULT_TRANSPORTS, over } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { presenting } from '../support/identity.js';
import { dataOf, turn, viewOf } from './support/session-view.js';
import { principalOf } from './support/user-tokens.js';

/** Writes down what a listener of the server is told, session by session in the order they came. */
function told(into: string[]): CometListener {
  const sessions: CometSession[] = [];
  const nameOf = (session: CometSession): string => {
    if (!sessions.includes(session)) sessions.push(session);
    return String(sessions.indexOf(session));
  };
  return {
    sessionAdded: (session) => void into.push(`${nameOf(session)} added`),
    sessionRemoved: (session, why) => void into.push(`${nameOf(session)} removed: ${why}`),
    channelAdded: (name) => void into.push(`${name} added`),
    channelRemoved: (name) => void into.push(`${name} removed`),
    subscribed: (session, name) => void into.push(`${nameOf(session)} +${name}`),
    unsubscribed: (session, name) => void into.push(`${nameOf(session)} -${name}`),
  };
}

describe('a listener of the server', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('is told of sessions and channels as they come and go', async () => {
      const { service } = await bench.start();
      const events: string[] = [];
      service.addListener(told(events));
      const [one, two] = [await bench.client().join(), await bench.client().join()];
      await one.subscribe(['/a', '/b/*']);
      await two.subscribe('/a');
      await one.unsubscribe('/a');
      await two.unsubscribe('/a');
      await one.disconnect();
      expect(events).toEqual([
        ...['0 added', '1 added'],
        ...['/a added', '0 +/a', '/b/* added', '0 +/b/*', '1 +/a'],
        ...['0 -/a', '1 -/a', '/a removed'],
        ...['0 -/b/*', '/b/* removed', '0 removed: disconnect'],
      ]);
    });

    it('knows a session before its client does, and as it is', async () => {
      const { service } = await bench.start();
      const seen: unknown[] = [];
      service.addListener({
        sessionAdded: (session) => {
          seen.push(session, session.alive, session.connected, service.findSession(session.id));
          session.attributes.set('greeted', true);
          session.send('/hello', 1);
        },
        sessionRemoved: (session) => {
          seen.push(session, session.alive, session.connected, service.findSession(session.id));
        },
      });
      const client = await bench.client().join();
      const session = viewOf(bench, client);
      expect(session.attributes.get('greeted')).toBe(true);
      expect(dataOf(await client.receive())).toEqual([1]);
      await client.disconnect();
      expect(seen).toEqual([session, true, false, session, session, false, false, undefined]);
      expect(seen[0]).toBe(session);
      expect(seen[4]).toBe(session);
    });

    it('that ends a session at its beginning refuses it', async () => {
      const { service } = await bench.start();
      service.addListener({ sessionAdded: (session) => session.disconnect() });
      const reply = await bench.client().handshake();
      expect(reply).toMatchObject({ successful: false, error: '403::handshake_denied' });
      expect(reply.clientId).toBeUndefined();
      expect(service.counts.sessions).toBe(0);
    });

    it('is told nothing of handshakes that are refused', async () => {
      const { service } = await bench.start({}, [GreeterGateway]);
      const events: string[] = [];
      service.addListener(told(events));
      bench.app.get(GreeterGateway).onConnection = () => Promise.reject(new Error('not you'));
      expect(await bench.client().handshake()).toMatchObject({ successful: false });
      expect(await bench.client().handshake({ minimumVersion: '9.0' })).toMatchObject({ successful: false });
      expect(events).toEqual([]);
    });

    it('is told of the end of as many sessions of the server as of their beginning', async () => {
      const { service } = await bench.start();
      const events: string[] = [];
      service.addListener(told(events));
      const local = service.openSession('worker');
      await local.subscribe('/a', () => undefined);
      local.disconnect();
      expect(events).toEqual(['0 added', '/a added', '0 +/a', '0 -/a', '/a removed', '0 removed: kick']);
    });

    it.each<[string, Partial<CometModuleOptions>, (bench: Bench) => Promise<void>]>([
      [
        'disconnect',
        {},
        async (it) => {
          const client = await it.client().join();
          await client.disconnect();
        },
      ],
      ['kick', {}, async (it) => viewOf(it, await it.client().join()).disconnect()],
      [
        'timeout',
        {},
        async (it) => {
          await it.client().join();
          it.clock.advance(60_000);
        },
      ],
      [
        'inactive',
        { session: { maxInactivity: 20_000 } },
        async (it) => {
          const client = await it.client().join();
          it.clock.advance(25_000);
          await client.connect();
          expect(client.received.at(-1)).toMatchObject({ advice: { reconnect: 'none' } });
        },
      ],
      [
        'overflow',
        { queue: { maxMessages: 1 }, session: { metaConnectDeliverOnly: true } },
        async (it) => {
          const session = viewOf(it, await it.client().join());
          expect([session.send('/a', 1), session.send('/a', 2)]).toEqual([true, false]);
        },
      ],
      [
        'token_expired',
        {
          auth: {
            expiry: { grace: 0, suspend: false },
            verifier: {
              verify: () =>
                Promise.resolve({ ...principalOf('alice'), expiresAt: Date.UTC(2030, 0, 1, 0, 1, 20) }),
            },
          },
        },
        async (it) => {
          const client = it.client();
          await client.handshake(presenting('token'));
          it.clock.advance(20_000);
        },
      ],
      [
        'shutdown',
        {},
        async (it) => {
          await it.client().join();
          await it.app.close();
        },
      ],
    ])('is told that a session ended by %s', async (why, options, end) => {
      const { service } = await bench.start(options);
      const ends: string[] = [];
      service.addListener({ sessionRemoved: (_, reason) => void ends.push(reason) });
      await end(bench);
      expect(ends).toEqual([why]);
    });

    it('that throws or rejects harms nobody and is logged', async () => {
      const { service, log } = await bench.start();
      const events: string[] = [];
      const fail = (): never => {
        throw new Error('hunter2');
      };
      const reject = (() => Promise.reject(new Error('hunter3'))) as () => void;
      service.addListener({
        ...{ sessionAdded: fail, sessionRemoved: reject, configureChannel: fail, channelAdded: reject },
        ...{ channelRemoved: fail, subscribed: reject, unsubscribed: fail },
      });
      service.addListener(told(events));
      const client = await bench.client().join();
      expect(await client.subscribe('/a')).toMatchObject({ successful: true });
      expect(await client.unsubscribe('/a')).toMatchObject({ successful: true });
      expect(await client.disconnect()).toMatchObject({ successful: true });
      await turn();
      expect(events).toEqual([
        '0 added',
        '/a added',
        '0 +/a',
        '0 -/a',
        '/a removed',
        '0 removed: disconnect',
      ]);
      const logged = log.takeErrors().map((line) => /hunter\d/.exec(line)?.[0]);
      expect(logged.sort()).toEqual([
        ...Array<string>(4).fill('hunter2'),
        ...Array<string>(3).fill('hunter3'),
      ]);
    });

    it('is told nothing any more once it was removed', async () => {
      const { service } = await bench.start();
      const events: string[] = [];
      const removals = [told(events), told(events)].map((listener) => service.addListener(listener));
      removals[0]?.();
      removals[0]?.();
      const client = await bench.client().join();
      expect(events).toEqual(['0 added']);
      removals[1]?.();
      await client.subscribe('/a');
      await client.disconnect();
      expect(events).toEqual(['0 added']);
    });
  });
});

describe('a listener that configures channels', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('may make one lazy before its first message', async () => {
      const { service } = await bench.start();
      service.addListener({
        configureChannel: (channel) => void channel.configure({ lazy: true, lazyTimeout: 1_000 }),
      });
      const client = await bench.client().join();
      await client.subscribe('/a');
      if (bench.transport !== 'websocket') await bench.hold(client);
      const left: unknown[] = [];
      viewOf(bench, client).addListener({ dequeue: (messages) => void left.push(...dataOf(messages)) });
      await service.broadcast('/a', 1);
      bench.clock.advance(999);
      await turn();
      expect(left).toEqual([]);
      bench.clock.advance(1);
      expect(left).toEqual([1]);
    });

    it('is told of every channel and pattern with its first subscriber, before that is', async () => {
      const { service } = await bench.start();
      const events: string[] = [];
      service.addListener({
        configureChannel: ({ name }) => void events.push(`${name} configured`),
        ...told(events),
      });
      const [one, two] = [await bench.client().join(), await bench.client().join()];
      events.length = 0;
      await one.subscribe(['/a', '/b/**']);
      await two.subscribe('/a');
      expect(events).toEqual([
        // Ahead of the decision, which what is settled has a say in.
        ...['/a configured', '/b/** configured'],
        ...['/a added', '0 +/a', '/b/** added', '0 +/b/**', '1 +/a'],
      ]);
    });

    it('settles what holds until the last subscriber has gone, and is told again then', async () => {
      const { service } = await bench.start();
      let configured = 0;
      service.addListener({
        configureChannel: ({ attributes }) => void attributes.set('turn', ++configured),
      });
      const client = await bench.client().join();
      for (const turnNumber of [1, 2]) {
        await client.subscribe('/a');
        expect(service.findChannel('/a')?.attributes.get('turn')).toBe(turnNumber);
        await client.unsubscribe('/a');
        expect(service.findChannel('/a')).toBeUndefined();
      }
    });

    it('leaves alone what the application has settled before', async () => {
      const { service } = await bench.start();
      service.channel('/a', (channel) => channel.configure({ lazyTimeout: 7 }));
      service.addListener({ configureChannel: (channel) => void channel.configure({ lazyTimeout: 8 }) });
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.unsubscribe('/a');
      expect(service.findChannel('/a')?.settings).toMatchObject({ persistent: true, lazyTimeout: 7 });
    });

    it('may keep a channel for good', async () => {
      const { service } = await bench.start();
      service.addListener({ configureChannel: (channel) => void channel.configure({ persistent: true }) });
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.disconnect();
      expect(service.findChannel('/a')).toBeDefined();
    });
  });
});
