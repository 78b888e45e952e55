import {
  type Bench,
  HTTP_TRANSPORTS,
  onEveryServer,
  over,
  TRANSPORTS,
  type TransportName,
} from '../support/bench.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { statusOf } from '../support/polling.client.js';
import { SocketClient } from '../support/socket.client.js';
import { until, within } from '../support/until.js';

const SPREAD = 5_000;
const NOTHING_ALIVE = { sessions: 0, channels: 0, deadlines: 0, sockets: 0 };

/** Runs a suite on every HTTP framework, as each has its own way to close. */
function onEveryFramework(transports: readonly TransportName[], suite: (bench: Bench) => void): void {
  over(transports, suite, undefined, HTTP_KINDS);
  over(HTTP_TRANSPORTS, suite, undefined, ['fastify-h2c']);
}

describe('shutdown', () => {
  onEveryFramework(TRANSPORTS, (bench) => {
    it('answers held connects with retry, each after another while', async () => {
      await bench.start({ session: { rehandshakeSpread: SPREAD } });
      const clients = await Promise.all(Array.from({ length: 12 }, () => bench.client().join()));
      const connects = [];
      for (const client of clients) connects.push(await bench.hold(client));
      bench.app.server.drain();
      const replies = await Promise.all(connects.map(({ reply }) => reply));
      for (const reply of replies) {
        expect(reply).toMatchObject({ successful: true, advice: { reconnect: 'retry', timeout: 30_000 } });
        expect(reply.advice?.interval).toBeGreaterThanOrEqual(0);
        expect(reply.advice?.interval).toBeLessThanOrEqual(SPREAD);
      }
      expect(new Set(replies.map(({ advice }) => advice?.interval)).size).toBeGreaterThan(1);
      expect(bench.app.service.counts).toMatchObject({ sessions: 0, channels: 0 });
    });

    it('sends what waits first', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const held = await bench.hold(client);
      const before = client.received.length;
      await bench.app.service.broadcast('/a', 'last words');
      bench.app.server.drain();
      await held.reply;
      expect(client.received.slice(before)).toMatchObject([
        { channel: '/a', data: 'last words' },
        { channel: '/meta/connect', successful: true, advice: { reconnect: 'retry' } },
      ]);
    });

    it('closes the application with everything in it, and quickly', async () => {
      await bench.start();
      const held = [
        await bench.hold(await bench.client().join()),
        await bench.hold(await bench.client().join()),
      ];
      await bench.client().join();
      await within('the application to close', bench.app.close());
      for (const { reply } of held) {
        expect(await reply).toMatchObject({ successful: true, advice: { reconnect: 'retry' } });
      }
      expect(bench.app.service.counts).toEqual(NOTHING_ALIVE);
    });

    it('lets no more handshakes in', async () => {
      await bench.start();
      const client = bench.client();
      // A socket that was there before: no other is let in.
      if (client instanceof SocketClient) await client.open();
      bench.app.server.drain();
      expect(await client.turnedAway([{ channel: '/meta/handshake' }])).toEqual(bench.tryLater);
      expect(bench.app.service.counts.sessions).toBe(0);
    });
  });

  onEveryFramework(HTTP_TRANSPORTS, (bench) => {
    it('but a handshake that is wrong in itself is still told so', async () => {
      await bench.start();
      bench.app.server.drain();
      expect(await bench.requester().handshake({ minimumVersion: '2' })).toMatchObject({
        error: '400::version_unsupported',
        advice: { reconnect: 'none' },
      });
    });

    it('sends clients whose session has ended elsewhere, one by one', async () => {
      await bench.start({ session: { rehandshakeSpread: SPREAD } });
      const client = await bench.requester().join();
      bench.app.server.drain();
      const intervals = new Set<number | undefined>();
      for (let times = 0; times < 12; times++) {
        const { error, advice } = await client.connect();
        expect({ error, reconnect: advice?.reconnect }).toEqual({
          error: '402::session_unknown',
          reconnect: 'handshake',
        });
        intervals.add(advice?.interval);
      }
      expect(intervals.size).toBeGreaterThan(1);
    });

    it('answers the connect of a client that polls at that very moment', async () => {
      await bench.start();
      const client = await bench.requester().join();
      const held = await bench.hold(client);
      const closing = bench.app.close();
      expect(await held.reply).toMatchObject({ successful: true, advice: { reconnect: 'retry' } });
      await within('the application to close', closing);
    });
  });

  onEveryServer((bench) => {
    it('closes sockets with 1001 after a flush', async () => {
      await bench.start();
      const client = await bench.socket().join();
      await client.subscribe('/a');
      const idle = bench.socket();
      await idle.open();
      await bench.app.service.broadcast('/a', 'last words');
      bench.app.server.drain();
      expect(await client.end()).toEqual({ code: 1001, reason: 'server is going away' });
      expect(client.pushed()).toEqual([{ channel: '/a', data: 'last words' }]);
      await within('the application to close', bench.app.close());
      expect(await idle.end()).toMatchObject({ code: 1001 });
    });

    it('lets no more sockets in', async () => {
      await bench.start();
      bench.app.server.drain();
      await expect(bench.socket().open()).rejects.toMatchObject({ status: 503 });
    });

    it('serves the rest of the application to the end', async () => {
      await bench.start();
      bench.app.server.drain();
      expect(await statusOf(bench.polling().post('[]', {}, '-not'))).toBe(404);
    });

    it('does not wait for a client that never closes its socket', async () => {
      await bench.start();
      const client = await bench.socket().join();
      client.pause();
      const closing = bench.app.close();
      // The server gives it two seconds, which nobody has to wait for here.
      await until('the close to be sent', () => bench.app.service.counts.sessions === 0);
      bench.clock.advance(2_000);
      await within('the application to close', closing);
      expect(bench.app.service.counts).toEqual(NOTHING_ALIVE);
    });
  });
});
