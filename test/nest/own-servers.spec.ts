import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, type INestApplication, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { WebSocketGateway } from '@nestjs/websockets';
import { CometAdapter, CometModule, CometService } from '../../src/index.js';
import { OPEN } from '../support/bench.js';
import { CapturedLogger } from '../support/captured.logger.js';
import { ask } from '../support/http.js';
import { PollingClient } from '../support/polling.client.js';
import { SocketClient } from '../support/socket.client.js';
import { within } from '../support/until.js';

@Controller('portal')
class PortalController {
  @Get()
  page(): string {
    return 'the portal';
  }

  @Post()
  post(@Req() { body }: { body: unknown }): unknown {
    return { body };
  }
}

@WebSocketGateway({ path: '/plain' })
class PlainGateway {}

describe('an instance of Express on servers that the application makes itself', () => {
  let app: INestApplication;
  let adapter: CometAdapter;
  let log: CapturedLogger;
  const servers: Server[] = [];

  beforeEach(async () => {
    log = new CapturedLogger();
    const module = class {};
    app = await NestFactory.create(
      {
        module,
        imports: [CometModule.forRoot(OPEN)],
        controllers: [PortalController],
        providers: [PlainGateway],
      },
      new ExpressAdapter(),
      { logger: log },
    );
    adapter = new CometAdapter(app);
    app.useWebSocketAdapter(adapter);
    await app.init();
  });

  afterEach(async () => {
    await within('the application to close', app.close());
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  async function serve(attach: (server: Server) => void): Promise<string> {
    const server = createServer(app.getHttpAdapter().getInstance() as RequestListener);
    servers.push(server);
    attach(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('[W8] polls over each, and sockets over those that are attached', async () => {
    const origins = await Promise.all([serve((server) => adapter.attach(server)), serve(() => undefined)]);
    for (const [index, origin] of origins.entries()) {
      const polling = await new PollingClient({ url: `${origin}/cometd` }).join();
      expect(await polling.publish('/a', 1)).toMatchObject({ successful: true });
      await polling.disconnect();
      await polling.close();
      expect(log.text.match(/attach\(server\)/g) ?? []).toHaveLength(index);

      const socket = new SocketClient({ url: `${origin}/cometd` });
      if (index === 0) {
        await socket.join();
        await socket.disconnect();
      } else {
        await expect(socket.open()).rejects.toMatchObject({ status: 405 });
      }
      await socket.close();
    }
    expect(log.text.match(/attach\(server\)/g)).toHaveLength(1);
  });

  it('[W8] controllers are served as before, and gateways on attached servers', async () => {
    const origin = await serve((server) => {
      adapter.attach(server);
      adapter.attach(server);
    });
    expect((await ask(`${origin}/portal`, { method: 'GET', body: '' }).answer).text).toBe('the portal');
    const headers = { 'content-type': 'application/json' };
    expect(JSON.parse((await ask(`${origin}/portal`, { headers, body: '{"a":1}' }).answer).text)).toEqual({
      body: { a: 1 },
    });
    const plain = new SocketClient({ url: `${origin}/plain` });
    await plain.open();
    await plain.close();
    expect(log.takeErrors()).toEqual([]);
  });

  it('[W8] attached servers are let go when the application closes', async () => {
    const origin = await serve((server) => adapter.attach(server));
    const socket = await new SocketClient({ url: `${origin}/cometd` }).join();
    await app.close();
    expect((await socket.end()).code).toBe(1001);
    await socket.close();
    expect(app.get(CometService).counts).toMatchObject({ sockets: 0 });
    const [server] = servers;
    expect(server?.listenerCount('upgrade')).toBe(0);
    expect(server && Object.hasOwn(server, 'emit')).toBe(false);
  });
});
