import { type CanActivate, type ExecutionContext, Injectable, UseGuards } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { of } from 'rxjs';
import {
  ChannelParam,
  CometContext,
  CometError,
  CometGateway,
  type CometModuleOptions,
  type CometSession,
  OnPublish,
  OnSubscribe,
  type TokenVerifier,
} from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import { PollingClient } from '../support/polling.client.js';
import { SocketClient } from '../support/socket.client.js';
import { until } from '../support/until.js';
import { type NestApp, NestStage } from './support/nest-stage.js';
import { scopedTokens } from './support/scoped-tokens.js';

const SECRET = 'postgres://admin:hunter2@db';
const DENIED = '403:denied_by_handler:subscribe_denied';

/** Knows tokens by their scopes, and has each be newer than the one before. */
function newerTokens(): TokenVerifier {
  let issuedAt = 0;
  return {
    verify: async (token) => {
      issuedAt += 1_000;
      return { ...(await scopedTokens.verify(token)), issuedAt, tokenRef: String(issuedAt) };
    },
  };
}

@Injectable()
class RoomGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { params, session } = CometContext.of(context);
    return session.principal.scopes.includes('rooms') || params['room'] === 'lobby';
  }
}

@CometGateway()
class SubscribesGateway {
  readonly asked: unknown[] = [];
  readonly done: string[] = [];
  #release: () => void = () => undefined;
  readonly #released = new Promise<void>((resolve) => (this.#release = resolve));

  release(): void {
    this.#release();
  }

  @OnSubscribe('/halls/{hall}')
  hall(
    @ChannelParam('hall') hall: string,
    @MessageBody() name: string,
    @ConnectedSocket() session: CometSession,
  ): unknown {
    this.asked.push({ hall, name, userId: session.userId });
    switch (hall) {
      case 'false':
        return false;
      case 'promised-false':
        return Promise.resolve(false);
      case 'observable-of-false':
        return of(false);
      case 'refused':
        throw new CometError(403, 'not_a_member', { args: hall, details: { ask: 'bob' } });
      case 'failing':
        return Promise.reject(new Error(SECRET));
      case 'null':
        return null;
      case 'zero':
        return 0;
      default:
        return hall === 'true' ? true : undefined;
    }
  }

  @OnSubscribe('/halls/**')
  async everything(_session: CometSession, name: string): Promise<void> {
    await Promise.resolve();
    this.asked.push({ everything: name });
  }

  @OnSubscribe('/rooms/{room}')
  @UseGuards(RoomGuard)
  room(@ChannelParam('room') room: string): void {
    this.asked.push(room);
  }

  @OnSubscribe('/slow/one')
  async slowSubscribe(): Promise<void> {
    this.asked.push('slow');
    await this.#released;
    this.done.push('subscribe');
  }

  @OnPublish('/slow/one')
  async slowPublish(): Promise<void> {
    await this.#released;
    this.done.push('publish');
  }

  @SubscribeMessage('/service/slow')
  async slowCall(): Promise<void> {
    await this.#released;
    this.done.push('call');
  }
}

