import type { CometModuleOptions, CometSession } from '../../src/index.js';
import { type Bench, overEveryTransport } from '../support/bench.js';
import { dataOf, sessionOf, subscriber } from './support/away.js';

/** One of the places where it can be turned off: before the start, or with the session of the publisher. */
interface Place {
  readonly where: string;
  readonly options?: Partial<CometModuleOptions>;
  readonly settle?: (bench: Bench, session: CometSession) => void;
}

const OFF = { broadcastToPublisher: false };

const PLACES: readonly Place[] = [
  { where: 'the server', options: { channels: OFF } },
  { where: 'the channel', settle: ({ app }) => void app.service.channel('/a/b').configure(OFF) },
  { where: 'a pattern around it', settle: ({ app }) => void app.service.channel('/a/*').configure(OFF) },
  { where: 'a pattern far around it', settle: ({ app }) => void app.service.channel('/**').configure(OFF) },
  { where: 'its template', settle: ({ app }) => void app.service.channel('/a/{x}').configure(OFF) },
  { where: 'the session', settle: (_, session) => (session.broadcastToPublisher = false) },
];

describe('a publisher that is subscribed', () => {
  overEveryTransport((bench) => {
    /** Publishes and tells what the publisher and another subscriber are given. */
    async function publish({ options, settle }: Partial<Place>) {
      await bench.start(options);
      const [publisher, other] = [await subscriber(bench, '/a/*'), await subscriber(bench, '/a/b', '/a/**')];
      settle?.(bench, sessionOf(bench, publisher));
      const reply = await publisher.publish('/a/b', 'news', { id: '1' });
      expect(reply).toEqual({ channel: '/a/b', id: '1', successful: true });
      expect(await other.receive()).toEqual([{ channel: '/a/b', data: 'news' }]);
      return { publisher, other };
    }

    it('gets its own message too', async () => {
      const { publisher } = await publish({});
      expect(dataOf(await publisher.receive())).toEqual(['news']);
    });

    it.each(PLACES)('does not where it is turned off for $where, but all others do', async (place) => {
      const { publisher, other } = await publish(place);
      // What it is sent next is the first that it gets.
      await bench.app.service.broadcast('/a/b', 'by the server');
      expect(dataOf(await publisher.receive())).toEqual(['by the server']);
      expect(dataOf(await other.receive())).toEqual(['by the server']);
    });

    it.each<Place>([
      { where: 'another channel', settle: ({ app }) => void app.service.channel('/b').configure(OFF) },
      { where: 'a channel below', settle: ({ app }) => void app.service.channel('/a/b/c').configure(OFF) },
    ])('does where it is turned off for $where only', async (place) => {
      const { publisher } = await publish(place);
      expect(dataOf(await publisher.receive())).toEqual(['news']);
    });

    it('of several sessions of one program only the one that publishes goes without', async () => {
      await bench.start({ channels: OFF });
      const clients = [await subscriber(bench), await subscriber(bench), await subscriber(bench)];
      for (const [index, client] of clients.entries()) await client.publish('/a', index);
      const received = [];
      for (const client of clients) received.push(dataOf(await client.receive(2)));
      expect(received).toEqual([
        [1, 2],
        [0, 2],
        [0, 1],
      ]);
    });

    it('cannot be turned on for a session where the server has turned it off', async () => {
      const settle = (_: Bench, session: CometSession): void => {
        session.broadcastToPublisher = true;
      };
      const { publisher } = await publish({ options: { channels: OFF }, settle });
      await bench.app.service.broadcast('/a/b', 'by the server');
      expect(dataOf(await publisher.receive())).toEqual(['by the server']);
    });

    it('gets it again when it is turned on again', async () => {
      await bench.start();
      const channel = bench.app.service.channel('/a').configure(OFF);
      const client = await subscriber(bench);
      await client.publish('/a', 1);
      channel.configure({ broadcastToPublisher: true });
      await client.publish('/a', 2);
      expect(dataOf(await client.receive())).toEqual([2]);
    });
  });
});
