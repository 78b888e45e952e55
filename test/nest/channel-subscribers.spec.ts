import type { CometChannelListener, CometSession } from '../../src/index.js';
import { DEFAULT_TRANSPORTS, over } from '../support/bench.js';
import { viewOf } from './support/session-view.js';

/** Writes down what a listener is told, as `mark +subscription` and `mark -subscription`. */
function told(into: string[], mark: string): CometChannelListener {
  const tell = (sign: string) => (_session: CometSession, subscription: string) =>
    void into.push(`${mark} ${sign}${subscription}`);
  return { subscribed: tell('+'), unsubscribed: tell('-') };
}

describe('a listener to the subscribers of a channel', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('is told who comes and goes, each once', async () => {
      const { service } = await bench.start();
      const events: unknown[] = [];
      service.channel('/a').addListener({
        subscribed: (session, subscription) => void events.push(['+', session, subscription]),
        unsubscribed: (session, subscription) => void events.push(['-', session, subscription]),
      });
      const client = await bench.client().join();
      const session = viewOf(bench, client);
      await client.subscribe(['/a', '/b', '/a']);
      await client.subscribe('/a');
      expect(events).toEqual([['+', session, '/a']]);
      expect((events[0] as unknown[])[1]).toBe(session);
      await client.unsubscribe('/a');
      await client.unsubscribe('/a');
      expect(events.slice(1)).toEqual([['-', session, '/a']]);
    });

    it.each(['disconnect', 'kick', 'timeout'])('is told who goes by %s', async (why) => {
      const { service } = await bench.start();
      const events: string[] = [];
      service.channel('/a').addListener(told(events, 'a'));
      service.channel('/b/*').addListener(told(events, 'b'));
      const client = await bench.client().join();
      await client.subscribe(['/a', '/b/c']);
      events.length = 0;
      if (why === 'disconnect') await client.disconnect();
      else if (why === 'kick') viewOf(bench, client).disconnect();
      else bench.clock.advance(60_000);
      expect(events).toEqual(['a -/a', 'b -/b/c']);
    });

    it('is told who goes because the channel is removed', async () => {
      const { service } = await bench.start();
      const events: string[] = [];
      service.channel('/a').addListener(told(events, 'a'));
      service.channel('/*').addListener(told(events, '*'));
      await (await bench.client().join()).subscribe('/a');
      service.channel('/a').remove();
      expect(events).toEqual(['* +/a', 'a +/a', '* -/a', 'a -/a']);
    });

    it('is told of the channels that its pattern or template matches, after more general ones', async () => {
      const { service } = await bench.start();
      const events: string[] = [];
      for (const name of ['/a/b', '/a/{x}', '/a/**', '/a/*', '/b/*', '/**', '/a/b/*', '/{x}']) {
        service.channel(name).addListener(told(events, name));
      }
      await (await bench.client().join()).subscribe('/a/b');
      expect(events).toEqual(['/** +/a/b', '/a/** +/a/b', '/a/* +/a/b', '/a/{x} +/a/b', '/a/b +/a/b']);
    });

    it('is told of the patterns that lie within its own, each once', async () => {
      const { service } = await bench.start();
      const events: string[] = [];
      for (const name of ['/a/b', '/a/{x}', '/a/**', '/a/*', '/**', '/*', '/{x}/{y}']) {
        service.channel(name).addListener(told(events, name));
      }
      const client = await bench.client().join();
      await client.subscribe('/a/*');
      expect([...events].sort()).toEqual(
        ['/** +/a/*', '/a/* +/a/*', '/a/** +/a/*', '/a/{x} +/a/*', '/{x}/{y} +/a/*'].sort(),
      );
      events.length = 0;
      // `/a/*` does not match most of what this one does.
      await client.subscribe('/a/**');
      expect(events).toEqual(['/** +/a/**', '/a/** +/a/**']);
      events.length = 0;
      await client.subscribe('/*');
      expect(events).toEqual(['/** +/*', '/* +/*']);
    });

    it('that throws or rejects harms nobody and is logged', async () => {
      const { service, log } = await bench.start();
      const events: string[] = [];
      const reject = (() => Promise.reject(new Error('hunter3'))) as () => void;
      service.channel('/a').addListener({
        subscribed: () => {
          throw new Error('hunter2');
        },
        unsubscribed: reject,
      });
      service.channel('/a').addListener(told(events, 'a'));
      const client = await bench.client().join();
      const reply = await client.subscribe('/a');
      expect(reply).toMatchObject({ successful: true });
      expect(await client.unsubscribe('/a')).toMatchObject({ successful: true });
      expect(events).toEqual(['a +/a', 'a -/a']);
      const logged = log.takeErrors();
      expect(logged).toEqual([expect.stringContaining('hunter2'), expect.stringContaining('hunter3')]);
    });

    it('is told nothing of subscriptions that are refused, or of services', async () => {
      const { service } = await bench.start();
      const events: string[] = [];
      service.channel('/**').addListener(told(events, '**'));
      service.channel('/closed').addAuthorizer(() => 'deny');
      const client = await bench.client().join();
      expect(await client.subscribe(['/a', '/closed'])).toMatchObject({ successful: false });
      expect(await client.subscribe('/service/echo')).toMatchObject({ successful: true });
      expect(events).toEqual([]);
    });

    it('is told nothing any more once it was removed', async () => {
      const { service } = await bench.start();
      const events: string[] = [];
      const remove = service.channel('/a').addListener(told(events, 'a'));
      const client = await bench.client().join();
      await client.subscribe('/a');
      remove();
      await client.unsubscribe('/a');
      expect(events).toEqual(['a +/a']);
    });
  });
});