describe.each(DEFAULT_TRANSPORTS)('@OnSubscribe over %s', (transport) => {
  const stage = new NestStage();
  const start = async (user = 'alice.rooms', options: Partial<CometModuleOptions> = {}) => {
    const app = await stage.start({
      options: { auth: { anonymous: true, verifier: newerTokens() }, ...options },
      providers: [SubscribesGateway, RoomGuard],
    });
    const client = await join(app, user);
    return { app, gateway: app.app.get(SubscribesGateway), client };
  };
  const join = (app: NestApp, user: string): Promise<BayeuxClient> =>
    (transport === 'websocket' ? app.socket() : app.polling()).join(presenting(user));
  const heldBy = (app: NestApp, { clientId }: BayeuxClient): readonly string[] =>
    [...(app.service.findSession(clientId)?.subscriptions ?? [])].sort();

  it('lets a subscription be where it says nothing, or anything but false', async () => {
    const { app, client, gateway } = await start();
    for (const hall of ['nothing', 'true', 'null', 'zero']) {
      expect(await client.subscribe(`/halls/${hall}`)).toMatchObject({ successful: true });
    }
    expect(heldBy(app, client)).toHaveLength(4);
    expect(gateway.asked.slice(0, 2)).toEqual([
      { everything: '/halls/nothing' },
      { hall: 'nothing', name: '/halls/nothing', userId: 'alice' },
    ]);
  });

  it.each([
    ['false', DENIED, undefined],
    ['promised-false', DENIED, undefined],
    ['observable-of-false', DENIED, undefined],
    ['refused', '403:refused:not_a_member', { ask: 'bob' }],
  ])('refuses one in its own words: %s', async (hall, error, details) => {
    const { app, client } = await start();
    const reply = await client.subscribe(`/halls/${hall}`);
    expect(reply).toMatchObject({ successful: false, error, subscription: `/halls/${hall}` });
    expect(reply.ext).toEqual(details && { details });
    expect(app.service.counts.channels).toBe(0);
  });

  it('that breaks refuses, and the log alone says why', async () => {
    const { app, client } = await start();
    const reply = await client.subscribe('/halls/failing');
    expect(reply).toMatchObject({ successful: false, error: '500::server_error' });
    expect(JSON.stringify(reply)).not.toContain(SECRET);
    expect(app.log.takeErrors()).toEqual([expect.stringContaining(SECRET)]);
    expect(app.service.counts.channels).toBe(0);
  });

  it('has all or nothing of a list, and is not asked about services in it', async () => {
    const { app, client, gateway } = await start();
    await client.subscribe('/halls/before');
    gateway.asked.length = 0;
    const list = ['/halls/a', '/service/slow', '/halls/false', '/halls/never'];
    expect(await client.subscribe(list)).toMatchObject({
      ...{ successful: false, error: DENIED, subscription: list },
    });
    expect(heldBy(app, client)).toEqual(['/halls/before']);
    expect(gateway.asked).not.toContainEqual({ everything: '/halls/never' });
    expect(gateway.asked).not.toContainEqual({ everything: '/service/slow' });
    expect(await client.subscribe(['/halls/a', '/service/slow', '/plain'])).toMatchObject({
      successful: true,
    });
    expect(heldBy(app, client)).toEqual(['/halls/a', '/halls/before', '/plain']);
  });

  it.each([
    ['/halls/*', '*'],
    ['/halls/**', '**'],
  ])(
    'is asked for %s too, which brings its messages, with the wildcard as the variable',
    async (name, hall) => {
      const { client, gateway } = await start();
      expect(await client.subscribe(name)).toMatchObject({ successful: true });
      expect(gateway.asked).toEqual([{ everything: name }, { hall, name, userId: 'alice' }]);
      gateway.asked.length = 0;
      for (const other of ['/halls', '/hall/x', '/*']) await client.subscribe(other);
      expect(gateway.asked).not.toContainEqual(expect.objectContaining({ userId: 'alice' }));
    },
  );

  it('is asked again for what is subscribed to already', async () => {
    const { app, client, gateway } = await start();
    await client.subscribe('/halls/a');
    await client.subscribe('/halls/a');
    expect(gateway.asked).toHaveLength(4);
    await client.unsubscribe('/halls/a');
    expect(heldBy(app, client)).toEqual([]);
    expect(gateway.asked).toHaveLength(4);
  });

  it('hears of nothing that rules deny', async () => {
    const { client, gateway } = await start('alice.', {
      rules: [{ channel: '/halls/open', subscribe: true }],
    });
    expect((await client.subscribe('/halls/closed')).error).toMatch(/^403:denied_\w+:subscribe_denied$/);
    expect(gateway.asked).toEqual([]);
    expect(await client.subscribe('/halls/open')).toMatchObject({ successful: true });
  });

  it('has its guards asked anew for another token, its method not, and takes back what they refuse', async () => {
    const { app, client, gateway } = await start();
    await client.subscribe(['/rooms/lobby', '/rooms/a', '/rooms/*', '/plain', '/halls/a']);
    expect(gateway.asked).toEqual(['lobby', 'a', '*', { everything: '/halls/a' }, expect.anything()]);
    gateway.asked.length = 0;
    await client.connect({ advice: { timeout: 0 }, ...presenting('alice.other') });
    await until('what is refused to go', () => heldBy(app, client).length === 3);
    expect(heldBy(app, client)).toEqual(['/halls/a', '/plain', '/rooms/lobby']);
    expect(gateway.asked).toEqual([]);
    expect(await client.subscribe('/rooms/a')).toMatchObject({ successful: false });
    await client.connect({ advice: { timeout: 0 }, ...presenting('alice.rooms') });
    expect(await client.subscribe('/rooms/a')).toMatchObject({ successful: true });
  });

  it('subscribes no session that has ended meanwhile', async () => {
    const { app, client, gateway } = await start();
    const reply = client.subscribe('/slow/one').catch(() => undefined);
    await until('it to begin', () => gateway.asked.length > 0);
    app.service.findSession(client.clientId)?.disconnect();
    gateway.release();
    await reply;
    expect(app.service.counts).toMatchObject({ sessions: 0, channels: 0 });
  });

  it('is given up after `session.hookTimeout`, which refuses', async () => {
    const { app, client, gateway } = await start();
    const reply = client.subscribe('/slow/one');
    await until('it to begin', () => gateway.asked.length > 0);
    app.clock.advance(10_000);
    expect(await reply).toMatchObject({ successful: false, error: '403::subscribe_failed' });
    expect(app.log.takeErrors()).toEqual([expect.stringContaining('took more than 10000 ms')]);
    gateway.release();
    expect(app.service.counts.channels).toBe(0);
  });

  it('keeps calls, publishes, subscriptions and their ends of a session in order; its connect overtakes', async () => {
    const { app, client, gateway } = await start();
    const { clientId } = client;
    const sent = client.send([
      { channel: '/service/slow', clientId, data: 1 },
      { channel: '/slow/one', clientId, data: 2 },
      { channel: '/meta/subscribe', clientId, subscription: '/slow/one' },
      { channel: '/meta/unsubscribe', clientId, subscription: '/slow/one' },
      { channel: '/slow/one', clientId, data: 3 },
    ]);
    await until('the first to begin', () => app.clock.armed > 1);
    expect(await client.connect({ advice: { timeout: 0 } })).toMatchObject({ successful: true });
    const other = await join(app, 'bob.');
    expect(await other.subscribe('/halls/a')).toMatchObject({ successful: true });
    expect(gateway.done).toEqual([]);
    gateway.release();
    const replies = await sent;
    expect(replies.map(({ channel, successful }) => [channel, successful])).toEqual([
      ['/service/slow', true],
      ['/slow/one', true],
      ['/meta/subscribe', true],
      ['/meta/unsubscribe', true],
      ['/slow/one', true],
    ]);
    expect(gateway.done).toEqual(['call', 'publish', 'subscribe', 'publish']);
    expect(heldBy(app, client)).toEqual([]);
  });

  it('knows names of the Salesforce dialect as the server does', async () => {
    const { app, gateway } = await start('alice.', { compat: { salesforce: true } });
    const url = `${app.url}/61.0`;
    const client = await new (transport === 'websocket' ? SocketClient : PollingClient)({ url }).join();
    expect(await client.subscribe('/halls/a/?x=1')).toMatchObject({
      ...{ successful: true, subscription: '/halls/a/?x=1' },
    });
    expect(gateway.asked).toEqual([
      { everything: '/halls/a' },
      { hall: 'a', name: '/halls/a', userId: null },
    ]);
    expect(await client.subscribe('/halls/false?x=1')).toMatchObject({ error: DENIED });
    await client.close();
  });

  it('is not asked about sessions of the server', async () => {
    const { app, gateway } = await start();
    const local = app.service.openSession('worker');
    await local.subscribe('/halls/false', () => undefined);
    expect(gateway.asked).toEqual([]);
    local.disconnect();
  });
});
