import { UsePipes, ValidationPipe } from '@nestjs/common';
import { ConnectedSocket, MessageBody } from '@nestjs/websockets';
import { Type } from 'class-transformer';
import { IsInt, IsString } from 'class-validator';
import { concat, delay, EMPTY, of } from 'rxjs';
import {
  BinaryData,
  ChannelParam,
  CometError,
  CometGateway,
  type CometMessage,
  type CometSession,
  OnChannel,
  OnPublish,
} from '../../src/index.js';
import { CometPushModule } from '../../src/push/index.js';
import { push } from '../push/push.stage.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { until } from '../support/until.js';
import { type NestApp, NestStage } from './support/nest-stage.js';
import { scopedTokens } from './support/scoped-tokens.js';

const SECRET = 'postgres://admin:hunter2@db';

class LineDto {
  @IsString()
  text: string;

  @IsInt()
  @Type(() => Number)
  room: number;
}

/** What a handler of `/results/{name}` returns. */
const RESULTS: Record<string, () => unknown> = {
  nothing: () => undefined,
  'promised-nothing': () => Promise.resolve(),
  'no-values': () => EMPTY,
  true: () => true,
  null: () => null,
  zero: () => 0,
  'empty-text': () => '',
  list: () => [1, [2]],
  object: () => ({ new: 'data' }),
  promise: () => Promise.resolve({ later: 1 }),
  values: () => concat(of(1), of(2).pipe(delay(1))),
  bytes: () => new BinaryData(Uint8Array.of(1, 2, 3, 4)),
  false: () => false,
  'promised-false': () => Promise.resolve(false),
  refused: () => {
    throw new CometError(422, 'too_rude', { args: 'x', details: { words: ['damn'] } });
  },
  failing: () => Promise.reject(new Error(SECRET)),
  bigint: () => ({ amount: 1n }),
  function: () => () => 1,
  symbol: () => Promise.resolve(Symbol('x')),
};

@CometGateway()
class PublishesGateway {
  readonly heard: unknown[] = [];
  readonly begun: unknown[] = [];
  #release: () => void = () => undefined;
  readonly #released = new Promise<void>((resolve) => (this.#release = resolve));

  release(): void {
    this.#release();
  }

  @OnPublish('/results/{name}')
  result(@ChannelParam('name') name: string): unknown {
    return RESULTS[name]?.();
  }

  @OnChannel('/**')
  hear({ channel, data }: CometMessage): void {
    this.heard.push({ channel, data });
  }

  // In another order than that of their turns.
  @OnPublish('/order/exact')
  exactly(_session: CometSession, data: unknown[]): unknown {
    return [...data, 'exact'];
  }

  @OnPublish('/order/*')
  async byPattern(_session: CometSession, data: unknown[]): Promise<unknown> {
    await Promise.resolve();
    return [...data, '*'];
  }

  @OnPublish('/order/{name}')
  byTemplate(@MessageBody() data: unknown[], @ChannelParam('name') name: string): unknown {
    return [...data, `{${name}}`];
  }

  @OnPublish('/order/**')
  byDeepPattern(_session: CometSession, data: unknown[]): unknown {
    return [...data, '**'];
  }

  @OnPublish('/stacked/a')
  @OnPublish('/stacked/b')
  stacked(@MessageBody() data: number): number {
    return data + 1;
  }

  @OnPublish('/lines')
  @UsePipes(new ValidationPipe({ transform: true }))
  line(@MessageBody() line: LineDto, @ConnectedSocket() session: CometSession): unknown {
    return { isLine: line instanceof LineDto, text: line.text, room: line.room, from: session.userId };
  }

  @OnPublish('/bytes')
  bytes(@MessageBody() data: unknown): unknown {
    return data instanceof BinaryData ? new BinaryData(data.bytes.slice().reverse()) : false;
  }

  @OnPublish('/slow/**')
  async slow(@MessageBody() data: unknown): Promise<unknown> {
    this.begun.push(data);
    await this.#released;
    return { slow: data };
  }

  @OnPublish('/slow/then')
  afterSlow(): void {
    this.begun.push('after');
  }
}

