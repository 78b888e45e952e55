import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { Body, Controller, Get, Inject, Injectable, type OnModuleInit, Post } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import { WebSocket, WebSocketServer } from 'ws';
import { HTTP_KINDS } from '../support/comet-app.js';
import { RawSocket } from '../support/raw-socket.js';
import { until, within } from '../support/until.js';
import { type NestApp, NestStage } from './support/nest-stage.js';

const KEY = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==';
const HANDSHAKE = [KEY, 'Sec-WebSocket-Version: 13'];
const JSON_BODY = 'Content-Type: application/json';
const LAST = ['GET /portal HTTP/1.1', 'Host: h', 'Connection: close'];

/** What a peer may offer instead of WebSocket, or wrongly. */
const OFFERS: readonly (readonly string[])[] = [
  ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'],
  ['Connection: keep-alive, Upgrade', 'Upgrade: TLS/1.0'],
  ['Connection: upgrade', 'upgrade: made-up/1.0'],
  ['Connection: Upgrade', 'Upgrade: h2c, websocket'],
  ['Connection: Upgrade', 'Upgrade: h2c', 'Upgrade: websocket'],
  ['Upgrade: websocket', ...HANDSHAKE],
];

/** How clients ask for WebSocket. */
const UPGRADES: readonly (readonly string[])[] = [
  ['Connection: Upgrade', 'Upgrade: websocket'],
  ['Connection: keep-alive, Upgrade', 'Upgrade: WebSocket'],
  ['connection: upgrade', 'upgrade: WEBSOCKET'],
  ['Connection: Upgrade', 'Upgrade: websocket, h2c'],
  ['Connection: Upgrade', 'Upgrade: h2c', 'Upgrade: websocket'],
];

@Controller('portal')
class PortalController {
  slow: (() => void) | undefined;

  @Get()
  page(): string {
    return 'the portal';
  }

  @Get('slow')
  wait(): Promise<string> {
    return new Promise((resolve) => {
      this.slow = () => {
        resolve('slow');
      };
    });
  }

  @Post()
  post(@Body() body: unknown): unknown {
    return { got: body };
  }
}

@WebSocketGateway({ path: '/plain' })
class PlainGateway {}

/** Serves `/graphql` by itself, as packages do that know nothing of gateways. */
@Injectable()
class GraphqlServer implements OnModuleInit {
  sockets: WebSocketServer | undefined;
  readonly asked: string[] = [];

  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  get server(): Server {
    return this.host.httpAdapter.getHttpServer() as Server;
  }

  onModuleInit(): void {
    this.server.on('upgrade', (request: IncomingMessage) => this.asked.push(request.url ?? ''));
    this.sockets = new WebSocketServer({ server: this.server, path: '/graphql' });
    this.sockets.on('connection', (socket) => {
      socket.send('graphql');
    });
  }
}

function textOf(...requests: readonly (readonly string[])[]): string {
  return requests.map((lines) => `${lines.join('\r\n')}\r\n\r\n`).join('');
}

/** Sends requests at once, of which the last ends the connection. @returns all that the server says. */
async function talk(app: NestApp, text: string): Promise<string> {
  const socket = await RawSocket.open(app.origin);
  socket.write(text);
  const answer = await within('the end of the answers', socket.readToEnd());
  socket.destroy();
  return answer;
}

/** Opens a plain WebSocket. @returns what it is told first. */
async function firstWord(app: NestApp, path: string): Promise<string> {
  const socket = new WebSocket(`${app.origin.replace('http', 'ws')}${path}`);
  const [frame] = (await within('a frame', once(socket, 'message'))) as [Buffer];
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  return frame.toString();
}

/** The status of an upgrade. */
async function upgradeStatus(app: NestApp, path: string, offer = UPGRADES[0] ?? []): Promise<number> {
  const socket = await RawSocket.open(app.origin);
  socket.write(textOf([`GET ${path} HTTP/1.1`, 'Host: h', ...offer, ...HANDSHAKE]));
  await until('an answer', () => socket.text.includes('\r\n\r\n'));
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(socket.text)?.[1] ?? 0);
}

function serverOf(app: NestApp): Server {
  return app.app.getHttpServer() as Server;
}

