import type { CometChannelSettings } from '../../src/index.js';
import { DEFAULT_TRANSPORTS, onServer, over } from '../support/bench.js';
import { viewOf } from './support/session-view.js';

const MAX_TIME = 2_147_483_647;

describe('a channel for which the application settles something', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('is made once, and configured only then', async () => {
      const { service } = await bench.start();
      const configured: string[] = [];
      const first = service.channel('/a', (channel) => {
        configured.push(channel.name);
        channel.configure({ lazy: true });
      });
      const second = service.channel('/a', () => configured.push('again'));
      expect(configured).toEqual(['/a']);
      expect([first.name, second.name]).toEqual(['/a', '/a']);
      expect(second.settings.lazy).toBe(true);
    });

    it('is configured anew after it was removed', async () => {
      const { service } = await bench.start();
      let configured = 0;
      service.channel('/a', () => configured++).remove();
      service.channel('/a', () => configured++);
      expect(configured).toBe(2);
    });

    it('is not there if configuring it has failed', async () => {
      const { service } = await bench.start();
      let configured = 0;
      expect(() =>
        service.channel('/a', (channel) => {
          configured++;
          channel.configure({ lazyTimeout: -1 });
        }),
      ).toThrow(RangeError);
      expect(service.findChannel('/a')).toBeUndefined();
      service.channel('/a', () => configured++);
      expect(configured).toBe(2);
    });

    it('is found by its very name, from when it is made', async () => {
      const { service } = await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a/b');
      expect(service.findChannel('/a/b')).toBeUndefined();
      service.channel('/a/*');
      expect(service.findChannel('/a/*')?.name).toBe('/a/*');
      expect(service.findChannel('/a/b')).toBeUndefined();
      expect(service.findChannel('no channel')).toBeUndefined();
    });

    it('has an own bag for what the application keeps with it, as long as it is there', async () => {
      const { service } = await bench.start();
      const channel = service.channel('/a', ({ attributes }) => attributes.set('topic', 'cats'));
      channel.attributes.set('owner', 'alice');
      expect([...(service.findChannel('/a')?.attributes ?? [])]).toEqual([
        ['topic', 'cats'],
        ['owner', 'alice'],
      ]);
      expect(service.channel('/b').attributes.size).toBe(0);
      channel.remove();
      expect(service.channel('/a').attributes.size).toBe(0);
    });

    it('[G6] needs not be made to know who is subscribed to its very name', async () => {
      const { service } = await bench.start();
      const [one, two] = [await bench.client().join(), await bench.client().join()];
      expect(service.subscribers('/a/b')).toEqual([]);
      await one.subscribe(['/a/b', '/a/*']);
      await two.subscribe(['/a/**', '/a/b']);
      const [first, second] = [viewOf(bench, one), viewOf(bench, two)];
      expect(new Set(service.subscribers('/a/b'))).toEqual(new Set([first, second]));
      expect(service.subscribers('/a/b')[0]).toBe(service.findSession(first.id));
      expect(service.subscribers('/a/*')).toEqual([first]);
      expect(service.subscribers({ tenant: '', name: '/a/**' })).toEqual([second]);
      await one.unsubscribe('/a/b');
      await two.disconnect();
      expect(service.subscribers('/a/b')).toEqual([]);
      for (const name of ['/a/b', '/a/*', '/a/**']) expect(service.findChannel(name)).toBeUndefined();
    });

    it('knows who is subscribed to its very name', async () => {
      const { service } = await bench.start();
      const [one, two, other] = [
        await bench.client().join(),
        await bench.client().join(),
        await bench.client().join(),
      ];
      const channel = service.channel('/a/b');
      expect(channel.subscribers).toEqual([]);
      await one.subscribe('/a/b');
      await two.subscribe(['/a/b', '/a/*']);
      await other.subscribe(['/a/*', '/a/**']);
      expect(new Set(channel.subscribers)).toEqual(new Set([viewOf(bench, one), viewOf(bench, two)]));
      expect(service.channel('/a/*').subscribers).toHaveLength(2);
      await one.unsubscribe('/a/b');
      await two.disconnect();
      expect(channel.subscribers).toEqual([]);
    });
  });
});

