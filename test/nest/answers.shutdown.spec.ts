import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CometGateway, type CometModuleOptions, OnPublish, OnSubscribe } from '../../src/index.js';
import { CometEndpoint } from '../../src/nest/comet.endpoint.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { HTTP_KINDS, type HttpKind } from '../support/comet-app.js';
import { PollingClient } from '../support/polling.client.js';
import { SocketClient } from '../support/socket.client.js';
import { until, within } from '../support/until.js';
import { type NestApp, NestStage } from './support/nest-stage.js';

const NOTHING = { sessions: 0, channels: 0, deadlines: 0, sockets: 0 };

/** Its handlers go on when the test says so. */
@CometGateway()
class SlowGateway {
  readonly begun: string[] = [];
  slowToAdmit = false;
  slowToPart = false;
  parted = 0;
  release: () => void = () => undefined;
  readonly #released = new Promise<void>((resolve) => (this.release = resolve));

  async handleConnection(): Promise<void> {
    if (this.slowToAdmit) await this.#work('handshake');
  }

  async handleDisconnect(): Promise<void> {
    if (this.slowToPart) await this.#work('disconnect');
    this.parted++;
  }

  @SubscribeMessage('/service/slow')
  async call(@MessageBody() data: unknown): Promise<unknown> {
    await this.#work('call');
    return { done: data };
  }

  @OnPublish('/slow')
  publish(): Promise<void> {
    return this.#work('publish');
  }

  @OnSubscribe('/slow')
  subscribe(): Promise<void> {
    return this.#work('subscribe');
  }

  #work(what: string): Promise<void> {
    this.begun.push(what);
    return this.#released;
  }
}

/** An application that is closed while its handlers are at work. */
class Closing {
  readonly gateway: SlowGateway;
  closed = false;
  #closing: Promise<void> = Promise.resolve();

  /** Requests of clients that have reached the protocol. */
  requests = 0;

  constructor(readonly app: NestApp) {
    this.gateway = app.app.get(SlowGateway);
    const { server } = app.app.get(CometEndpoint);
    const handle = server.handle.bind(server);
    server.handle = (request, link) => {
      this.requests++;
      return handle(request, link);
    };
  }

  async begun(...operations: string[]): Promise<void> {
    await until('the handlers to begin', () => this.gateway.begun.length >= operations.length);
    expect([...this.gateway.begun].sort()).toEqual([...operations].sort());
  }

  /** Asks for the end, and waits until nobody else is let in. */
  async begin(): Promise<void> {
    const { server } = this.app.app.get(CometEndpoint);
    this.#closing = this.app.close().then(() => void (this.closed = true));
    await until('the drain to begin', () => server.draining);
  }