describe.each(HTTP_KINDS)('upgrades on %s', (http) => {
  const stage = new NestStage();
  const start = (...providers: (new (...args: never[]) => object)[]): Promise<NestApp> =>
    stage.start({ http, controllers: [PortalController], providers });

  describe('to anything but WebSocket', () => {
    it('[W5] are ignored by controllers, which get the body and what follows on the connection', async () => {
      const app = await start();
      for (const offer of OFFERS) {
        const post = ['POST /portal HTTP/1.1', 'Host: h', ...offer, JSON_BODY];
        const sized = textOf([...post, 'Content-Length: 9']) + '{"a":"b"}';
        const chunked = textOf([...post, 'Transfer-Encoding: chunked']) + '9\r\n{"a":"c"}\r\n0\r\n\r\n';
        const get = textOf(['GET /portal HTTP/1.1', 'Host: h', ...offer]);
        // Node itself loses what follows a request without a body that it does not upgrade.
        const text = await talk(app, sized + chunked + get + textOf(LAST));
        expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([
          ...['HTTP/1.1 201', 'HTTP/1.1 201', 'HTTP/1.1 200', 'HTTP/1.1 200'],
        ]);
        expect(text).toContain('{"got":{"a":"b"}}');
        expect(text).toContain('{"got":{"a":"c"}}');
        expect(text.match(/the portal/g)).toHaveLength(2);
      }
    });

    it('[W5] are ignored by the endpoint, also where they are not upgrades at all', async () => {
      const app = await start(PlainGateway, GraphqlServer);
      const body = '[{"channel":"/meta/handshake","version":"1.0"}]';
      for (const offer of [...OFFERS, ...UPGRADES.map((upgrade) => [...upgrade, ...HANDSHAKE])]) {
        const head = ['POST /cometd HTTP/1.1', 'Host: h', ...offer, JSON_BODY];
        const text = await talk(
          app,
          textOf([...head, `Content-Length: ${body.length}`]) + body + textOf(LAST),
        );
        expect(text).toContain('"successful":true');
        // Others that listen to upgrades hear nothing of it.
        expect(app.app.get(GraphqlServer).asked).toEqual([]);
      }
      expect(await talk(app, textOf(['GET /cometd HTTP/1.0', ...(UPGRADES[0] ?? []), ...HANDSHAKE]))).toMatch(
        /^HTTP\/1\.1 405 /,
      );
    });

    it('[W5] may have their body later, and ask whether it is welcome', async () => {
      const app = await start();
      const socket = await RawSocket.open(app.origin);
      const [offer = []] = OFFERS;
      const head = ['POST /portal HTTP/1.1', 'Host: h', ...offer, JSON_BODY, 'Content-Length: 9'];
      socket.write(textOf([...head, 'Expect: 100-continue']));
      await until('the invitation', () => socket.text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'));
      socket.write('{"a":');
      await until('a turn', () => serverOf(app).listening);
      socket.write('"b"}');
      await until('the answer', () => socket.text.includes('{"got":{"a":"b"}}'));
      socket.write(textOf(LAST));
      expect(await socket.readToEnd()).toContain('the portal');
      socket.destroy();
    });

    it('[W5] are refused if Node has dropped headers: a body is not read as the next request', async () => {
      const app = await start();
      const [offer = []] = OFFERS;
      const smuggled = textOf(LAST);
      for (const target of ['/portal', '/cometd']) {
        const socket = await RawSocket.open(app.origin);
        const fillers = Array.from({ length: 1_000 }, () => 'a: b');
        const length = `Content-Length: ${smuggled.length}`;
        socket.write(textOf([`POST ${target} HTTP/1.1`, 'Host: h', ...offer, ...fillers, length]) + smuggled);
        const text = await within('the refusal', socket.readToEnd());
        expect(text.match(/HTTP\/1.1 \d+|the portal/g)).toEqual(['HTTP/1.1 431']);
        socket.destroy();
      }
    });

    it('[W5] wait for the answers ahead of them, and so does what follows', async () => {
      const app = await start();
      const socket = await RawSocket.open(app.origin);
      const [offer = []] = OFFERS;
      const [slow, get] = ['GET /portal/slow HTTP/1.1', 'GET /portal HTTP/1.1'];
      socket.write(textOf([slow, 'Host: h'], [get, 'Host: h', ...offer], [get, 'Host: h']));
      const controller = app.app.get(PortalController);
      await until('the slow request', () => controller.slow !== undefined);
      expect(socket.text).toBe('');
      socket.write(textOf(LAST));
      await app.polling().post('[]').answer;
      controller.slow?.();
      const text = await within('the answers', socket.readToEnd());
      const page = 'the portal';
      expect(text.match(/slow|the portal/g)).toEqual(['slow', page, page, page]);
      socket.destroy();
    });

    it.each([
      ['h2c', OFFERS[0] ?? [], '/portal'],
      ['websocket', [...(UPGRADES[0] ?? []), ...HANDSHAKE], '/cometd'],
    ])('[W2] T57 for %s that wait notice that their peer has gone', async (_, offer, path) => {
      const app = await start();
      let closed = false;
      serverOf(app).once('connection', (socket: Duplex) => {
        socket.once('close', () => (closed = true));
      });
      const socket = await RawSocket.open(app.origin);
      const upgrade = [`GET ${path} HTTP/1.1`, 'Host: h', ...offer];
      socket.write(textOf(['GET /portal/slow HTTP/1.1', 'Host: h'], upgrade));
      await until('the slow request', () => app.app.get(PortalController).slow !== undefined);
      socket.destroy();
      await until('the end of the connection', () => closed);
    });

    it('[W5] for WebSocket wait for the answers ahead of them', async () => {
      const app = await start();
      const socket = await RawSocket.open(app.origin);
      const upgrade = ['GET /cometd HTTP/1.1', 'Host: h', ...(UPGRADES[0] ?? []), ...HANDSHAKE];
      socket.write(textOf(['GET /portal/slow HTTP/1.1', 'Host: h'], upgrade));
      await until('the slow request', () => app.app.get(PortalController).slow !== undefined);
      // A close frame, masked with zeros.
      socket.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]));
      await app.polling().post('[]').answer;
      app.app.get(PortalController).slow?.();
      const text = await within('the end', socket.readToEnd());
      expect(text.match(/slow|101 Switching/g)).toEqual(['slow', '101 Switching']);
      socket.destroy();
    });

    it('[W5] leave the connection as it was, however many there are', async () => {
      const app = await start();
      const sockets: Duplex[] = [];
      const server = serverOf(app);
      server.on('connection', (socket: Duplex) => sockets.push(socket));
      // What Node says of an idle connection holds on.
      server.keepAliveTimeout = 100;
      const socket = await RawSocket.open(app.origin);
      const [offer = []] = OFFERS;
      for (let times = 1; times <= 25; times++) {
        socket.write(textOf(['GET /portal HTTP/1.1', 'Host: h', ...offer]));
        await until('the answer', () => socket.text.split('the portal').length > times);
      }
      const listeners = ['error', 'close', 'end', 'timeout'].map((event) => sockets[0]?.listenerCount(event));
      for (const count of listeners) expect(count).toBeLessThan(5);
      await within('the end of the idle connection', socket.readToEnd());
      expect(sockets).toHaveLength(1);
      socket.destroy();
    });
  });

  it('[W5] ask for WebSocket in several ways', async () => {
    const app = await start();
    for (const offer of UPGRADES) expect(await upgradeStatus(app, '/cometd', offer)).toBe(101);
    await until('all sockets to be gone', () => app.service.counts.sockets === 0);
  });

  describe('of other paths', () => {
    it('[W6] go to listeners that are added in onModuleInit, which hear of no other', async () => {
      const app = await start(PlainGateway, GraphqlServer);
      const graphql = app.app.get(GraphqlServer);
      const comet = await app.socket('alice').join();
      expect(await comet.subscribe('/news')).toMatchObject({ successful: true });
      expect(await upgradeStatus(app, '/plain')).toBe(101);
      expect(graphql.asked).toEqual([]);
      expect(await firstWord(app, '/graphql')).toBe('graphql');
      expect(graphql.asked).toEqual(['/graphql']);
      // As it says without us to all paths but its own.
      expect(await upgradeStatus(app, '/elsewhere')).toBe(400);
      graphql.sockets?.close();
    });

    it('[W6] go to whom listens at the time, however it was added and until it is removed', async () => {
      const app = await start();
      const server = serverOf(app);
      const heard: string[] = [];
      const listener =
        (name: string) =>
        (_: IncomingMessage, socket: Duplex): void => {
          heard.push(name);
          socket.end('HTTP/1.1 418 \r\nConnection: close\r\n\r\n');
        };
      expect(await upgradeStatus(app, '/x')).toBe(404);
      server.once('upgrade', listener('once'));
      expect(await upgradeStatus(app, '/x')).toBe(418);
      expect(await upgradeStatus(app, '/x')).toBe(404);
      const [last, first] = [listener('last'), listener('first')];
      server.on('upgrade', last).prependListener('upgrade', first);
      expect(await upgradeStatus(app, '/x')).toBe(418);
      server.off('upgrade', first).removeListener('upgrade', last);
      expect(await upgradeStatus(app, '/x')).toBe(404);
      expect(heard).toEqual(['once', 'first', 'last']);
      await app.socket('alice').join();
      expect(heard).toHaveLength(3);
    });

    it('[W1] T56 have somebody who listens to errors of their sockets', async () => {
      const app = await start();
      let listeners = 0;
      serverOf(app).on('upgrade', (_: IncomingMessage, socket: Duplex) => {
        listeners = socket.listenerCount('error');
        socket.end('HTTP/1.1 418 \r\nConnection: close\r\n\r\n');
      });
      expect(await upgradeStatus(app, '/x')).toBe(418);
      expect(listeners).toBe(1);
    });

    it('[W2] T57 are refused if no listener takes them for long', async () => {
      const app = await start();
      let asked = 0;
      serverOf(app).on('upgrade', () => asked++);
      const socket = await RawSocket.open(app.origin);
      socket.write(textOf(['GET /x HTTP/1.1', 'Host: h', ...(UPGRADES[0] ?? [])]));
      await until('the upgrade', () => asked === 1);
      // Reading begins with the first look.
      expect(socket.text).toBe('');
      app.clock.advance(29_000);
      await app.polling().post('[]').answer;
      expect(socket.text).toBe('');
      app.clock.advance(2_000);
      expect(await within('the end', socket.readToEnd())).toMatch(/^HTTP\/1\.1 404 /);
      socket.destroy();
    });
  });

  it('[W6] requests of the endpoint are heard of by no listener that comes later', async () => {
    const app = await start();
    const heard: string[] = [];
    const server = serverOf(app);
    for (const event of ['request', 'checkContinue', 'checkExpectation']) {
      server.on(event, ({ url = '' }: IncomingMessage) => heard.push(`${event} ${url}`));
    }
    const body = '[{"channel":"/meta/handshake","version":"1.0"}]';
    const head = ['POST /cometd HTTP/1.1', 'Host: h', JSON_BODY, `Content-Length: ${body.length}`];
    const invited = await talk(
      app,
      `${textOf([...head, 'Expect: 100-continue', 'Connection: close'])}${body}`,
    );
    expect(invited).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(await talk(app, textOf([...head, 'Expect: more', 'Connection: close']) + body)).toMatch(
      /^HTTP\/1\.1 417 /,
    );
    await app.polling('alice').join();
    expect(heard).toEqual([]);
    await talk(app, textOf(LAST));
    expect(heard).toEqual(['request /portal']);
  });

  it('[W6] leave a server as it was once the application has closed', async () => {
    const app = await start();
    const server = serverOf(app);
    const { length } = server.listeners('request');
    expect(length).toBe(1);
    await app.clear();
    await app.close();
    expect(Object.hasOwn(server, 'emit')).toBe(false);
    expect(server.listenerCount('upgrade')).toBe(0);
    expect(server.listenerCount('request')).toBe(1);
  });
});
describe('[W7] a target that is a whole URL', () => {
  const stage = new NestStage();
  const body = '[{"channel":"/meta/handshake","version":"1.0"}]';
  const post = (target: string, ...more: string[]): string =>
    `${textOf([`POST ${target} HTTP/1.1`, JSON_BODY, `Content-Length: ${body.length}`, 'Connection: close', ...more])}${body}`;

  it.each(HTTP_KINDS)('[W7] reaches the endpoint and nothing else on %s', async (http) => {
    const app = await stage.start({ http, controllers: [PortalController] });
    for (const target of ['http://h/cometd', `${app.url}/handshake`, 'HTTPS://other.example:444/cometd']) {
      expect(await talk(app, post(target, 'Host: h'))).toContain('"successful":true');
      expect(await upgradeStatus(app, target)).toBe(101);
    }
    for (const target of ['http:///cometd', 'http://user@h/cometd']) {
      expect(await talk(app, post(target, 'Host: h'))).toMatch(/^HTTP\/1\.1 400 /);
      expect(await upgradeStatus(app, target)).toBe(400);
    }
    for (const target of [
      '//cometd',
      '/%63ometd',
      '/x/../cometd',
      'http://h/x/../cometd',
      'ftp://h/cometd',
    ]) {
      expect(await talk(app, post(target, 'Host: h'))).toMatch(/^HTTP\/1\.1 404 /);
    }
    await until('all sockets to be gone', () => app.service.counts.sockets === 0);
  });

  it('[W7] has its host compared with the origin, in place of the header', async () => {
    const app = await stage.start();
    const ask = async (host: string, origin: string): Promise<string> =>
      talk(app, post('http://a.example/cometd', `Host: ${host}`, `Origin: http://${origin}`));
    expect(await ask('b.example', 'a.example')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await ask('b.example', 'b.example')).toMatch(/^HTTP\/1\.1 403 /);
    const offer = [...(UPGRADES[0] ?? []), 'Origin: http://a.example'];
    expect(await upgradeStatus(app, 'http://a.example/cometd', offer)).toBe(101);
    expect(await upgradeStatus(app, '/cometd', offer)).toBe(403);
    await until('all sockets to be gone', () => app.service.counts.sockets === 0);
  });

  it('[W7] OPTIONS * goes where it went before', async () => {
    const app = await stage.start();
    const heard: unknown[] = [];
    serverOf(app).on('request', ({ url }: IncomingMessage) => heard.push(url));
    await talk(app, textOf(['OPTIONS * HTTP/1.1', 'Host: h', 'Connection: close']));
    expect(heard).toEqual(['*']);
  });
});
