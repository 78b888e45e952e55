import { onServer, overEveryTransport } from '../support/bench.js';
import { RawSocket } from '../support/raw-socket.js';
import { until } from '../support/until.js';

const WARNING = 'its queue was full';

describe('a queue that is full', () => {
  overEveryTransport((bench) => {
    const away = async () => {
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.close();
      await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
      return client;
    };

    it('ends the session of a client that is away too long, and only that', async () => {
      const app = await bench.start({ queue: { maxMessages: 5 } });
      await away();
      const witness = await bench.client().join();
      await witness.subscribe('/a');
      for (let number = 1; number <= 5; number++) {
        expect(await app.service.broadcast('/a', number)).toEqual({ sessions: 2 });
        await witness.receive();
      }
      expect(await app.service.broadcast('/a', 6)).toEqual({ sessions: 1 });
      expect(await witness.receive()).toEqual([{ channel: '/a', data: 6 }]);
      expect(app.service.counts.sessions).toBe(1);
      expect(app.log.text).toContain(WARNING);
    });

    it('also counts bytes', async () => {
      // Each letter is one character and two bytes.
      const text = 'é'.repeat(500);
      const bytes = Buffer.byteLength(JSON.stringify({ channel: '/a', data: text }));
      const app = await bench.start({ queue: { maxBytes: 2 * bytes } });
      await away();
      expect(await app.service.broadcast('/a', text)).toEqual({ sessions: 1 });
      expect(await app.service.broadcast('/a', text)).toEqual({ sessions: 1 });
      expect(await app.service.broadcast('/a', '')).toEqual({ sessions: 0 });
      expect(app.service.counts.sessions).toBe(0);
    });

    it('tells the client, when it comes back, to start anew', async () => {
      const app = await bench.start({ queue: { maxMessages: 1 } });
      const { clientId } = await away();
      await app.service.broadcast('/a', 1);
      await app.service.broadcast('/a', 2);
      const client = bench.client();
      client.clientId = clientId;
      expect(await client.connect()).toMatchObject({
        error: '402::session_unknown',
        advice: { reconnect: 'handshake', interval: 0 },
      });
    });

    it('is none for a burst that a reading client takes at once', async () => {
      const app = await bench.start({ queue: { maxMessages: 5 } });
      const client = await bench.client().join();
      await client.subscribe('/a');
      await bench.hold(client);
      const burst = Array.from({ length: 5 }, (_, index) => index);
      await Promise.all(burst.map((data) => app.service.broadcast('/a', data)));
      expect((await client.receive(5)).map(({ data }) => data)).toEqual(burst);
      expect(app.log.text).not.toContain(WARNING);
    });
  });

  onServer((bench) => {
    it('is none for a burst of any size over WebSocket', async () => {
      const app = await bench.start({ queue: { maxMessages: 5 } });
      const client = await bench.socket().join();
      await client.subscribe('/a');
      const burst = Array.from({ length: 50 }, (_, index) => index);
      await Promise.all(burst.map((data) => app.service.broadcast('/a', data)));
      expect((await client.receive(50)).map(({ data }) => data)).toEqual(burst);
    });

    it('closes the socket of a client that does not read with 1013', async () => {
      const app = await bench.start({
        queue: { maxMessages: 10, maxBytes: 100_000_000 },
        limits: { bufferedBytes: 100_000 },
      });
      const [stuck, witness] = [await bench.socket().join(), await bench.socket().join()];
      await stuck.subscribe('/a');
      await witness.subscribe('/b');
      stuck.pause();
      const text = 'x'.repeat(1_000_000);
      for (let times = 0; times < 60 && app.service.counts.sessions === 2; times++) {
        await app.service.broadcast('/a', text);
        await witness.sync();
      }
      expect(app.service.counts.sessions).toBe(1);
      expect(app.log.text).toContain(WARNING);
      expect(await app.service.broadcast('/b', 1)).toEqual({ sessions: 1 });
      expect(await witness.receive()).toEqual([{ channel: '/b', data: 1 }]);
      stuck.resume();
      expect(await stuck.end()).toMatchObject({ code: 1013, reason: 'queue is full' });
    });

    it('cuts off a socket that does not even read its close', async () => {
      const app = await bench.start({ queue: { maxMessages: 2, maxBytes: 100_000_000 } });
      const [stuck, witness] = [await bench.socket().join(), await bench.socket().join()];
      await stuck.subscribe('/a');
      stuck.pause();
      const text = 'x'.repeat(10_000_000);
      for (let times = 0; times < 10 && app.service.counts.sessions === 2; times++) {
        await app.service.broadcast('/a', text);
        await witness.sync();
      }
      expect(app.service.counts).toMatchObject({ sessions: 1, sockets: 2 });
      bench.clock.advance(2_000);
      await until('the socket to be cut off', () => app.service.counts.sockets === 1);
    });

    it('bounds also a client that makes requests and reads none of the answers', async () => {
      const app = await bench.start({ queue: { maxMessages: 1_000, maxBytes: 30_000_000 } });
      const client = await bench.polling().join();
      const witness = await bench.polling().join();
      await client.subscribe('/a');
      const text = 'x'.repeat(9_000_000);
      const connections: RawSocket[] = [];
      for (let times = 0; times < 10 && app.service.counts.sessions === 2; times++) {
        await app.service.broadcast('/a', text);
        const connection = await RawSocket.open(app.url);
        connections.push(connection);
        connection.post(app.url, JSON.stringify([{ channel: '/b', clientId: client.clientId, data: 1 }]));
        await witness.sync();
      }
      for (const connection of connections) connection.destroy();
      expect(app.service.counts.sessions).toBe(1);
      expect(app.log.text).toContain(WARNING);
    });
  });
});