describe('the name of a channel', () => {
  onServer((bench) => {
    const good = [
      '/a',
      '/a/*',
      '/a/**',
      '/*',
      '/**',
      '/rooms/{room}',
      '/{a}/x/{b_2}',
      '/service/x',
      '/service/**',
    ];

    it.each(['', 'a', '/a/', '/a b', '/a/*/b', '/meta/connect', '/rooms/{room}', `/${'a'.repeat(256)}`])(
      '[G6] is not %j for subscribers',
      async (name) => {
        const { service } = await bench.start();
        expect(() => service.subscribers(name)).toThrow(/has no subscribers: write for example/);
        for (const none of [undefined, null, {}, { name }, 7]) {
          expect(() => service.subscribers(none as never)).toThrow(TypeError);
        }
      },
    );

    it('may be that of a channel, a pattern or a template', async () => {
      const { service } = await bench.start();
      for (const name of good) expect(service.channel(name).name).toBe(name);
    });

    it.each([
      ...['', 'a', '/', '/a/', '//a', '/a b', '/a/*/b', '/a*', `/${'a'.repeat(256)}`, '/ä'],
      ...['/meta', '/meta/connect', '/meta/*', '/meta/**', '/meta/{x}'],
      ...['/rooms/{room', '/rooms/room}', '/rooms/{}', '/rooms/x{room}', '/rooms/{a}{b}', '/rooms/{a-b}'],
      ...['/{a}/{a}', '/rooms/{room}/*', '/rooms/{room}/**', '/{room}/*/x', '/rooms/{*}'],
    ])('is not %j: nothing is made or configured', async (name) => {
      const { service } = await bench.start();
      let configured = 0;
      expect(() => service.channel(name, () => configured++)).toThrow(TypeError);
      expect(() => service.channel(name)).toThrow(/is no (channel|template)/);
      expect(configured).toBe(0);
      expect(service.findChannel(name)).toBeUndefined();
    });
  });
});

describe('the settings of a channel', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('are those of every other until something is settled', async () => {
      const { service } = await bench.start();
      const { settings } = service.channel('/a');
      expect(settings).toEqual({ persistent: true, lazy: false, broadcastToPublisher: true });
    });

    it('change where something is given, and are left as they were elsewhere', async () => {
      const { service } = await bench.start();
      const channel = service.channel('/a');
      expect(channel.configure({ lazy: true, lazyTimeout: 100 })).toBe(channel);
      channel.configure({ broadcastToPublisher: false }).configure({});
      expect(service.findChannel('/a')?.settings).toEqual({
        persistent: true,
        lazy: true,
        lazyTimeout: 100,
        broadcastToPublisher: false,
      });
      channel.configure({ lazy: false, lazyTimeout: 0, broadcastToPublisher: true });
      expect(channel.settings).toMatchObject({ lazy: false, lazyTimeout: 0, broadcastToPublisher: true });
    });

    it('do not change where undefined is given', async () => {
      const { service } = await bench.start();
      const channel = service.channel('/a');
      // Applications without exactOptionalPropertyTypes may write this, knowingly or not.
      const nothing = { persistent: undefined, lazy: undefined, broadcastToPublisher: undefined };
      channel.configure(nothing as unknown as CometChannelSettings);
      expect(channel.settings).toEqual({ persistent: true, lazy: false, broadcastToPublisher: true });
    });

    it.each([-1, NaN, Infinity, MAX_TIME + 1])('cannot have a lazyTimeout of %d', async (lazyTimeout) => {
      const { service } = await bench.start();
      const channel = service.channel('/a');
      expect(() => channel.configure({ lazy: true, persistent: false, lazyTimeout })).toThrow(RangeError);
      expect(channel.settings).toEqual({ persistent: true, lazy: false, broadcastToPublisher: true });
      expect(() => channel.configure({ lazyTimeout: MAX_TIME })).not.toThrow();
    });

    it('stay when the last subscriber has gone', async () => {
      const { service } = await bench.start();
      service.channel('/a', (channel) => channel.configure({ lazyTimeout: 7 }));
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.disconnect();
      expect(service.findChannel('/a')?.settings).toMatchObject({ persistent: true, lazyTimeout: 7 });
    });

    it.each(['/a', '/a/*', '/a/**'])(
      'of %s go with its last subscriber if they are not persistent',
      async (name) => {
        const { service } = await bench.start();
        service.channel(name, (channel) => channel.configure({ persistent: false }));
        const [one, two] = [await bench.client().join(), await bench.client().join()];
        await one.subscribe([name, '/other']);
        await two.subscribe(name);
        await one.unsubscribe([name, '/other']);
        expect(service.findChannel(name)).toBeDefined();
        await two.disconnect();
        expect(service.findChannel(name)).toBeUndefined();
      },
    );

    it('keep publishers from their own messages, on whatever matches', async () => {
      const { service } = await bench.start();
      service.channel('/rooms/{room}').configure({ broadcastToPublisher: false });
      service.channel('/quiet/**').configure({ broadcastToPublisher: false });
      const [publisher, other] = [await bench.client().join(), await bench.client().join()];
      for (const client of [publisher, other]) await client.subscribe(['/rooms/*', '/quiet/a', '/loud/*']);
      for (const channel of ['/rooms/1', '/quiet/a', '/loud/a']) await publisher.publish(channel, channel);
      expect((await other.receive(3)).map(({ data }) => data)).toEqual(['/rooms/1', '/quiet/a', '/loud/a']);
      expect((await publisher.receive()).map(({ data }) => data)).toEqual(['/loud/a']);
      await service.broadcast('/rooms/1', 'of the server');
      expect((await publisher.receive()).map(({ data }) => data)).toEqual(['of the server']);
    });
  });
});