describe.each(DEFAULT_TRANSPORTS)('@OnPublish over %s', (transport) => {
  const stage = new NestStage();
  const client = async (app: NestApp, user?: string, members = {}): Promise<BayeuxClient> =>
    (transport === 'websocket' ? app.socket(user) : app.polling(user)).join(members);
  const start = async (...subscriptions: string[]) => {
    const app = await stage.start({ providers: [PublishesGateway] });
    const gateway = app.app.get(PublishesGateway);
    const subscriber = await app.socket().join();
    const { successful } = await subscriber.subscribe(
      subscriptions.length > 0 ? subscriptions : '/results/*',
    );
    expect(successful).toBe(true);
    /** What has come to the subscriber, once it must have. */
    const received = async (): Promise<unknown[]> => {
      await subscriber.sync();
      return subscriber.pushed().map(({ data, ext }) => (ext ? { data, ext } : { data }));
    };
    return { app, gateway, received, client: await client(app, 'alice') };
  };

  it.each([
    ['nothing', 'sent'],
    ['promised-nothing', 'sent'],
    ['no-values', 'sent'],
    ['true', 'sent'],
    ['null', null],
    ['zero', 0],
    ['empty-text', ''],
    ['list', [1, [2]]],
    ['object', { new: 'data' }],
    ['promise', { later: 1 }],
    ['values', 2],
  ])('replaces the data by what it returns: %s', async (name, data) => {
    const { client: alice, received, gateway } = await start();
    expect(await alice.publish(`/results/${name}`, 'sent')).toMatchObject({ successful: true });
    expect(await received()).toEqual([{ data }]);
    expect(gateway.heard).toEqual([{ channel: `/results/${name}`, data }]);
  });

  it.each([
    ['false', '404::message_deleted', undefined],
    ['promised-false', '404::message_deleted', undefined],
    ['refused', '422:x:too_rude', { words: ['damn'] }],
  ])('refuses what it does not let pass: %s', async (name, error, details) => {
    const { client: alice, received, gateway } = await start();
    const reply = await alice.publish(`/results/${name}`, 'sent');
    expect(reply).toMatchObject({ successful: false, error });
    expect(reply.ext).toEqual(details && { details });
    expect(await received()).toEqual([]);
    expect(gateway.heard).toEqual([]);
  });

  it.each([
    ['failing', '500::server_error', SECRET],
    ['bigint', '500::server_error', 'BigInt'],
    ['function', '500::server_error', 'JSON can express'],
    ['symbol', '500::server_error', 'JSON can express'],
  ])('fails for %s, of which the log alone says why, and none hears', async (name, error, why) => {
    const { app, client: alice, received, gateway } = await start();
    const reply = await alice.publish(`/results/${name}`, 'sent');
    expect(reply).toMatchObject({ successful: false, error });
    expect(JSON.stringify(reply)).not.toContain(SECRET);
    expect(app.log.takeErrors()).toEqual([expect.stringContaining(why)]);
    expect(await received()).toEqual([]);
    expect(gateway.heard).toEqual([]);
  });

  it('asks all that are concerned, the most general first, each with what the one before has made', async () => {
    const { client: alice, received } = await start('/order/**', '/orders', '/stacked/*');
    await alice.publish('/order/exact', []);
    await alice.publish('/order/other', []);
    await alice.publish('/order/far/below', []);
    await alice.publish('/orders', []);
    expect(await received()).toEqual([
      { data: ['**', '*', '{exact}', 'exact'] },
      { data: ['**', '*', '{other}'] },
      { data: ['**'] },
      { data: [] },
    ]);
    await alice.publish('/stacked/a', 1);
    await alice.publish('/stacked/b', 2);
    expect(await received()).toEqual([{ data: 2 }, { data: 3 }]);
  });

  it('validates DTOs, whose instances it is given, and says what is wrong with them', async () => {
    const { client: alice, received } = await start('/lines');
    expect(await alice.publish('/lines', { text: 'hello', room: '7' })).toMatchObject({ successful: true });
    expect(await received()).toEqual([{ data: { isLine: true, text: 'hello', room: 7, from: 'alice' } }]);
    const reply = await alice.publish('/lines', { text: 1, room: 7 });
    expect(reply.successful).toBe(false);
    expect(reply.error).toMatch(/^400::.*text must be/);
    expect(await received()).toEqual([]);
  });

  it('is given bytes, and gives back others', async () => {
    const { client: alice, received } = await start('/bytes', '/results/*');
    const mark = { ext: { binary: {} } };
    const data = { data: 'HelloWorld', last: true };
    expect(await alice.publish('/bytes', data, mark)).toMatchObject({ successful: true });
    await alice.publish('/results/bytes', 'sent');
    const [reversed, made] = (await received()) as { data: { data: string }; ext: unknown }[];
    expect(reversed).toMatchObject({ data: { last: true }, ...mark });
    expect(reversed?.data.data).not.toBe('HelloWorld');
    expect(made).toMatchObject({ data: { last: true }, ...mark });
    expect(await alice.publish('/bytes', 'text')).toMatchObject({ error: '404::message_deleted' });
  });

  it('keeps publishes, calls and subscriptions of a session in order while it takes its time, but no connect', async () => {
    const { app, client: alice, gateway, received } = await start('/slow/**');
    const first = alice.send([
      { channel: '/slow/a', clientId: alice.clientId, data: 1 },
      { channel: '/slow/b', clientId: alice.clientId, data: 2 },
      { channel: '/plain', clientId: alice.clientId, data: 3 },
    ]);
    await until('the first to begin', () => gateway.begun.length > 0);
    const connect = await alice.connect({ advice: { timeout: 0 } });
    expect(connect).toMatchObject({ successful: true });
    const other = await client(app);
    expect(await other.publish('/plain', 'of another')).toMatchObject({ successful: true });
    expect(gateway.begun).toEqual([1]);
    gateway.release();
    expect((await first).map(({ successful }) => successful)).toEqual([true, true, true]);
    expect(await received()).toEqual([{ data: { slow: 1 } }, { data: { slow: 2 } }]);
    expect(gateway.heard.map((message) => (message as CometMessage).data)).toEqual([
      'of another',
      { slow: 1 },
      { slow: 2 },
      3,
    ]);
  });

  it('is given up after `session.hookTimeout`, and no other begins after it', async () => {
    const { app, client: alice, gateway, received } = await start('/slow/**');
    const reply = alice.publish('/slow/then', 1);
    await until('it to begin', () => gateway.begun.length > 0);
    app.clock.advance(10_000);
    expect(await reply).toMatchObject({ successful: false, error: '503::publish_failed' });
    expect(app.log.takeErrors()).toEqual([expect.stringContaining('took more than 10000 ms')]);
    gateway.release();
    expect(await received()).toEqual([]);
    expect(gateway.begun).toEqual([1]);
  });

  it('lets nothing pass of a session that was sent away meanwhile', async () => {
    const { app, client: alice, gateway, received } = await start('/slow/**');
    const reply = alice.publish('/slow/a', 1).catch(() => undefined);
    await until('it to begin', () => gateway.begun.length > 0);
    app.service.findSession(alice.clientId)?.disconnect();
    gateway.release();
    await reply;
    expect(await received()).toEqual([]);
  });

  it('serves sessions with acknowledged delivery', async () => {
    const { app } = await start();
    const bob = await client(app, 'bob', { ext: { ack: true } });
    await bob.subscribe('/results/**');
    expect(await bob.publish('/results/object', 1)).toMatchObject({ successful: true });
    await bob.connect({ advice: { timeout: 0 }, ext: { ack: 1 } });
    expect(bob.pushed()).toMatchObject([{ channel: '/results/object', data: { new: 'data' } }]);
  });
});

