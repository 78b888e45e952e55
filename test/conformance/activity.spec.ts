import type { BayeuxClient } from '../support/bayeux.client.js';
import { overEveryTransport } from '../support/bench.js';
import { isDelivery, type Message } from '../support/message.js';

const LIMIT = 50_000;
const AT_ONCE = { advice: { timeout: 0 } };

describe('a session that does nothing but connect', () => {
  overEveryTransport((bench) => {
    const sessions = (): number => bench.app.service.counts.sessions;

    /** Time passes, and the client connects often enough to stay. */
    async function pass(client: BayeuxClient, milliseconds: number): Promise<void> {
      for (let left = milliseconds; left > 0; left -= 20_000) {
        bench.clock.advance(Math.min(left, 20_000));
        expect(await client.connect(AT_ONCE)).toMatchObject({ advice: { reconnect: 'retry' } });
      }
    }

    /** The reply to a connect, which a disconnect by the server may come ahead of. */
    async function connect(client: BayeuxClient): Promise<Message | undefined> {
      await client.connect({ ...AT_ONCE, id: 'connect' });
      return client.received.findLast(({ id }) => id === 'connect');
    }

    it('is ended with the connect after maxInactivity, and its client told not to come back', async () => {
      await bench.start({ session: { maxInactivity: LIMIT } });
      const client = await bench.client().join();
      const ends: unknown[] = [];
      bench.app.service.addListener({ sessionRemoved: (_, why) => void ends.push(why) });
      await pass(client, LIMIT);
      bench.clock.advance(1);
      const before = client.received.length;
      await connect(client);
      expect(client.received.slice(before)).toEqual([
        { channel: '/meta/disconnect', successful: true },
        { channel: '/meta/connect', id: 'connect', successful: true, advice: { reconnect: 'none' } },
      ]);
      expect(sessions()).toBe(0);
      expect(ends).toEqual(['inactive']);
      expect(await client.connect()).toMatchObject({ error: '402::session_unknown' });
    });

    it('is not ended while its connect is held, but at the next one', async () => {
      await bench.start({ session: { maxInactivity: 10_000 } });
      const client = await bench.client().join();
      const held = await bench.hold(client);
      bench.clock.advance(30_000);
      expect(await held.reply).toMatchObject({ successful: true, advice: { reconnect: 'retry' } });
      expect(await connect(client)).toMatchObject({ advice: { reconnect: 'none' } });
    });

    it('gets what waited before it is told', async () => {
      await bench.start({ session: { maxInactivity: 10_000, metaConnectDeliverOnly: true } });
      const client = await bench.client().join();
      bench.clock.advance(10_001);
      bench.app.service.findSession(client.clientId)?.send('/a', 1);
      await client.connect();
      expect(client.received.slice(-3)).toMatchObject([
        { channel: '/a', data: 1 },
        { channel: '/meta/disconnect' },
        { channel: '/meta/connect', advice: { reconnect: 'none' } },
      ]);
    });

    it.each<[string, (client: BayeuxClient) => Promise<unknown>]>([
      ['publishes', (client) => client.publish('/b', 1)],
      ['subscribes', (client) => client.subscribe('/b')],
      ['unsubscribes', (client) => client.unsubscribe('/b')],
    ])('is one that also %s no more', async (_, act) => {
      await bench.start({ session: { maxInactivity: LIMIT } });
      const client = await bench.client().join();
      await pass(client, LIMIT);
      await act(client);
      await pass(client, LIMIT);
      bench.clock.advance(1);
      expect(await connect(client)).toMatchObject({ advice: { reconnect: 'none' } });
    });

    it.each<['client' | 'client-server', string]>([
      ['client', 'none'],
      ['client-server', 'retry'],
    ])('in the mode %s, that it is sent something makes it: %s', async (activityMode, reconnect) => {
      await bench.start({ session: { maxInactivity: LIMIT, activityMode } });
      const client = await bench.client().join();
      await client.subscribe('/a');
      await pass(client, LIMIT);
      await bench.app.service.broadcast('/a', 1);
      bench.clock.advance(1);
      expect(await connect(client)).toMatchObject({ advice: { reconnect } });
      expect(client.received.filter(isDelivery)).toEqual([{ channel: '/a', data: 1 }]);
    });

    it('counts as active for so long after what it was sent', async () => {
      await bench.start({ session: { maxInactivity: LIMIT, activityMode: 'client-server' } });
      const client = await bench.client().join();
      await client.subscribe('/a');
      await pass(client, 30_000);
      await bench.app.service.broadcast('/a', 1);
      await pass(client, LIMIT);
      bench.clock.advance(1);
      expect(await connect(client)).toMatchObject({ advice: { reconnect: 'none' } });
    });

    it('is left alone unless the server is told otherwise', async () => {
      await bench.start();
      const client = await bench.client().join();
      await pass(client, 4_000_000);
      expect(sessions()).toBe(1);
    });
  });
});
