import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { HTTP_KINDS } from '../support/comet-app.js';
import { until, within } from '../support/until.js';
import { NestStage } from '../nest/support/nest-stage.js';

const UPGRADE =
  'GET /cometd HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** A peer that upgrades and then answers nothing, not even a close frame. */
async function openMute(port: number): Promise<{ socket: Socket; received: () => Buffer }> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.write(UPGRADE);
  const received = () => Buffer.concat(chunks);
  await until('the upgrade', () => received().includes('101 Switching Protocols'));
  return { socket, received };
}

describe.each(HTTP_KINDS)('a socket on %s', (http) => {
  const stage = new NestStage();

  it('is closed when no handshake has come in time', async () => {
    const app = await stage.start({ http, options: { limits: { handshakeTimeout: 700 } } });
    const client = app.socket();
    await client.open();
    expect(app.service.counts).toMatchObject({ sockets: 1, deadlines: 1 });
    app.clock.advance(699);
    await client.sendRaw('[{"channel":"/news","data":1}]');
    await until('an answer', () => client.frames.length === 1);
    expect(client.closed).toBeUndefined();
    app.clock.advance(1);
    expect(await client.end()).toEqual({ code: 1008, reason: 'no session' });
  });

  it('stays open with a session, and is closed a second after its session was ended', async () => {
    const app = await stage.start({ http });
    const client = await app.socket().join();
    app.clock.advance(10_000);
    expect(client.closed).toBeUndefined();
    await client.disconnect();
    app.clock.advance(999);
    await client.publish('/news', 1);
    expect(client.closed).toBeUndefined();
    app.clock.advance(1);
    expect(await client.end()).toEqual({ code: 1000, reason: 'session has ended' });
  });

  it('is closed a second after its handshake was refused', async () => {
    const app = await stage.start({ http });
    const client = app.socket();
    expect(await client.handshake({ ext: { auth: { token: 'bad' } } })).toMatchObject({
      error: '401::invalid_token',
    });
    app.clock.advance(999);
    await client.sendRaw('[{"channel":"/news","data":1}]');
    await until('an answer', () => client.frames.length === 2);
    app.clock.advance(1);
    expect(await client.end()).toEqual({ code: 1008, reason: 'no session' });
  });

  it('is cut off when its peer does not answer the close', async () => {
    const app = await stage.start({ http, options: { limits: { handshakeTimeout: 700 } } });
    const { socket, received } = await openMute(app.port);
    const gone = once(socket, 'close');
    app.clock.advance(700);
    await until('a close frame', () => received().includes('no session'));
    expect(app.service.counts.sockets).toBe(1);
    app.clock.advance(1_999);
    expect(app.service.counts.sockets).toBe(1);
    app.clock.advance(1);
    await within('the end of the connection', gone);
    await until('the socket to be forgotten', () => app.service.counts.sockets === 0);
    expect(app.service.counts.deadlines).toBe(0);
  });
});
