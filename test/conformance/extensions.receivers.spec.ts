import type { CometExtension } from '../../src/index.js';
import { overEveryTransport } from '../support/bench.js';
import { dataOf, sessionOf, subscriber } from './support/away.js';

/** An extension for what goes out on one channel. */
function on(channel: string, outgoing: NonNullable<CometExtension['outgoing']>): CometExtension {
  return {
    outgoing: (message, sender, receiver) =>
      message.channel === channel ? outgoing(message, sender, receiver) : true,
  };
}

describe('extensions and who receives what', () => {
  overEveryTransport((bench) => {
    it('of the server see a broadcast once, however many get it', async () => {
      const met: unknown[] = [];
      await bench.start({
        extensions: [
          on('/a', ({ data, successful }, sender, receiver) => {
            if (successful === undefined) met.push([data, sender?.id, receiver?.id]);
          }),
        ],
      });
      const clients = [await subscriber(bench), await subscriber(bench), await subscriber(bench)];
      const publisher = await bench.client().join();
      await bench.app.service.broadcast('/a', 1);
      await publisher.publish('/a', 2);
      for (const client of clients) expect(dataOf(await client.receive(2))).toEqual([1, 2]);
      expect(met).toEqual([
        [1, undefined, undefined],
        [2, publisher.clientId, undefined],
      ]);
    });

    it('know who gets a message that is for one session', async () => {
      const met: unknown[] = [];
      await bench.start({
        extensions: [on('/a', (_, sender, receiver) => void met.push([sender, receiver]))],
      });
      const session = sessionOf(bench, await bench.client().join());
      expect(session.send('/a', 1)).toBe(true);
      expect(met).toEqual([[undefined, session]]);
    });

    it('of a session change its own copy only', async () => {
      await bench.start();
      const [alice, bob] = [await subscriber(bench), await subscriber(bench)];
      const met: unknown[] = [];
      sessionOf(bench, alice).addExtension(
        on('/a', ({ successful, ...message }, sender, receiver) => {
          if (successful !== undefined) return;
          met.push([sender?.id, receiver?.id]);
          return { ...message, data: 'for alice' };
        }),
      );
      await bob.publish('/a', 'for all');
      expect(await alice.receive()).toEqual([{ channel: '/a', data: 'for alice' }]);
      expect(await bob.receive()).toEqual([{ channel: '/a', data: 'for all' }]);
      expect(met).toEqual([[bob.clientId, alice.clientId]]);
    });

    it('of a session may keep its copy back, and the others get theirs', async () => {
      await bench.start();
      const [alice, bob] = [await subscriber(bench), await subscriber(bench)];
      sessionOf(bench, alice).addExtension(on('/a', () => false));
      expect(await bench.app.service.broadcast('/a', 1)).toEqual({ sessions: 1 });
      expect(await bob.receive()).toEqual([{ channel: '/a', data: 1 }]);
      await alice.sync();
      expect(alice.pushed()).toEqual([]);
    });
  });
});
