import { CometApp, DEFAULT_HTTP_KIND } from '../support/comet-app.js';
import { onServer, OPEN, over, TRANSPORTS } from '../support/bench.js';
import { isReply, type Message } from '../support/message.js';
import { Opcode, RawWebSocket } from '../support/raw-websocket.js';
import { SocketClient } from '../support/socket.client.js';
import { until } from '../support/until.js';

const OK = { successful: true };
const TOO_MANY = { successful: false, error: '429::too_many_messages' };
const TOO_LARGE = { successful: false, error: '400::batch_too_large' };

const errors = (replies: readonly Message[]): unknown[] =>
  replies.filter(isReply).map(({ error }) => error ?? 'ok');
const times = <T>(count: number, value: T): T[] => Array<T>(count).fill(value);

describe('message rates', () => {
  over(TRANSPORTS, (bench) => {
    it('[L5] T72 a session may send so many at once, and so many in a second', async () => {
      await bench.start({ limits: { messagesPerSecond: 10, burst: 20 } });
      const client = await bench.client().join();
      const { clientId } = client;
      const publish = () => ({ channel: '/a', clientId, data: 1 });
      expect(errors(await client.send(times(25, 0).map(publish)))).toEqual([
        ...times(20, 'ok'),
        ...times(5, TOO_MANY.error),
      ]);
      bench.clock.advance(1_000);
      // Connects are not counted, and the session is what it was.
      expect(await client.connect({ advice: { timeout: 0 } })).toMatchObject(OK);
      expect(errors(await client.send(times(11, 0).map(publish)))).toEqual([
        ...times(10, 'ok'),
        TOO_MANY.error,
      ]);
      bench.clock.advance(100);
      expect(await client.disconnect()).toMatchObject(OK);
    });

    it('[C7] messages past the limit of a request are answered, and the session goes on', async () => {
      await bench.start({ limits: { batch: 20 } });
      const client = await bench.client().join();
      const { clientId } = client;
      const replies = await client.send(times(23, 0).map(() => ({ channel: '/a', clientId, data: 1 })));
      expect(errors(replies)).toEqual([...times(20, 'ok'), ...times(3, TOO_LARGE.error)]);
      expect(await client.publish('/a', 1)).toMatchObject(OK);
    });
  });

  onServer((bench) => {
    it('[C7] a thousand messages may be in one request', async () => {
      await bench.start({ limits: { messagesPerSecond: 0, messageBytes: 1_000_000 } });
      for (const client of [bench.socket(), bench.polling()]) {
        const { clientId } = await client.join();
        const replies = await client.send(times(1_001, 0).map(() => ({ channel: '/a', clientId, data: 1 })));
        expect(errors(replies)).toEqual([...times(1_000, 'ok'), TOO_LARGE.error]);
      }
    });

    it('[C7] 30,000 elements that are no messages are answered with less than they could be', async () => {
      await bench.start();
      const client = await bench.polling().join();
      const { status, text } = await client.post(`[${times(32_000, 0).join()}]`).answer;
      expect(status).toBe(200);
      expect(text.length).toBeLessThan(3 * 65_536);
    });

    it('[L5] T72 a socket is not read until its share is back', async () => {
      await bench.start({ limits: { messagesPerSecond: 10, burst: 20 } });
      const client = await bench.socket().join();
      const { clientId } = client;
      const data = 'x'.repeat(2_000);
      for (let id = 0; id < 100; id++) {
        await client.sendRaw(JSON.stringify([{ channel: '/a', clientId, id: `f${id}`, data }]));
      }
      const answered = (): unknown[] =>
        errors(client.received.filter(({ id }) => id?.startsWith('f') === true));
      await until('a message past the share', () => answered().length > 20);
      // The others are served meanwhile.
      const neighbour = await bench.socket().join();
      for (let round = 0; round < 3; round++) {
        await neighbour.sync();
        expect(answered()).toEqual([...times(20, 'ok'), TOO_MANY.error]);
      }
      bench.clock.advance(100);
      await until('what has come back', () => answered().length > 22);
      await neighbour.sync();
      expect(answered().slice(20)).toEqual([TOO_MANY.error, 'ok', TOO_MANY.error]);
    });

    it('[L5] T72 a socket that rests notices within seconds that its client has gone', async () => {
      await bench.start({ limits: { messagesPerSecond: 1, burst: 1 } });
      const client = await bench.socket().join();
      const { clientId } = client;
      await client.send(times(100, 0).map(() => ({ channel: '/a', clientId, data: 1 })));
      const closed = client.leave();
      bench.clock.advance(5_000);
      await closed;
      await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
    });
  });

  it('[L5] T73 the neighbour of a flood is served before the flood is over', async () => {
    const app = await CometApp.start({
      http: DEFAULT_HTTP_KIND,
      // Nothing but the order of turns keeps the flood from being handled first.
      options: { ...OPEN, limits: { messagesPerSecond: 0, bufferedBytes: 1_000_000_000 } },
    });
    const neighbour = new SocketClient({ url: app.url });
    const floods = await Promise.all(times(4, 0).map(() => RawWebSocket.open(app.url)));
    try {
      await neighbour.join();
      const frame = '[0]';
      for (const flood of floods) for (let count = 0; count < 8_000; count++) flood.send(Opcode.text, frame);
      await until('the flood to begin', () => app.server.turns.busy);
      for (let round = 0; round < 3; round++) await neighbour.publish('/a', round);
      expect(app.server.turns.busy).toBe(true);
    } finally {
      for (const flood of floods) flood.destroy();
      await neighbour.close();
      await app.close();
    }
  });
});
