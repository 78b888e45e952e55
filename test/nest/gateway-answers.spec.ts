import { Injectable, Scope } from '@nestjs/common';
import { Ack, ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { concat, delay, EMPTY, type Observable, of, throwError } from 'rxjs';
import { CometGateway, type CometSession } from '../../src/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { NestStage } from './support/nest-stage.js';

type Acknowledge = (answer?: unknown) => void;

@CometGateway()
class AnswersGateway {
  @SubscribeMessage('/service/value')
  value(@MessageBody() body: unknown): unknown {
    return { got: body };
  }

  @SubscribeMessage('/service/same')
  same(@MessageBody() body: unknown): unknown {
    return body;
  }

  @SubscribeMessage('/service/member')
  member(@MessageBody('name') name: string): string {
    return name;
  }

  @SubscribeMessage('/service/promise')
  promise(@MessageBody() body: unknown): Promise<unknown> {
    return Promise.resolve({ later: body });
  }

  @SubscribeMessage('/service/values')
  values(): Observable<number> {
    return concat(of(1, 2), of(3).pipe(delay(1)));
  }

  @SubscribeMessage('/service/promised-values')
  promisedValues(): Promise<Observable<number>> {
    return Promise.resolve(of(1, 2));
  }

  @SubscribeMessage('/service/no-values')
  noValues(): Observable<never> {
    return EMPTY;
  }

  @SubscribeMessage('/service/values-then-failure')
  valuesThenFailure(): Observable<unknown> {
    return concat(
      of(1),
      throwError(() => new Error('secret reason')),
    );
  }

  @SubscribeMessage('/service/void')
  nothing(): void {
    // It does something and has nothing to say.
  }

  @SubscribeMessage('/service/null')
  null(): null {
    return null;
  }

  @SubscribeMessage('/service/ack')
  acknowledged(@MessageBody() body: unknown, @Ack() acknowledge: Acknowledge): void {
    acknowledge({ first: body });
    acknowledge({ second: body });
  }

  @SubscribeMessage('/service/empty-ack')
  emptyAcknowledgement(@Ack() acknowledge: Acknowledge): void {
    acknowledge();
  }

  @SubscribeMessage('/service/not-json')
  notJson(): unknown {
    return { amount: 1n };
  }

  @SubscribeMessage('/service/who')
  who(@ConnectedSocket() session: CometSession): unknown {
    return { userId: session.userId, id: session.id, alive: session.alive, kind: session.principal.kind };
  }

  @SubscribeMessage('/service/push')
  push(@ConnectedSocket() session: CometSession): string {
    session.send('/mine', 'pushed by the handler');
    return 'answered';
  }
}

@WebSocketGateway({ path: '/cometd' })
class OrdinaryGateway {
  @SubscribeMessage('/service/ordinary')
  ordinary(@MessageBody() body: unknown): unknown {
    return { ordinary: body };
  }
}

@Injectable({ scope: Scope.REQUEST })
class Counter {
  static made = 0;
  readonly number = ++Counter.made;
  count = 0;
}

@CometGateway()
class ScopedGateway {
  constructor(readonly counter: Counter) {}

  @SubscribeMessage('/service/scoped')
  scoped(): unknown {
    return { counter: this.counter.number, count: ++this.counter.count };
  }
}

const providers = [AnswersGateway, OrdinaryGateway, Counter, ScopedGateway];

describe.each(HTTP_KINDS)('a gateway on %s', (http) => {
  const stage = new NestStage();

  describe.each(DEFAULT_TRANSPORTS)('over %s', (transport) => {
    const join = async (user?: string) => {
      const app = await stage.start({ http, providers });
      const client = await (transport === 'websocket' ? app.socket(user) : app.polling(user)).join();
      return { app, client };
    };

    it.each([
      ['/service/value', 'x', [{ got: 'x' }]],
      ['/service/member', { name: 'alice' }, ['alice']],
      ['/service/promise', 'x', [{ later: 'x' }]],
      ['/service/values', 'x', [1, 2, 3]],
      ['/service/promised-values', 'x', [1, 2]],
      ['/service/no-values', 'x', []],
      ['/service/void', 'x', []],
      ['/service/null', 'x', [null]],
      ['/service/ack', 'x', [{ first: 'x' }, { second: 'x' }]],
      ['/service/empty-ack', 'x', []],
      ['/service/ordinary', 'x', [{ ordinary: 'x' }]],
      ['/service/same', 0, [0]],
      ['/service/same', '', ['']],
      ['/service/same', false, [false]],
      ['/service/same', null, [null]],
      ['/service/same', [1, [2]], [[1, [2]]]],
    ])('answers %s called with %j', async (channel, data, expected) => {
      const { client } = await join();
      const { answers, reply } = await client.call(channel, data);
      expect(answers).toEqual(expected);
      expect(reply).toMatchObject({ channel, successful: true });
      expect(reply).not.toHaveProperty('data');
    });

    it('sends the values before a failure, and then the failure', async () => {
      const { app, client } = await join();
      const { answers, reply } = await client.call('/service/values-then-failure', 'x');
      expect(answers).toEqual([1]);
      expect(reply).toMatchObject({ successful: false, error: '500::service_failed' });
      expect(app.log.takeErrors()).toHaveLength(1);
    });

    it('fails a call whose answer JSON cannot express, and goes on', async () => {
      const { app, client } = await join();
      const { reply } = await client.call('/service/not-json', 'x');
      expect(reply).toMatchObject({ successful: false, error: '500::service_failed' });
      expect(app.log.takeErrors()).toHaveLength(1);
      expect((await client.call('/service/value', 1)).answers).toEqual([{ got: 1 }]);
    });

    it('tells the handler whose session it is', async () => {
      const { client } = await join('alice');
      const { answers } = await client.call('/service/who', {});
      expect(answers).toEqual([{ userId: 'alice', id: client.clientId, alive: true, kind: 'user' }]);
    });

    it('lets a handler push to its caller', async () => {
      const { client } = await join();
      const { answers } = await client.call('/service/push', {});
      expect(answers).toEqual(['answered']);
      expect(await client.receive()).toEqual([{ channel: '/mine', data: 'pushed by the handler' }]);
    });

    it('has no handler for other services', async () => {
      const { client } = await join();
      for (const channel of ['/service/unknown', '/service/value/below', '/service/constructor']) {
        expect((await client.call(channel, {})).reply).toMatchObject({
          successful: false,
          error: '404::service_unknown',
        });
      }
    });

    it('is made once a session if it is request-scoped', async () => {
      const { app, client } = await join();
      const other = await app.socket().join();
      const [one] = (await client.call('/service/scoped', {})).answers as {
        counter: number;
        count: number;
      }[];
      const [two] = (await other.call('/service/scoped', {})).answers as { counter: number; count: number }[];
      expect(two?.counter).not.toBe(one?.counter);
      expect((await client.call('/service/scoped', {})).answers).toEqual([
        { counter: one?.counter, count: 2 },
      ]);
      expect((await other.call('/service/scoped', {})).answers).toEqual([
        { counter: two?.counter, count: 2 },
      ]);
    });
  });
});