@CometGateway()
class StrictGateway {
  @OnPublish('/**')
  nothing(): boolean {
    return false;
  }
}

describe('@OnPublish', () => {
  const stage = new NestStage();

  it('is not asked about what the server sends: broadcasts, messages to users, and its own sessions', async () => {
    const app = await stage.start({ providers: [StrictGateway] });
    const client = await app.socket('alice').join();
    await client.subscribe('/news');
    expect(await client.publish('/news', 0)).toMatchObject({ error: '404::message_deleted' });
    await app.service.broadcast('/news', 1);
    await app.service.sendMessage('alice', '/news', 2);
    const local = app.service.openSession('worker');
    await local.publish('/news', 3);
    expect((await client.receive(3)).map(({ data }) => data)).toEqual([1, 2, 3]);
    local.disconnect();
  });

  it('is not asked about what services push over HTTP, as they have no session', async () => {
    const app = await stage.start({
      options: { auth: { anonymous: true, verifier: scopedTokens } },
      imports: [CometPushModule.register({})],
      providers: [StrictGateway],
    });
    const client = await app.socket().join();
    await client.subscribe('/news/**');
    expect(await push(app, { channel: '/news/sport', data: 1 })).toMatchObject({ status: 202 });
    expect((await client.receive()).map(({ data }) => data)).toEqual([1]);
  });
});
