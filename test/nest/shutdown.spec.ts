import { connect } from 'node:net';
import { once } from 'node:events';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CometGateway, CometService } from '../../src/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { until, within } from '../support/until.js';
import { type NestApp, NestStage } from './support/nest-stage.js';
import type { HttpAnswer } from '../support/http.js';

/** Milliseconds: far less than idle connections are kept, on a machine that is busy elsewhere. */
const SOON = 20_000;
const NOTHING = { sessions: 0, channels: 0, deadlines: 0, sockets: 0 };

/** Holds the shutdown after sessions were told, so that a test can see what happens meanwhile. */
@Injectable()
class LastWords implements OnModuleDestroy {
  constructor(readonly comet: CometService) {}

  async onModuleDestroy(): Promise<void> {
    await this.comet.sendMessage('alice', '/mine', 'last words');
  }
}

/** Sends a connect and waits until the server holds it. */
async function hold(app: NestApp, user: string): Promise<{ answer: Promise<HttpAnswer> }> {
  const client = await app.polling(user).join();
  const before = app.service.counts.deadlines;
  const { answer } = client.askConnect();
  await until('the connect to be held', () => app.service.counts.deadlines > before);
  return { answer };
}

@CometGateway()
class FirstGateway {
  @SubscribeMessage('/service/first')
  first(): string {
    return 'first';
  }
}

@WebSocketGateway({ path: '/cometd' })
class SecondGateway {
  @SubscribeMessage('/service/second')
  second(): string {
    return 'second';
  }
}

@WebSocketGateway({ path: '/plain' })
class PlainGateway {}

describe.each(HTTP_KINDS)('closing an application on %s', (http) => {
  const stage = new NestStage();

  it('answers held polls with a retry, closes sockets with 1001, and leaves nothing', async () => {
    const app = await stage.start({ http, options: { session: { rehandshakeSpread: 1_000 } } });
    const held = await hold(app, 'alice');
    const sockets = [await app.socket('bob').join(), await app.socket('carol').join()];
    for (const socket of sockets) await socket.subscribe('/news');
    const lonely = app.socket();
    await lonely.open();
    await until('all sockets to be open', () => app.service.counts.sockets === 3);

    await within('the end', app.close(), SOON);

    const { status, text } = await held.answer;
    expect(status).toBe(200);
    const [reply] = JSON.parse(text) as { advice: { reconnect: string; interval: number } }[];
    expect(reply).toMatchObject({ channel: '/meta/connect', successful: true });
    expect(reply?.advice.reconnect).toBe('retry');
    expect(reply?.advice.interval).toBeGreaterThanOrEqual(0);
    expect(reply?.advice.interval).toBeLessThanOrEqual(1_000);
    for (const socket of [...sockets, lonely]) expect((await socket.end()).code).toBe(1001);
    expect(app.service.counts).toEqual(NOTHING);
  });

  it('sends what is pushed at the last moment before it lets go', async () => {
    const app = await stage.start({ http, providers: [LastWords] });
    const socket = await app.socket('alice').join();
    const held = await hold(app, 'alice');
    await app.close();
    await socket.end();
    expect(socket.pushed()).toEqual([{ channel: '/mine', data: 'last words' }]);
    expect(JSON.parse((await held.answer).text)).toMatchObject([
      { data: 'last words' },
      { channel: '/meta/connect' },
    ]);
  });

  it('spreads the clients of held polls over time', async () => {
    const app = await stage.start({ http, options: { session: { rehandshakeSpread: 1_000_000 } } });
    const polls = [];
    for (const user of ['a', 'b', 'c', 'd']) polls.push(await hold(app, user));
    await app.close();
    const intervals = await Promise.all(
      polls.map(
        async ({ answer }) =>
          (JSON.parse((await answer).text) as [{ advice: { interval: number } }])[0].advice.interval,
      ),
    );
    expect(new Set(intervals).size).toBe(4);
  });

  it('is quick with idle keep-alive connections and requests half sent', async () => {
    const app = await stage.start({ http });
    await app.polling('alice').join();
    const half = connect(app.port, '127.0.0.1');
    half.on('error', () => undefined);
    half.write(
      'POST /cometd HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[{',
    );
    await once(half, 'connect');
    const gone = new Promise((resolve) => half.once('close', resolve));
    await within('the end', app.close(), SOON);
    await within('the connection to go', gone);
  });

  it('ends with gateways of every kind, whose servers are closed one by one', async () => {
    const app = await stage.start({ http, providers: [FirstGateway, SecondGateway, PlainGateway] });
    const client = await app.socket('alice').join();
    expect((await client.call('/service/second', {})).answers).toEqual(['second']);
    await within('the end', app.close());
    expect((await client.end()).code).toBe(1001);
    expect(app.service.counts).toEqual(NOTHING);
  });

  it('can be asked for twice', async () => {
    const app = await stage.start({ http });
    await app.socket('alice').join();
    await Promise.all([app.close(), app.app.close()]);
    expect(app.service.counts).toEqual(NOTHING);
  });

  it('leaves the port free for the next one', async () => {
    const app = await stage.start({ http });
    await app.socket('alice').join();
    await app.close();
    const refused = connect(app.port, '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });
});
