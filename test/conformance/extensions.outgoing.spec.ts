import type { CometExtension, OutgoingMessage, OutgoingVerdict } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { overEveryTransport } from '../support/bench.js';
import type { Message } from '../support/message.js';
import { sessionOf, subscriber } from './support/away.js';

type Outgoing = NonNullable<CometExtension['outgoing']>;

/** An extension for what goes out on one channel. */
function on(channel: string, outgoing: Outgoing): CometExtension {
  return {
    outgoing: (message, sender, receiver) =>
      message.channel === channel ? outgoing(message, sender, receiver) : true,
  };
}

/** What came since the handshake and the first connect of `client` and was no answer to a subscribe. */
function others({ received }: BayeuxClient): Message[] {
  return received.slice(2).filter(({ channel }) => channel?.startsWith('/meta/') === false);
}

const FORGED = {
  channel: '/forged',
  id: 'forged',
  clientId: 'forged',
  successful: false,
  subscription: '/forged',
  advice: { reconnect: 'none' },
} as OutgoingMessage;

describe('extensions, of what goes out', () => {
  overEveryTransport((bench) => {
    it.each([
      ['a message', '/a'],
      ['a reply', '/meta/unsubscribe'],
    ])('meet %s in the reverse order, those of the server first', async (_, channel) => {
      const met: string[] = [];
      const noting = (name: string): CometExtension => on(channel, () => void met.push(name));
      const app = await bench.start({ extensions: [noting('first')] });
      app.service.addExtension(noting('second'));
      const client = await subscriber(bench);
      sessionOf(bench, client).addExtension(noting('third'));
      sessionOf(bench, client).addExtension(noting('fourth'));
      if (channel === '/a') await app.service.broadcast('/a', 1);
      else await client.unsubscribe('/b');
      expect(met).toEqual(['second', 'first', 'fourth', 'third']);
    });

    it('may change the data and ext of a message, one after the other', async () => {
      await bench.start({
        extensions: [
          on('/a', ({ data, ...message }) => ({ ...message, data: [data, 'then the first'] })),
          on('/a', ({ data, ...message }) => ({ ...message, data: [data, 'the last'], ext: { by: 'us' } })),
        ],
      });
      const client = await subscriber(bench);
      await bench.app.service.broadcast('/a', 1);
      expect(await client.receive()).toEqual([
        { channel: '/a', data: [[1, 'the last'], 'then the first'], ext: { by: 'us' } },
      ]);
    });

    it('may change the data, ext and error of a reply', async () => {
      await bench.start({
        rules: [{ channel: '/b', publish: true }],
        extensions: [
          on('/a', (message) => ({ ...message, error: '403::members only', ext: { see: '/join' } })),
          on('/b', (message) => ({ ...message, data: 'thanks' })),
        ],
      });
      const client = await bench.client().join();
      await client.send([
        { channel: '/a', clientId: client.clientId, data: 1, id: '1' },
        { channel: '/meta/unsubscribe', clientId: client.clientId, subscription: '/a', id: '2' },
      ]);
      expect(others(client)).toEqual([
        { channel: '/a', id: '1', successful: false, error: '403::members only', ext: { see: '/join' } },
      ]);
    });

    it('may not change what a reply answers, whom, how, and with which advice', async () => {
      await bench.start();
      const plain = await talk(bench.client());
      bench.app.service.addExtension({ outgoing: (message) => ({ ...message, ...FORGED }) });
      expect(await talk(bench.client())).toEqual(plain);
    });

    it('may not change that in place either', async () => {
      await bench.start();
      const plain = await talk(bench.client());
      bench.app.service.addExtension({ outgoing: (message) => void Object.assign(message, FORGED) });
      expect(await talk(bench.client())).toEqual(plain);
    });

    it('leave the other members of a reply as they are, and add none', async () => {
      await bench.start();
      const plain = await talk(bench.client());
      bench.app.service.addExtension({
        outgoing: ({ data, error }) =>
          ({ ...(data !== undefined && { data }), ...(error && { error }), foo: 'bar' }) as OutgoingMessage,
      });
      expect(await talk(bench.client())).toEqual(plain);
    });

    it('may not change where a message goes', async () => {
      await bench.start({
        extensions: [on('/a', (message) => ({ ...message, ...FORGED, data: 'changed' }))],
      });
      const [client, other] = [await subscriber(bench), await subscriber(bench, '/forged')];
      expect(await bench.app.service.broadcast('/a', 1)).toEqual({ sessions: 1 });
      expect(await client.receive()).toEqual([{ channel: '/a', data: 'changed' }]);
      await other.sync();
      expect(other.pushed()).toEqual([]);
    });

    it.each([[false], [null]])('may keep back a message by %j', async (verdict) => {
      await bench.start({ extensions: [on('/a', ({ data }) => (data === 1 ? verdict : undefined))] });
      const client = await subscriber(bench);
      expect(await bench.app.service.broadcast('/a', 1)).toEqual({ sessions: 0 });
      expect(await bench.app.service.broadcast('/a', 2)).toEqual({ sessions: 1 });
      expect(await client.receive()).toEqual([{ channel: '/a', data: 2 }]);
    });

    it('may keep back a reply, and what it answers has happened all the same', async () => {
      await bench.start({ extensions: [on('/a', ({ successful }) => successful === undefined)] });
      const [client, witness] = [await bench.client().join(), await subscriber(bench)];
      const { clientId } = client;
      await client.exchange(
        JSON.stringify([
          { channel: '/a', clientId, data: 1, id: '1' },
          { channel: '/meta/unsubscribe', clientId, subscription: '/b', id: '2' },
        ]),
      );
      expect(client.received.slice(2)).toMatchObject([{ id: '2', successful: true }]);
      expect(await witness.receive()).toEqual([{ channel: '/a', data: 1 }]);
    });

    it.each<[string, () => OutgoingVerdict]>([
      ['throws', () => fail(new Error('connection to db-1.internal refused'))],
      ['answers with what is no JSON', () => ({ data: 1n })],
      ['does not answer at once', () => Promise.resolve({ data: 'later' }) as OutgoingVerdict],
    ])('one that %s keeps its message back, and is logged', async (_, outgoing) => {
      const app = await bench.start({
        extensions: [on('/a', ({ data }) => (data === 1 ? outgoing() : undefined))],
      });
      const client = await subscriber(bench);
      expect(await app.service.broadcast('/a', 1)).toEqual({ sessions: 0 });
      expect(app.log.takeErrors()).toHaveLength(1);
      await app.service.broadcast('/a', 2);
      expect(await client.receive()).toEqual([{ channel: '/a', data: 2 }]);
    });

    it.each<[string, () => OutgoingVerdict]>([
      ['throws', () => fail(new Error('connection to db-1.internal refused'))],
      ['does not answer at once', () => Promise.resolve() as unknown as OutgoingVerdict],
      ['fails later', () => Promise.reject(new Error('db-1.internal')) as unknown as OutgoingVerdict],
    ])('one that %s keeps back a reply too, and nobody else’s', async (_, outgoing) => {
      const app = await bench.start({
        extensions: [on('/closed', ({ id }) => (id === '1' ? outgoing() : undefined))],
      });
      const client = await bench.client().join();
      const message = { channel: '/closed', clientId: client.clientId, data: 1 };
      await client.exchange(
        JSON.stringify([
          { ...message, id: '1' },
          { ...message, id: '2' },
        ]),
      );
      expect(others(client)).toEqual([{ channel: '/closed', id: '2', successful: true }]);
      expect(app.log.takeErrors()).toHaveLength(1);
    });

    it('see the reply of a connect when it leaves, until they are removed', async () => {
      await bench.start();
      const client = await bench.client().join();
      const note = on('/meta/connect', (message) => ({ ...message, ext: { at: bench.clock.now() } }));
      const remove = bench.app.service.addExtension(note);
      const held = await bench.hold(client);
      bench.clock.advance(30_000);
      expect(await held.reply).toMatchObject({ successful: true, ext: { at: bench.clock.now() } });
      remove();
      expect(await client.connect({ advice: { timeout: 0 } })).not.toHaveProperty('ext');
    });
  });
});

/** Replies of every kind, with the ids that are new each time made the same. */
async function talk(client: BayeuxClient): Promise<unknown> {
  await client.handshake();
  const { clientId } = client;
  await client.connect();
  await client.subscribe('/a');
  await client.publish('/meta/x', 1);
  await client.publish('/a', 1);
  await client.disconnect();
  return JSON.parse(JSON.stringify(client.received).replaceAll(clientId, 'the client'));
}

function fail(error: Error): never {
  throw error;
}
