import { AsyncLocalStorage } from 'node:async_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Injectable } from '@nestjs/common';
import { type OnGatewayDisconnect, WebSocketGateway } from '@nestjs/websockets';
import type { CometSession } from '../../src/index.js';
import { OPEN } from '../support/bench.js';
import { CometApp } from '../support/comet-app.js';
import { PollingClient } from '../support/polling.client.js';
import { SocketClient } from '../support/socket.client.js';
import { until } from '../support/until.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const storage = new AsyncLocalStorage<object>();

/** Knows in whose context it hears that sessions have ended. */
@Injectable()
@WebSocketGateway({ path: '/cometd' })
class ContextGateway implements OnGatewayDisconnect {
  readonly seen = new Map<string, object | undefined>();

  handleDisconnect({ id }: CometSession): void {
    this.seen.set(id, storage.getStore());
  }
}

describe('the asynchronous context of a caller', () => {
  let app: CometApp;
  const clients: (PollingClient | SocketClient)[] = [];

  beforeAll(async () => {
    app = await CometApp.start({
      http: 'express',
      options: {
        ...OPEN,
        session: { timeout: 0 },
        channels: { lazyTimeout: 200 },
        queue: { maxMessages: 3 },
        longPolling: { maxInterval: 1_000 },
      },
      providers: [ContextGateway],
    });
  });

  afterAll(async () => {
    for (const client of clients) await client.close();
    await app.close();
  });

  const subscriber = async (channel: string, over: 'polling' | 'socket' = 'polling') => {
    const client =
      over === 'polling' ? new PollingClient({ url: app.url }) : new SocketClient({ url: app.url });
    clients.push(client);
    await client.join();
    await client.subscribe(channel);
    return client.clientId;
  };
  const contextOfEnd = async (id: string): Promise<object | undefined> => {
    const { seen } = app.get(ContextGateway);
    await until('the session to end', () => seen.has(id));
    return seen.get(id);
  };
  const asAlice = <T>(task: () => T): T => storage.run({ user: 'alice' }, task);

  it('[N6] T76 is not that of other sessions which expire later, by a timer that she has set', async () => {
    const id = await subscriber('/lazy');
    await asAlice(() => app.service.broadcast('/lazy', 1, { lazy: true }));
    expect(await contextOfEnd(id)).toBeUndefined();
  });

  it('[N6] T76 is not that of a session whose queue her message is too much for', async () => {
    const id = await subscriber('/full');
    await asAlice(async () => {
      for (let number = 0; number < 4; number++) await app.service.broadcast('/full', number);
    });
    expect(await contextOfEnd(id)).toBeUndefined();
  });

  it.each(['polling', 'socket'] as const)(
    '[N6] T76 is not that of a session over %s that she ends',
    async (over) => {
      const id = await subscriber('/kick', over);
      asAlice(() =>
        app.service
          .sessions()
          .find((session) => session.id === id)
          ?.disconnect(),
      );
      expect(await contextOfEnd(id)).toBeUndefined();
    },
  );

  it('[N6] T76 is not kept by the timer that is set after that of her message', async () => {
    await subscriber('/waits', 'socket');
    const [client] = clients.slice(-1);
    const broadcast = async (): Promise<WeakRef<object>> => {
      const store = { user: 'alice' };
      await storage.run(store, () => app.service.broadcast('/waits', 1, { lazy: true }));
      return new WeakRef(store);
    };
    const kept = await broadcast();
    await until('the message', () => client?.received.some(({ channel }) => channel === '/waits') === true);
    await until('the store to be collected', () => {
      collectGarbage();
      return kept.deref() === undefined;
    });
  });
});