  async end(): Promise<void> {
    await within('the application to close', this.#closing);
    const { service } = this.app;
    await until('the time limits to go', () => service.counts.deadlines === 0).catch(() => undefined);
    expect(service.counts).toEqual(NOTHING);
  }
}

describe('[G5] what is under way when the application shuts down', () => {
  const stage = new NestStage();

  const start = async (options: Partial<CometModuleOptions> = {}, http: HttpKind = 'express') =>
    new Closing(await stage.start({ http, options, providers: [SlowGateway] }));

  describe.each(DEFAULT_TRANSPORTS)('over %s', (transport) => {
    const join = async ({ app }: Closing): Promise<BayeuxClient> =>
      (transport === 'websocket' ? app.socket() : app.polling()).join();

    it.each(HTTP_KINDS)('gets its answer: calls, a publish and a subscribe, on %s', async (http) => {
      const closing = await start({}, http);
      const [caller, publisher, subscriber] = [await join(closing), await join(closing), await join(closing)];
      const calls = [caller.call('/service/slow', 1), caller.call('/service/slow', 2)];
      const published = publisher.publish('/slow', 'x');
      const subscribed = subscriber.subscribe('/slow');
      await closing.begun('call', 'publish', 'subscribe');
      await closing.begin();
      expect(closing.closed).toBe(false);
      closing.gateway.release();
      const replies = await Promise.all(calls);
      expect(replies.map(({ answers }) => answers.at(-1))).toEqual([{ done: 1 }, { done: 2 }]);
      for (const { reply } of replies) expect(reply.successful).toBe(true);
      expect(await published).toMatchObject({ successful: true });
      expect(await subscribed).toMatchObject({ successful: true });
      await closing.end();
      for (const client of [caller, publisher, subscriber]) {
        if (client instanceof SocketClient) expect((await client.end()).code).toBe(1001);
      }
      expect(closing.gateway.parted).toBe(3);
    });

    it('is awaited with what its session says meanwhile, and its connect is held until then', async () => {
      const closing = await start({ session: { rehandshakeSpread: 60_000 } });
      const client = await join(closing);
      const call = client.call('/service/slow', 1);
      await closing.begun('call');
      await closing.begin();
      const { armed } = closing.app.clock;
      let answered = false;
      const connect = client.connect().then((reply) => {
        answered = true;
        return reply;
      });
      await until('the connect to be held', () => answered || closing.app.clock.armed > armed);
      const heard = closing.requests;
      const later = client.call('/service/slow', 2);
      await until('the later call to come', () => closing.requests > heard);
      expect(answered).toBe(false);
      closing.gateway.release();
      expect((await call).reply.successful).toBe(true);
      expect(await connect).toMatchObject({ successful: true, advice: { reconnect: 'retry' } });
      expect((await later).answers.at(-1)).toEqual({ done: 2 });
      await closing.end();
    });

    it('gets none past `services.drainTimeout`, and the log says so', async () => {
      const closing = await start({ services: { drainTimeout: 2_000 } });
      const client = await join(closing);
      const call = client.call('/service/slow', 1).catch((error: unknown) => String(error));
      await closing.begun('call');
      await closing.begin();
      closing.app.clock.advance(1_999);
      expect(closing.app.service.counts.sessions).toBe(1);
      closing.app.clock.advance(1);
      await until('the session to end', () => closing.app.service.counts.sessions === 0);
      const socket = client instanceof SocketClient;
      expect(await call).toContain(socket ? 'closed with 1001' : 'answered with HTTP 503');
      closing.gateway.release();
      await closing.end();
      expect(closing.app.log.text).toContain('Those calls get no answer');
    });

    it('is awaited where its client has left', async () => {
      const closing = await start();
      const client = await join(closing);
      const call = client.call('/service/slow', 1).catch(() => undefined);
      await closing.begun('call');
      expect(await client.disconnect()).toMatchObject({ successful: true });
      await closing.begin();
      await closing.app.app.get(CometEndpoint).hub.parted();
      expect(closing.closed).toBe(false);
      closing.gateway.release();
      const answered = await call;
      if (client instanceof PollingClient) expect(answered?.answers).toEqual([{ done: 1 }]);
      await closing.end();
    });

    it('does not keep sessions where nothing is under way', async () => {
      const closing = await start();
      const [busy, idle] = [await join(closing), await join(closing)];
      const call = busy.call('/service/slow', 1);
      await closing.begun('call');
      const { armed } = closing.app.clock;
      const connect = idle.connect();
      await until('the connect to be held', () => closing.app.clock.armed > armed);
      await closing.begin();
      expect(await connect).toMatchObject({ successful: true, advice: { reconnect: 'retry' } });
      expect(closing.app.service.counts.sessions).toBe(1);
      closing.gateway.release();
      await call;
      await closing.end();
    });

    it('a handshake is to be tried again elsewhere', async () => {
      const closing = await start();
      closing.gateway.slowToAdmit = true;
      const client = transport === 'websocket' ? closing.app.socket() : closing.app.polling();
      const turnedAway = client.turnedAway([{ channel: '/meta/handshake', version: '1.0', id: '1' }]);
      turnedAway.catch(() => undefined);
      await closing.begun('handshake');
      await closing.begin();
      const answer = await turnedAway;
      if (client instanceof PollingClient) expect(answer).toMatchObject({ status: 503, retryAfter: '5' });
      else expect(answer).toMatchObject({ code: 1001 });
      closing.gateway.release();
      await closing.end();
    });
  });

  it('an asynchronous `handleDisconnect` is awaited', async () => {
    const closing = await start();
    await closing.app.socket().join();
    await closing.app.polling().join();
    closing.gateway.slowToPart = true;
    await closing.begin();
    await closing.begun('disconnect', 'disconnect');
    expect(closing.closed).toBe(false);
    closing.gateway.release();
    await closing.end();
    expect(closing.gateway.parted).toBe(2);
  });

  it('a `handleDisconnect` that hangs is given up after `session.hookTimeout`, and the log says so', async () => {
    const closing = await start({ session: { hookTimeout: 3_000 } });
    await closing.app.socket().join();
    closing.gateway.slowToPart = true;
    await closing.begin();
    await closing.begun('disconnect');
    await until('the time to be counted', () => closing.app.service.counts.deadlines > 0);
    closing.app.clock.advance(3_000);
    await closing.end();
    expect(closing.app.log.text).toContain('took more than 3000 ms');
    closing.gateway.release();
  });

  it('is answered where the application is closed twice, at once and later', async () => {
    const closing = await start();
    const client = await closing.app.socket().join();
    const call = client.call('/service/slow', 1);
    await closing.begun('call');
    await closing.begin();
    const again = closing.app.app.close();
    closing.gateway.release();
    expect((await call).answers).toEqual([{ done: 1 }]);
    await closing.end();
    await within('the second close', again);
    await closing.app.app.close();
    expect(closing.gateway.parted).toBe(1);
  });
});
