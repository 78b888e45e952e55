import { overEveryTransport } from '../support/bench.js';
import { isReply } from '../support/message.js';

/** What neither names a channel nor several. */
const NO_SUBSCRIPTIONS: readonly { readonly subscription: unknown; readonly error: string }[] = [
  ...[undefined, []].map((subscription) => ({ subscription, error: '403::subscription_missing' })),
  ...[null, 5, {}, '', 'abc', ['/a', 5], [['/a']], ['/a', '/b?c', '/d']].map((subscription) => ({
    subscription,
    error: '403::subscription_invalid',
  })),
];

describe('subscribe', () => {
  overEveryTransport((bench) => {
    const channels = (): number => bench.app.service.counts.channels;

    it('a channel', async () => {
      await bench.start();
      const client = await bench.client().join();
      expect(await client.subscribe('/a', { id: '1' })).toEqual({
        channel: '/meta/subscribe',
        id: '1',
        subscription: '/a',
        successful: true,
      });
      expect(channels()).toBe(1);
    });

    it('several channels in one message, the array echoed', async () => {
      await bench.start();
      const client = await bench.client().join();
      expect(await client.subscribe(['/a', '/b/*'], { id: '1' })).toEqual({
        channel: '/meta/subscribe',
        id: '1',
        subscription: ['/a', '/b/*'],
        successful: true,
      });
      expect(channels()).toBe(2);
    });

    it('a subscription that is none subscribes to nothing', async () => {
      await bench.start();
      const client = await bench.client().join();
      for (const { subscription, error } of NO_SUBSCRIPTIONS) {
        expect(await client.subscribe(subscription, { id: '1' })).toEqual({
          channel: '/meta/subscribe',
          id: '1',
          ...(subscription !== undefined && { subscription }),
          successful: false,
          error,
        });
      }
      expect(channels()).toBe(0);
    });

    it('an array with one refused channel is refused as a whole', async () => {
      await bench.start({
        rules: [{ channel: '/open/*', subscribe: true }],
      });
      const client = await bench.client().join();
      const subscription = ['/open/a', '/closed/b', '/open/c'];
      expect(await client.subscribe(subscription)).toMatchObject({
        subscription,
        successful: false,
        error: '403:denied_by_not_granting:subscribe_denied',
      });
      expect(channels()).toBe(0);
    });

    it('twice the same leaves one subscription, which one unsubscribe ends', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      expect(await client.subscribe('/a')).toMatchObject({ successful: true });
      expect(await client.subscribe(['/a', '/a'])).toMatchObject({ successful: true });
      await bench.app.service.broadcast('/a', 1);
      await client.catchUp();
      expect(client.pushed()).toHaveLength(1);
      await client.unsubscribe('/a');
      expect(channels()).toBe(0);
    });

    it('nobody can subscribe to the channels of the protocol', async () => {
      await bench.start();
      const client = await bench.client().join();
      for (const subscription of ['/meta/connect', '/meta/*', '/meta/**', '/meta/x', '/meta']) {
        expect(await client.subscribe(subscription)).toMatchObject({
          subscription,
          successful: false,
          error: '403:denied_by_security_policy:subscribe_denied',
        });
      }
      expect(channels()).toBe(0);
    });

    it('S-04: a service succeeds and leaves nothing behind', async () => {
      await bench.start();
      const client = await bench.client().join();
      for (const subscription of ['/service/x', '/service/**', '/service/echo']) {
        expect(await client.subscribe(subscription)).toMatchObject({ subscription, successful: true });
      }
      expect(channels()).toBe(0);
    });

    it('everything (/**) is refused, as it holds the trees of all users', async () => {
      await bench.start();
      const client = await bench.client().join();
      expect(await client.subscribe('/**')).toMatchObject({
        successful: false,
        error: '403:denied_by_security_policy:subscribe_denied',
      });
    });

    it('[L3] T70 more names in one request than it may hold are refused, and the next request may name as many', async () => {
      await bench.start({ limits: { namesPerRequest: 5 } });
      const client = await bench.client().join();
      const refused = { successful: false, error: '400::too_many_names' };
      expect(await client.subscribe(['/a', '/b', '/c', '/d', '/e', '/f'])).toMatchObject(refused);
      const { clientId } = client;
      const named = (channel: string, ...subscription: string[]) => ({ channel, clientId, subscription });
      const replies = await client.send([
        named('/meta/subscribe', '/a', '/b', '/b'),
        named('/meta/unsubscribe', '/a', '/b'),
        named('/meta/unsubscribe', '/c'),
        { channel: '/p', clientId, data: 1 },
      ]);
      const ok = { successful: true };
      expect(replies.filter(isReply)).toMatchObject([ok, ok, refused, ok]);
      expect(await client.subscribe(['/a', '/b', '/c', '/d', '/e'])).toMatchObject(ok);
      expect(channels()).toBe(5);
    });

    it('more subscriptions than one may have are refused, with a whole array', async () => {
      await bench.start({ limits: { subscriptions: 3 } });
      const client = await bench.client().join();
      await client.subscribe(['/a', '/b']);
      expect(await client.subscribe(['/c', '/d'])).toMatchObject({
        successful: false,
        error: '403::too_many_subscriptions',
      });
      expect(channels()).toBe(2);
      expect(await client.subscribe(['/a', '/c'])).toMatchObject({ successful: true });
      await client.unsubscribe('/a');
      expect(await client.subscribe('/d')).toMatchObject({ successful: true });
      expect(channels()).toBe(3);
    });

    it('ends with the session', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe(['/a', '/b/**']);
      await client.disconnect();
      expect(channels()).toBe(0);
      expect(await bench.app.service.broadcast('/a', 1)).toEqual({ sessions: 0 });
    });
  });
});

describe('unsubscribe', () => {
  overEveryTransport((bench) => {
    it('ends a subscription', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      expect(await client.unsubscribe('/a', { id: '1' })).toEqual({
        channel: '/meta/unsubscribe',
        id: '1',
        subscription: '/a',
        successful: true,
      });
      expect(await bench.app.service.broadcast('/a', 1)).toEqual({ sessions: 0 });
    });

    it('leaves the subscriptions of others alone', async () => {
      await bench.start();
      const [alice, bob] = [await bench.client().join(), await bench.client().join()];
      await alice.subscribe('/a');
      await bob.subscribe('/a');
      await alice.unsubscribe('/a');
      expect(await bench.app.service.broadcast('/a', 1)).toEqual({ sessions: 1 });
      expect(await bob.receive()).toEqual([{ channel: '/a', data: 1 }]);
      await alice.catchUp();
      expect(alice.pushed()).toEqual([]);
    });

    it('of what is not subscribed to succeeds', async () => {
      await bench.start();
      const [client, other] = [await bench.client().join(), await bench.client().join()];
      await other.subscribe('/known');
      for (const subscription of ['/nope', '/known', '/service/x']) {
        expect(await client.unsubscribe(subscription)).toMatchObject({ subscription, successful: true });
      }
    });

    it('of an array ends all of it', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe(['/a', '/b']);
      expect(await client.unsubscribe(['/a', '/nope', '/b'])).toMatchObject({ successful: true });
      expect(bench.app.service.counts.channels).toBe(0);
    });

    it('with a subscription that is none ends nothing', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      for (const { subscription, error } of NO_SUBSCRIPTIONS) {
        expect({ subscription, ...(await client.unsubscribe(subscription)) }).toMatchObject({
          successful: false,
          error,
        });
      }
      expect(await bench.app.service.broadcast('/a', 1)).toEqual({ sessions: 1 });
    });
  });
});
