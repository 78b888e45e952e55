import { overEveryTransport } from '../support/bench.js';
import { isDelivery, type Message } from '../support/message.js';
import { ServiceGateway } from '../support/service.gateway.js';

const STAMPED = { session: { timestamp: true } };

/** When a message says it was made. */
function stampOf(message: Message | undefined): unknown {
  return (message as { timestamp?: unknown } | undefined)?.timestamp;
}

describe('timestamps', () => {
  overEveryTransport((bench) => {
    const now = (): string => new Date(bench.clock.wallTime()).toISOString();

    it('are in everything that goes out', async () => {
      await bench.start(STAMPED, [ServiceGateway]);
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.publish('/a', 1);
      await client.publish('/meta/x', 1);
      await client.call('/service/echo', 1);
      await client.connect({ advice: { timeout: 0 } });
      await client.disconnect();
      expect(await client.connect()).toMatchObject({ error: '402::session_unknown' });
      expect(client.received).toHaveLength(11);
      expect(client.received.map(stampOf)).toEqual(Array.from({ length: 11 }, now));
    });

    it('are in refused handshakes, and where a message is none', async () => {
      await bench.start(STAMPED);
      const client = bench.client();
      expect(stampOf(await client.handshake({ minimumVersion: '2' }))).toBe(now());
      expect((await client.exchange('[7]')).map(stampOf)).toEqual([now()]);
    });

    it('tell when a held connect was answered', async () => {
      await bench.start(STAMPED);
      const client = await bench.client().join();
      const held = await bench.hold(client);
      bench.clock.advance(30_000);
      expect(stampOf(await held.reply)).toBe(now());
    });

    it('tell when a message was sent, and not when it left', async () => {
      await bench.start(STAMPED);
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.close();
      const sent = now();
      bench.app.service.findSession(client.clientId)?.send('/a', 1);
      const next = bench.client();
      next.clientId = client.clientId;
      bench.clock.advance(1_234);
      const reply = await next.connect({ advice: { timeout: 0 } });
      expect(next.received.filter(isDelivery).map(stampOf)).toEqual([sent]);
      expect(stampOf(reply)).toBe(now());
      expect(now()).not.toBe(sent);
    });

    it('are in a disconnect by the server', async () => {
      await bench.start(STAMPED);
      const client = await bench.client().join();
      const held = await bench.hold(client);
      bench.app.service.findSession(client.clientId)?.disconnect();
      await held.reply;
      expect(client.received.slice(-2).map(({ channel }) => channel)).toEqual([
        '/meta/disconnect',
        '/meta/connect',
      ]);
      expect(client.received.slice(-2).map(stampOf)).toEqual([now(), now()]);
    });

    it('are the server’s and nobody else’s', async () => {
      await bench.start(STAMPED);
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.publish('/a', 1, { timestamp: 'yesterday' });
      expect((await client.receive()).map(stampOf)).toEqual([now()]);
    });

    it('are not there unless the server is told to', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.publish('/a', 1, { timestamp: 'yesterday' });
      await client.receive();
      expect(client.received.filter((message) => 'timestamp' in message)).toEqual([]);
    });
  });
});

describe('timestamps of messages that the application has changed', () => {
  overEveryTransport((bench) => {
    it('are those of the messages they were made of, or of when they were made', async () => {
      await bench.start({ session: { timestamp: true } });
      const client = await bench.client().join();
      const session = bench.app.service.findSession(client.clientId);
      const sent = new Date(bench.clock.wallTime()).toISOString();
      session?.addListener({
        dequeue: (messages) => [
          ...messages.map((message) => ({ ...message, data: 'changed' })),
          ...(messages.length > 0 ? [{ channel: '/b', data: 'made' }] : []),
        ],
      });
      session?.send('/a', 1);
      expect(await client.receive(2)).toEqual([
        { channel: '/a', data: 'changed', timestamp: sent },
        { channel: '/b', data: 'made', timestamp: sent },
      ]);
    });
  });
});
