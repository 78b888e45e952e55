import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { NestStage } from '../nest/support/nest-stage.js';
import { tokenOf } from '../nest/support/user-tokens.js';
import { type Message, parseArray } from '../support/message.js';
import { until } from '../support/until.js';

const KIB = 1_024;

describe('a client that stops reading', () => {
  const stage = new NestStage();

  it('costs a bounded amount of memory, then its session, and nobody else a message', async () => {
    const app = await stage.start({
      options: {
        limits: { bufferedBytes: 64 * KIB },
        queue: { maxMessages: 100_000, maxBytes: 256 * KIB },
      },
    });
    const stuck = await app.socket('stuck').join();
    const reader = await app.socket('reader').join();
    for (const client of [stuck, reader]) await client.subscribe('/news');
    stuck.pause();

    // More than the buffers of the operating system take, which are some megabytes on the loopback.
    const text = 'x'.repeat(64 * KIB);
    const most = (32 * KIB * KIB) / text.length;
    let sent = 0;
    while (app.service.counts.sessions === 2 && sent < most) {
      await app.service.broadcast('/news', { number: sent++, text });
      await until('the reader to have it', () => reader.received.length >= sent + 3);
    }

    // What is owed to it is not kept: the session ends instead.
    expect(app.service.counts.sessions).toBe(1);
    expect((await reader.receive(sent)).map(({ data }) => (data as { number: number }).number)).toEqual(
      Array.from({ length: sent }, (_, number) => number),
    );
    expect(app.log.text).toContain('A session was ended because its queue was full.');
    // It does not answer the close either, so it is cut off.
    app.clock.advance(2_000);
    await until('the socket to be gone', () => app.service.counts.sockets === 1);
  });

  it('goes on where it was when it reads again in time', async () => {
    const app = await stage.start({
      options: {
        limits: { bufferedBytes: 64 * KIB },
        queue: { maxMessages: 10_000, maxBytes: 64 * KIB * KIB },
      },
    });
    const socket = new WebSocket(app.url.replace('http', 'ws'), {
      headers: { authorization: `Bearer ${tokenOf('slow')}` },
    });
    const received: Message[] = [];
    socket.on('error', () => undefined);
    socket.on('message', (frame: Buffer) => received.push(...parseArray(frame.toString())));
    socket.on('open', () => socket.send('[{"channel":"/meta/handshake"}]'));
    await until('the handshake', () => received.length === 1);
    socket.send(JSON.stringify([{ channel: '/meta/connect', clientId: received[0]?.clientId }]));
    await until('the connect', () => received.length === 2);

    socket.pause();
    const text = 'x'.repeat(64 * KIB);
    const count = 300;
    for (let number = 0; number < count; number++) {
      await app.service.sendMessage('slow', '/mine', { number, text });
      await nextTurn();
    }
    socket.resume();
    await until('everything', () => received.length === count + 2);
    const numbers = received.slice(2).map(({ data }) => (data as { number: number }).number);
    expect(numbers).toEqual(Array.from({ length: count }, (_, number) => number));
    socket.terminate();
  });

  it('[L5] T72 is read no further while it leaves the answers to its pings unread', async () => {
    const app = await stage.start({ options: { limits: { bufferedBytes: 64 * KIB, messagesPerSecond: 0 } } });
    const accepted = once(app.app.getHttpServer() as Server, 'connection') as Promise<[Socket]>;
    const client = new WebSocket(app.url.replace('http', 'ws'));
    client.on('error', () => undefined);
    let pongs = 0;
    client.on('pong', () => pongs++);
    const [[connection]] = await Promise.all([accepted, once(client, 'open')]);
    client.pause();
    // More than the buffers of the operating system take, both ways.
    const count = 120_000;
    const payload = Buffer.alloc(125);
    let most = 0;
    for (let sent = 0; sent < count; sent++) {
      client.ping(payload);
      if (sent % 100 > 0) continue;
      await nextTurn();
      most = Math.max(most, connection.writableLength);
    }
    await until('all to be read, or no more', () => client.bufferedAmount === 0 || connection.isPaused());
    expect(Math.max(most, connection.writableLength)).toBeLessThan(128 * KIB);
    client.resume();
    await until('every answer', () => pongs === count);
    client.terminate();
  });
});
