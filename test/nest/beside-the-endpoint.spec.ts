import { once } from 'node:events';
import {
  Body,
  type CanActivate,
  Controller,
  ForbiddenException,
  Get,
  type INestApplication,
  Injectable,
  Post,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  MessageBody,
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import { WebSocket } from 'ws';
import { CometGateway, type CometSession } from '../../src/index.js';
import { HTTP_KINDS, type HttpKind } from '../support/comet-app.js';
import { ask } from '../support/http.js';
import { UpgradeRefused } from '../support/socket.client.js';
import { SocketClient } from '../support/socket.client.js';
import { until, within } from '../support/until.js';
import { type NestApp, NestStage } from './support/nest-stage.js';

@WebSocketGateway({ path: '/plain' })
class PlainGateway implements OnGatewayConnection {
  readonly clients: unknown[] = [];

  handleConnection(client: unknown): void {
    this.clients.push(client);
  }

  @SubscribeMessage('double')
  double(@MessageBody() text: string): unknown {
    return { event: 'doubled', data: text + text };
  }
}

@CometGateway()
class EchoGateway {
  readonly sessions: CometSession[] = [];

  handleConnection(session: CometSession): void {
    this.sessions.push(session);
  }

  @SubscribeMessage('/service/echo')
  echo(@MessageBody() text: string): string {
    return text;
  }
}

@Controller('portal')
class PortalController {
  @Get()
  page(): string {
    return 'the portal';
  }

  @Post()
  post(@Body() body: unknown): unknown {
    return { got: body };
  }
}

/** Stands under a path that only begins like the endpoint's. */
@Controller()
class LookalikeController {
  @Get('cometdish')
  get(): string {
    return 'not the endpoint';
  }
}

@Injectable()
class NobodyGuard implements CanActivate {
  canActivate(): boolean {
    throw new ForbiddenException();
  }
}

const beside = {
  providers: [PlainGateway, EchoGateway],
  controllers: [PortalController, LookalikeController],
};

async function get(app: NestApp, path: string): Promise<{ status: number; text: string }> {
  const { status, text } = await ask(app.origin + path, { method: 'GET', body: '' }).answer;
  return { status, text };
}

/** Counts the requests that reach the framework. */
function countRequests(http: HttpKind, seen: string[]): (app: INestApplication) => void {
  return (app) => {
    if (http === 'express') {
      app.use((request: { url: string }, _response: unknown, next: () => void) => {
        seen.push(request.url);
        next();
      });
    } else {
      const fastify = app.getHttpAdapter().getInstance() as {
        addHook(name: string, hook: (request: { url: string }) => Promise<void>): void;
      };
      fastify.addHook('onRequest', (request) => {
        seen.push(request.url);
        return Promise.resolve();
      });
    }
  };
}

describe.each(HTTP_KINDS)('beside the endpoint on %s', (http) => {
  const stage = new NestStage();

  it('controllers and an ordinary gateway go on as before', async () => {
    const app = await stage.start({ http, ...beside });
    expect(await get(app, '/portal')).toEqual({ status: 200, text: 'the portal' });
    expect(await get(app, '/cometdish')).toEqual({ status: 200, text: 'not the endpoint' });
    const posted = ask(`${app.origin}/portal`, {
      headers: { 'content-type': 'application/json' },
      body: '{"text":"hello"}',
    });
    expect(JSON.parse((await posted.answer).text)).toEqual({ got: { text: 'hello' } });

    const plain = new WebSocket(`${app.origin.replace('http', 'ws')}/plain`);
    plain.on('error', () => undefined);
    await within('the plain socket to open', once(plain, 'open'));
    const answered = once(plain, 'message') as Promise<[Buffer]>;
    plain.send('{"event":"double","data":"ha"}');
    const [frame] = await within('an answer', answered);
    expect(JSON.parse(frame.toString())).toEqual({ event: 'doubled', data: 'haha' });

    const comet = await app.socket('alice').join();
    expect((await comet.call('/service/echo', 'x')).answers).toEqual(['x']);
    expect(app.app.get(PlainGateway).clients).toHaveLength(1);
    expect(app.app.get(EchoGateway).sessions.map(({ userId }) => userId)).toEqual(['alice']);
    const closed = once(plain, 'close');
    plain.close();
    await closed;
  });

  it.each(['/', '/unknown', '/cometdish', '/cometd2', '/plain/below', '//cometd', '/COMETD'])(
    'an upgrade of %s is refused',
    async (path) => {
      const app = await stage.start({ http, ...beside });
      const client = new SocketClient({ url: app.origin + path });
      await expect(within('a refusal', client.open())).rejects.toThrow();
      expect(app.service.counts.sockets).toBe(0);
    },
  );

  it('an upgrade of an unknown path is answered with 404 where there is no other gateway', async () => {
    const app = await stage.start({ http });
    const client = new SocketClient({ url: `${app.origin}/unknown` });
    const refused = await client.open().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UpgradeRefused);
    expect(refused).toMatchObject({ status: 404 });
  });

  it('what lies below the path of the endpoint belongs to it', async () => {
    const app = await stage.start({ http, ...beside });
    const below = new SocketClient({ url: `${app.url}/60.0` });
    await below.join();
    expect(app.service.counts.sockets).toBe(1);
    await below.close();
    const polled = await app.polling().post('[{"channel":"/meta/handshake"}]', {}, '/handshake').answer;
    expect(polled.status).toBe(200);
  });

  it('a global prefix moves controllers and not the endpoint', async () => {
    const app = await stage.start({ http, ...beside, configure: (nest) => nest.setGlobalPrefix('api') });
    expect(await get(app, '/api/portal')).toEqual({ status: 200, text: 'the portal' });
    for (const client of [app.socket('alice'), app.polling('alice')]) {
      await client.join();
      expect((await client.call('/service/echo', 'x')).answers).toEqual(['x']);
    }
  });

  it('a global guard that denies everything keeps clients out of handlers, and not out of the protocol', async () => {
    const guard = { provide: APP_GUARD, useClass: NobodyGuard };
    const guarded = await stage.start({ http, ...beside, providers: [...beside.providers, guard] });
    expect(await guarded.socket('alice').handshake()).toMatchObject({ error: '403::Forbidden' });
    const app = await stage.start({ http, ...beside, providers: [PlainGateway, guard] });
    expect((await get(app, '/portal')).status).toBe(403);
    for (const client of [app.socket('alice'), app.polling('alice')]) {
      await client.join();
      expect(await client.subscribe('/news')).toMatchObject({ successful: true });
    }
  });

  it('neither middleware nor hooks nor body parsers see a request of the endpoint', async () => {
    const seen: string[] = [];
    const app = await stage.start({ http, ...beside, configure: countRequests(http, seen) });
    const client = await app.polling('alice').join();
    await client.call('/service/echo', 'x');
    await app.socket('alice').join();
    expect(seen).toEqual([]);
    await get(app, '/portal');
    expect(seen).toEqual(['/portal']);
    // More than the parser of Express takes, and less than the endpoint does not.
    const big = { channel: '/news', clientId: client.clientId, data: 'x'.repeat(60_000) };
    expect((await client.askMessages([big]).answer).status).toBe(200);
    const broken = await client.post('[{').answer;
    expect(broken).toMatchObject({ status: 400, text: '' });
  });

  it('protection against cross-site requests does not keep listed origins out', async () => {
    const app = await stage.start({
      http,
      ...beside,
      options: { origins: ['https://portal.example.com'] },
      configure: (nest) =>
        (nest as INestApplication & { enableCsrfProtection(): unknown }).enableCsrfProtection(),
    });
    const crossSite = { origin: 'https://portal.example.com', 'sec-fetch-site': 'cross-site' };
    const controller = ask(`${app.origin}/portal`, {
      headers: { ...crossSite, 'content-type': 'application/json' },
      body: '{}',
    });
    expect((await controller.answer).status).toBe(403);
    const answer = await app.polling().askMessages([{ channel: '/meta/handshake' }], crossSite).answer;
    expect(answer.status).toBe(200);
    expect(answer.headers['access-control-allow-origin']).toBe('https://portal.example.com');
    expect(JSON.parse(answer.text)).toMatchObject([{ successful: true }]);
  });

  it('the adapter ends sessions when it is asked to close clients', async () => {
    const app = await stage.start({ http, ...beside });
    const client = await app.socket('alice').join();
    const [session] = app.app.get(EchoGateway).sessions;
    session?.disconnect();
    await until('the session to end', () => app.service.counts.sessions === 0);
    await client.sync();
    expect(client.received.at(-2)).toMatchObject({ channel: '/meta/disconnect', successful: true });
  });
});
