import { UseGuards } from '@nestjs/common';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CometGateway } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { ThrottlerGuard, ThrottlerModule } from '../support/companions.js';
import { SocketClient } from '../support/socket.client.js';
import { type NestApp, NestStage } from './support/nest-stage.js';

@UseGuards(ThrottlerGuard)
@CometGateway()
class EchoGateway {
  @SubscribeMessage('/service/echo')
  echo(@MessageBody() data: unknown): { data: unknown } {
    return { data };
  }
}

describe('the default guard of @nestjs/throttler', () => {
  const stage = new NestStage();
  const clients: BayeuxClient[] = [];
  afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));

  const start = (options: { setHeaders?: boolean } = {}): Promise<NestApp> =>
    stage.start({
      options: { trustProxy: ['127.0.0.1'] },
      imports: [ThrottlerModule.forRoot({ throttlers: [{ ttl: 3_600_000, limit: 2 }], ...options })],
      providers: [EchoGateway],
    });
  const from = async (app: NestApp, address: string): Promise<BayeuxClient> => {
    const client = new SocketClient({ url: app.url, headers: { 'x-forwarded-for': address } });
    clients.push(client);
    return client.join();
  };
  /** Whether some calls got through, in their order. */
  const called = async (client: BayeuxClient, ...data: unknown[]): Promise<unknown[]> => {
    const outcomes: unknown[] = [];
    for (const value of data) {
      outcomes.push((await client.publish('/service/echo', value)).successful);
    }
    return outcomes;
  };

  it('[G6] counts the calls of each address by itself, over all its sessions', async () => {
    const app = await start();
    const [one, again, other] = [
      await from(app, '192.0.2.1'),
      await from(app, '192.0.2.1'),
      await from(app, '192.0.2.2'),
    ];
    expect(app.service.sessions().map(({ ip }) => ip)).toEqual(['192.0.2.1', '192.0.2.1', '192.0.2.2']);
    expect(await called(one, { text: 'a' })).toEqual([true]);
    expect(await called(again, 'b', 'c')).toEqual([true, false]);
    expect(await called(one, 'd')).toEqual([false]);
    expect(await called(other, 7, ['e'], 'f')).toEqual([true, true, false]);
    app.log.takeErrors();
  });

  it('[G6] judges calls without data too, where it shall set no headers', async () => {
    const app = await start({ setHeaders: false });
    expect(await called(await from(app, '192.0.2.1'), null, null, null)).toEqual([true, true, false]);
    app.log.takeErrors();
  });
});