describe('a channel that is removed', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('has no subscribers any more, who are not told and keep their other subscriptions', async () => {
      const { service } = await bench.start();
      const client = await bench.client().join();
      await client.subscribe(['/a', '/b', '/a/*']);
      const before = client.received.length;
      service.channel('/a').remove();
      expect([...viewOf(bench, client).subscriptions]).toEqual(['/b', '/a/*']);
      expect(await service.broadcast('/a', 1)).toEqual({ sessions: 0 });
      expect(await service.broadcast('/b', 2)).toEqual({ sessions: 1 });
      expect(service.counts.channels).toBe(2);
      expect(await client.receive()).toEqual([{ channel: '/b', data: 2 }]);
      expect(client.received.slice(before).filter(({ channel }) => channel !== '/meta/connect')).toHaveLength(
        1,
      );
      expect(await client.subscribe('/a')).toMatchObject({ successful: true });
      expect(await service.broadcast('/a', 3)).toEqual({ sessions: 1 });
    });

    it('is forgotten with its listeners and authorizers', async () => {
      const { service } = await bench.start();
      const asked: string[] = [];
      const channel = service.channel('/a', (made) => {
        made.configure({ broadcastToPublisher: false });
        made.addListener({
          message: () => {
            asked.push('listener');
            return false;
          },
        });
        made.addAuthorizer(() => {
          asked.push('authorizer');
          return 'deny';
        });
      });
      channel.remove();
      channel.remove();
      expect(service.findChannel('/a')).toBeUndefined();
      const client = await bench.client().join();
      expect(await client.subscribe('/a')).toMatchObject({ successful: true });
      expect(await client.publish('/a', 1)).toMatchObject({ successful: true });
      expect(await client.receive()).toEqual([{ channel: '/a', data: 1 }]);
      expect(asked).toEqual([]);
    });

    it('does not take along the one that was made in its place', async () => {
      const { service } = await bench.start();
      const former = service.channel('/a');
      former.remove();
      service.channel('/a', (channel) => channel.configure({ lazyTimeout: 7 }));
      former.remove();
      expect(service.findChannel('/a')?.settings).toMatchObject({ lazyTimeout: 7 });
    });
  });
});
