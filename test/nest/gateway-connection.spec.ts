import { ForbiddenException, Injectable, Scope } from '@nestjs/common';
import {
  type OnGatewayConnection,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { CometError, CometGateway, type CometSession } from '../../src/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { until } from '../support/until.js';
import { NestStage } from './support/nest-stage.js';

const REFUSED = {
  channel: '/meta/handshake',
  successful: false,
  error: '403::handshake_denied',
  advice: { reconnect: 'none' },
};

const greeted: { gateway: string; userId: string | null }[] = [];

@CometGateway()
class EchoGateway {
  @SubscribeMessage('/service/echo')
  echo(): string {
    return 'echo';
  }
}

@WebSocketGateway({ path: '/cometd' })
class OrdinaryGateway implements OnGatewayConnection {
  handleConnection({ userId }: CometSession): void {
    greeted.push({ gateway: 'ordinary', userId });
    if (userId === 'mallory') throw new Error('not you');
  }
}

@CometGateway()
class ArrowGateway {
  handleConnection = ({ userId }: CometSession): void => {
    greeted.push({ gateway: 'arrow', userId });
    if (userId === 'mallory') throw new Error('not you');
  };
}

@Injectable({ scope: Scope.REQUEST })
class PerSession {
  static made = 0;
  readonly number = ++PerSession.made;
}

@CometGateway()
class ScopedGateway implements OnGatewayConnection {
  constructor(readonly own: PerSession) {}

  handleConnection({ userId }: CometSession): Promise<void> {
    greeted.push({ gateway: `scoped ${this.own.number}`, userId });
    return userId === 'mallory' ? Promise.reject(new Error('not you')) : Promise.resolve();
  }

  @SubscribeMessage('/service/scoped')
  scoped(): number {
    return this.own.number;
  }
}

abstract class GreetingBase {
  handleConnection({ userId }: CometSession): void {
    greeted.push({ gateway: this.constructor.name, userId });
    if (userId === 'mallory') throw new Error('not you');
  }
}

@CometGateway()
class InheritingGateway extends GreetingBase {}

@CometGateway()
class ParentGateway extends GreetingBase {
  override handleConnection(session: CometSession): void {
    super.handleConnection(session);
  }
}

@CometGateway()
class ChildGateway extends ParentGateway {}

beforeEach(() => {
  greeted.length = 0;
  PerSession.made = 0;
});

describe.each(HTTP_KINDS)('handleConnection on %s', (http) => {
  const stage = new NestStage();
  const start = async (...others: (new (...args: never[]) => unknown)[]) => {
    const app = await stage.start({ http, providers: [GreeterGateway, EchoGateway, ...others] });
    return { app, greeter: app.app.get(GreeterGateway) };
  };

  const refusals: [string, (session: CometSession) => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('hunter2');
      },
    ],
    [
      'throws nothing at all',
      () => {
        throw undefined as unknown as Error;
      },
    ],
    ['rejects', () => Promise.reject(new Error('hunter2'))],
    [
      'rejects later',
      async () => {
        await new Promise((resolve) => setImmediate(resolve));
        throw new Error('hunter2');
      },
    ],
    ['disconnects the session', (session) => session.disconnect()],
  ];

  describe.each(DEFAULT_TRANSPORTS)('over %s', (transport) => {
    it.each(refusals)('refuses the handshake if it %s, and the process survives', async (_, onConnection) => {
      const { app, greeter } = await start();
      greeter.onConnection = onConnection;
      const client = transport === 'websocket' ? app.socket('alice') : app.polling('alice');
      const reply = await client.handshake();
      expect(reply).toMatchObject(REFUSED);
      expect(reply.clientId).toBeUndefined();
      expect(JSON.stringify(reply)).not.toContain('hunter2');
      expect(app.service.counts).toMatchObject({ sessions: 0, channels: 0 });

      greeter.onConnection = () => undefined;
      const next = await app.polling('alice').join();
      expect((await next.call('/service/echo', {})).answers).toEqual(['echo']);
    });

    const reasons: [string, () => Error, object][] = [
      [
        '[G5] a CometError',
        () => new CometError(403, 'banned', { args: 'until_friday', details: { until: '2026-12-04' } }),
        { error: '403:until_friday:banned', ext: { details: { until: '2026-12-04' } } },
      ],
      ['[G5] a WsException', () => new WsException('not on weekends'), { error: '403::not on weekends' }],
      ['[G5] a coded WsException', () => new WsException('429:60:later'), { error: '429:60:later' }],
      ['[G5] an HttpException', () => new ForbiddenException('banned'), { error: '403::banned' }],
      // It would tell clients that their session is gone, and send them into a loop.
      ['[G5] a code of the protocol', () => new WsException('402::gone'), { error: '403::402::gone' }],
    ];
    it.each(reasons)('tells the client the reason that is in %s', async (_, reason, told) => {
      const { app, greeter } = await start();
      greeter.onConnection = () => Promise.reject(reason());
      const client = transport === 'websocket' ? app.socket('alice') : app.polling('alice');
      expect(await client.handshake()).toMatchObject({ ...REFUSED, ...told });
    });

    it('sends what it pushes with the first connect', async () => {
      const { app, greeter } = await start();
      greeter.onConnection = (session) => session.send('/welcome', { hello: session.userId });
      const client = transport === 'websocket' ? app.socket('alice') : app.polling('alice');
      const shaken = await client.handshake();
      expect(shaken.successful).toBe(true);
      expect(client.pushed()).toEqual([]);
      await client.connect();
      expect(client.pushed()).toEqual([{ channel: '/welcome', data: { hello: 'alice' } }]);
    });
  });

  it('is waited for', async () => {
    const { app, greeter } = await start();
    let open: () => void = () => undefined;
    greeter.onConnection = () => new Promise<void>((resolve) => (open = resolve));
    const client = app.socket('alice');
    let answered = false;
    const handshake = client.handshake().finally(() => (answered = true));
    await until('the gateway to be asked', () => greeter.sessions.length === 1);
    const other = app.socket('bob');
    await other.open();
    expect(answered).toBe(false);
    open();
    expect(await handshake).toMatchObject({ successful: true });
  });

  it('refuses the handshake if it never settles', async () => {
    const { app, greeter } = await start();
    greeter.onConnection = () => new Promise(() => undefined);
    const client = app.polling('alice');
    const handshake = client.handshake();
    await until('the gateway to be asked', () => greeter.sessions.length === 1);
    expect(app.service.counts.sessions).toBe(1);
    app.clock.advance(10_000);
    expect(await handshake).toMatchObject(REFUSED);
    expect(greeter.sessions[0]?.alive).toBe(false);
  });

  it('is called once a session, whatever is called afterwards, by however many sessions in turn', async () => {
    const { app, greeter } = await start();
    const [one, two] = [await app.socket('alice').join(), await app.polling('bob').join()];
    for (let round = 0; round < 3; round++) {
      for (const client of [one, two]) {
        expect((await client.call('/service/echo', {})).answers).toEqual(['echo']);
      }
    }
    const three = await app.socket('carol').join();
    await one.call('/service/echo', {});
    await three.call('/service/echo', {});
    expect(greeter.sessions.map(({ userId }) => userId)).toEqual(['alice', 'bob', 'carol']);
  });

  it.each([
    ['ordinary', OrdinaryGateway],
    ['arrow', ArrowGateway],
    ['scoped 1', ScopedGateway],
    ['InheritingGateway', InheritingGateway],
  ])('is heard of each gateway: %s', async (gateway, type) => {
    const { app, greeter } = await start(
      type,
      ...(type === ScopedGateway ? [PerSession as new (...args: never[]) => unknown] : []),
    );
    await app.socket('alice').join();
    expect(greeted).toEqual([{ gateway, userId: 'alice' }]);
    expect(await app.socket('mallory').handshake()).toMatchObject(REFUSED);
    expect(greeter.sessions).toHaveLength(2);
    expect(app.service.counts.sessions).toBe(1);
  });

  it('of a request-scoped gateway is called on the instance that serves the session', async () => {
    const { app } = await start(ScopedGateway, PerSession);
    const [one, two] = [await app.socket('alice').join(), await app.socket('bob').join()];
    expect((await one.call('/service/scoped', {})).answers).toEqual([1]);
    expect((await two.call('/service/scoped', {})).answers).toEqual([2]);
    expect((await one.call('/service/scoped', {})).answers).toEqual([1]);
    expect(greeted).toEqual([
      { gateway: 'scoped 1', userId: 'alice' },
      { gateway: 'scoped 2', userId: 'bob' },
    ]);
  });

  it.each([
    ['first', [ParentGateway, ChildGateway]],
    ['last', [ChildGateway, ParentGateway]],
  ])('is heard of a gateway and of another one that extends it, the parent %s', async (_, types) => {
    const { app } = await start(...types);
    await app.socket('alice').join();
    expect(greeted.map(({ gateway }) => gateway).sort()).toEqual(['ChildGateway', 'ParentGateway']);
    expect(await app.socket('mallory').handshake()).toMatchObject(REFUSED);
  });

  it('is called as well in a second application with the same gateways', async () => {
    const types = [InheritingGateway, OrdinaryGateway];
    const first = await start(...types);
    const second = await start(...types);
    await first.app.socket('alice').join();
    await second.app.socket('bob').join();
    expect(greeted.map(({ gateway, userId }) => `${gateway} ${String(userId)}`).sort()).toEqual([
      'InheritingGateway alice',
      'InheritingGateway bob',
      'ordinary alice',
      'ordinary bob',
    ]);
    expect(await second.app.socket('mallory').handshake()).toMatchObject(REFUSED);
  });

  it('is not asked about handshakes that are refused anyway', async () => {
    const { app, greeter } = await start();
    const client = app.polling();
    expect(await client.handshake({ ext: { auth: { token: 'no token of ours' } } })).toMatchObject({
      successful: false,
      error: '401::invalid_token',
    });
    expect(greeter.sessions).toEqual([]);
  });
});
