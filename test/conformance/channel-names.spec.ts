import { overEveryTransport } from '../support/bench.js';

const LONGEST = `/${'x'.repeat(255)}`;
const DEEPEST = '/x'.repeat(16);

const GOOD = [
  '/a',
  '/A-Z/a_z/0-9',
  '/a!#$()+-.@_~b',
  '/__proto__',
  '/constructor',
  '/constructor/toString',
  '/..',
  '/metal',
  '/services/x',
  LONGEST,
  DEEPEST,
];

const BAD = [
  '',
  '/',
  'abc',
  '//a',
  '/a//b',
  '/a/',
  '/a?b',
  '/a b',
  '/a%20b',
  '/{a}',
  '/a/*/b',
  '/**/a',
  '/a*',
  '/a/***',
  '/ä',
  '/a\u0000',
  '/a\\b',
  `${LONGEST}x`,
  `${DEEPEST}/x`,
];

// Which names are channels is held by `bayeux/channel.spec`; here it is what a client is told about them.
describe('channel names', () => {
  overEveryTransport((bench) => {
    it('C-02: a name that is one can be subscribed to and published on', async () => {
      await bench.start();
      const client = await bench.client().join();
      for (const channel of GOOD) {
        expect(await client.subscribe(channel)).toMatchObject({ successful: true, subscription: channel });
        expect(await client.publish(channel, 1)).toMatchObject({ channel, successful: true });
        expect(await client.receive()).toEqual([{ channel, data: 1 }]);
      }
    });

    it('C-01: nobody can publish on a name that is none', async () => {
      await bench.start();
      const client = await bench.client().join();
      for (const channel of BAD) {
        expect({ channel, ...(await client.publish(channel, 1)) }).toMatchObject({
          channel,
          successful: false,
          error: '405::channel_invalid',
        });
      }
    });

    it('C-01, C-04: nobody can subscribe to a name that is none', async () => {
      await bench.start();
      const client = await bench.client().join();
      for (const subscription of BAD) {
        expect({ subscription, ...(await client.subscribe(subscription)) }).toMatchObject({
          subscription,
          successful: false,
          error: '403::subscription_invalid',
        });
      }
      expect(bench.app.service.counts.channels).toBe(0);
    });

    it('P-04: nobody can publish to the wildcard of a channel', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe(['/a/*', '/a/**', '/*']);
      for (const channel of ['/a/*', '/a/**', '/*', '/**']) {
        expect({ channel, ...(await client.publish(channel, 1)) }).toMatchObject({
          channel,
          successful: false,
          error: '405::channel_invalid',
        });
      }
      await client.catchUp();
      expect(client.pushed()).toEqual([]);
    });

    it('C-07: a channel is matched by itself and by the wildcards around it', async () => {
      await bench.start();
      const patterns = ['/a/b/c', '/a/b/*', '/a/b/**', '/a/**', '/a/*', '/a/b', '/a', '/*', '/a/b/c/**'];
      const receivers: Record<string, string[]> = {
        '/a': ['/a', '/*'],
        '/a/b': ['/a/**', '/a/*', '/a/b'],
        '/a/b/c': ['/a/b/c', '/a/b/*', '/a/b/**', '/a/**'],
        '/a/b/c/d': ['/a/b/**', '/a/**', '/a/b/c/**'],
        '/b': ['/*'],
        '/b/c': [],
      };
      const clients = await Promise.all(
        patterns.map(async (pattern) => {
          const client = await bench.client().join();
          expect(await client.subscribe(pattern)).toMatchObject({ successful: true });
          return { pattern, client };
        }),
      );
      for (const [channel, expected] of Object.entries(receivers)) {
        const { sessions } = await bench.app.service.broadcast(channel, channel);
        expect(sessions).toBe(expected.length);
        await Promise.all(clients.map(({ client }) => client.catchUp()));
        const reached = clients.filter(({ client }) => client.pushed().length > 0);
        expect(reached.map(({ pattern }) => pattern)).toEqual(
          patterns.filter((pattern) => expected.includes(pattern)),
        );
      }
    });

    it('C-09: a session with several matching subscriptions gets one copy', async () => {
      await bench.start();
      const client = await bench.client().join();
      for (const subscription of ['/a/b', '/a/*', '/a/**']) await client.subscribe(subscription);
      expect(await bench.app.service.broadcast('/a/b', 'once')).toEqual({ sessions: 1 });
      await client.receive();
      await client.catchUp();
      expect(client.pushed()).toEqual([]);
    });

    it('C-09: and still gets it when one of the subscriptions has ended', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe(['/a/b', '/a/*']);
      await client.unsubscribe('/a/*');
      await bench.app.service.broadcast('/a/b', 1);
      await bench.app.service.broadcast('/a/c', 2);
      await client.catchUp();
      expect(client.pushed()).toEqual([{ channel: '/a/b', data: 1 }]);
    });
  });
});
