import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { PendingSockets } from '../../src/transports/pending-sockets.js';
import { RefusedSockets } from '../../src/transports/refused-sockets.js';
import { until } from '../support/until.js';
import { VirtualScheduler } from '../support/virtual.scheduler.js';

const ADDRESS = '198.51.100.7';

describe('sockets that are refused', () => {
  let server: Server;
  let clock: VirtualScheduler;
  let pending: PendingSockets;
  let refused: RefusedSockets;
  const clients: Socket[] = [];

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    clock = new VirtualScheduler();
    pending = new PendingSockets({ inAll: 3, perAddress: 2 });
    refused = new RefusedSockets(clock, pending);
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    server.close();
    await once(server, 'close');
    expect(clock.armed).toBe(0);
    expect(pending.hasRoom(ADDRESS)).toBe(true);
  });

  /** A connection of which nobody reads the server's end, as Node hands over those of upgrades. */
  async function connection(): Promise<{ client: Socket; socket: Socket }> {
    const client = connect({
      port: (server.address() as AddressInfo).port,
      host: '127.0.0.1',
      allowHalfOpen: true,
    });
    client.on('error', () => undefined);
    clients.push(client);
    const [socket] = (await once(server, 'connection')) as [Socket];
    return { client, socket };
  }

  function received(client: Socket): () => string {
    let text = '';
    client.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return () => text;
  }

  it('T57 say why, and end with a peer that ends', async () => {
    const { client, socket } = await connection();
    const text = received(client);
    refused.refuse(socket, ADDRESS, { status: '400 Bad Request', headers: { 'X-A': 1 }, body: 'why' });
    await once(client, 'end');
    expect(text()).toBe(
      'HTTP/1.1 400 Bad Request\r\nX-A: 1\r\nContent-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nwhy',
    );
    expect(socket.destroyed).toBe(false);
    client.end();
    await once(socket, 'close');
  });

  it('T57 are cut off after a second', async () => {
    const { socket } = await connection();
    refused.refuse(socket, ADDRESS, { status: '403 Forbidden' });
    clock.advance(999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    expect(socket.destroyed).toBe(true);
    await once(socket, 'close');
  });

  it('T57 are cut off if they send on', async () => {
    const { client, socket } = await connection();
    refused.refuse(socket, ADDRESS, { status: '403 Forbidden' });
    client.write(Buffer.alloc(65_536));
    await until('all to be read', () => socket.bytesRead === 65_536);
    expect(socket.destroyed).toBe(false);
    client.write('x');
    await once(socket, 'close');
  });

  it('T57 count as pending, and past the limit are cut off at once', async () => {
    const lingering = [await connection(), await connection()];
    for (const { socket } of lingering) refused.refuse(socket, ADDRESS, { status: '403 Forbidden' });
    expect(pending.hasRoom(ADDRESS)).toBe(false);
    expect(pending.hasRoom('203.0.113.1')).toBe(true);
    const { client, socket } = await connection();
    const text = received(client);
    refused.refuse(socket, ADDRESS, { status: '429 Too Many Requests' });
    await once(socket, 'close');
    await once(client, 'end');
    expect(text()).toMatch(/^HTTP\/1\.1 429 /);
    for (const { client } of lingering) client.destroy();
    await until('room', () => pending.hasRoom(ADDRESS));
  });

  it('T57 do not outlast the server', async () => {
    const { socket } = await connection();
    refused.refuse(socket, ADDRESS, { status: '503 Service Unavailable' });
    refused.close();
    expect(socket.destroyed).toBe(true);
    const late = await connection();
    refused.refuse(late.socket, ADDRESS, { status: '503 Service Unavailable' });
    await once(late.socket, 'close');
  });

  it('T57 are left alone once they have gone', async () => {
    const { socket } = await connection();
    socket.destroy();
    refused.refuse(socket, ADDRESS, { status: '403 Forbidden' });
    expect(clock.armed).toBe(0);
  });

  it('T57 are refused if they were given away and nobody took them', async () => {
    const untouched = await connection();
    refused.refuseUntaken(untouched.socket, ADDRESS);
    const read = await connection();
    read.socket.on('data', () => undefined);
    refused.refuseUntaken(read.socket, ADDRESS);
    const text = received(untouched.client);
    clock.advance(30_000);
    await once(untouched.client, 'end');
    expect(text()).toMatch(/^HTTP\/1\.1 404 /);
    expect(read.socket.destroyed).toBe(false);
    for (const { client } of [untouched, read]) client.destroy();
    read.socket.destroy();
    await until('the sockets to be gone', () => untouched.socket.destroyed && clock.armed === 0);
  });
});
