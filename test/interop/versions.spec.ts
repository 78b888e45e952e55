import { createRequire } from 'node:module';
import type { CometD } from 'cometd';
import type Faye from 'faye';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { until } from '../support/until.js';
import { CometdClient } from './cometd.client.js';
import { FayeClient, fayeConnection } from './faye.client.js';
import { Interop, TIMES } from './interop.js';
import type { RealClient, RealClientFactory } from './real-client.js';

// Packages of several versions of one client, which are CommonJS, and of which there are types of the newest only.
const require = createRequire(import.meta.url);
const HANDSHAKE = '/meta/handshake';
const CONNECT = '/meta/connect';
const PRESENTED_ON = [HANDSHAKE, CONNECT, '/meta/subscribe'];

function cometd(name: string): RealClientFactory {
  const { CometD: Client } = require(name) as { CometD: new () => CometD };
  return (settings) => new CometdClient(settings, {}, Client);
}

function faye(name: string): RealClientFactory {
  const version = require(name) as Pick<typeof Faye, 'Client'>;
  return (settings) => new FayeClient(settings, fayeConnection(settings, version));
}

/** Clients that live in pages and programs for years. Those of today go through `life-cycle.ts`. */
const VERSIONS: readonly (readonly [version: string, create: RealClientFactory])[] = [
  ['cometd 3.1', cometd('cometd-3')],
  ['cometd 5.0', cometd('cometd-5')],
  ['cometd 7.0', cometd('cometd-7')],
  ['cometd 9.0', (settings) => new CometdClient(settings)],
  ['faye 1.0', faye('faye-1.0')],
  ['faye 1.1', faye('faye-1.1')],
  ['faye 1.2', faye('faye-1.2')],
  ['faye 1.4', (settings) => new FayeClient(settings)],
];

/** Seconds that a token is good for in which a client must have begun, on a busy machine too. */
const LIFETIME = 5;

/** Every client with a number of its own. */
const each = <T>(task: (create: RealClientFactory, number: number, version: string) => T): T[] =>
  VERSIONS.map(([version, create], number) => task(create, number, version));

describe.each(DEFAULT_TRANSPORTS)('clients of every version, over %s', (transport) => {
  const interop = new Interop(transport, (settings) => new CometdClient(settings));
  beforeAll(() =>
    interop.start(
      {
        auth: { clockTolerance: 0, expiry: { refreshLead: 0, grace: 0, suspend: false } },
        // faye 1.0 gives a reply a fifth of this in addition, and then asks again without end.
        session: { ...TIMES, timeout: 10_000 },
        rules: [{ channel: '/news', subscribe: true, publish: true }],
      },
      [ServiceGateway],
    ),
  );
  afterEach(() => interop.leave());
  afterAll(() => interop.finish());

  /** Lives through four connects of another client, which takes many times as long as a client takes to try again. */
  const meanwhile = async (): Promise<void> => {
    const good = await interop.client('good');
    await good.start();
    interop.app.service.sessions('good')[0]?.setTimes({ timeout: 200 });
    await until('four connects', () => good.sent(CONNECT) >= 4);
    await good.stop();
  };

  it.each(VERSIONS)('[C2] %s lives a whole life, and goes on when the network fails', async (_, create) => {
    const { app } = interop;
    const alice = await interop.client('alice', { presentedOn: PRESENTED_ON }, create);
    await alice.start();
    const inbox = await alice.subscribe('/user/alice/inbox');
    const news = await alice.subscribe('/news');
    await until('the client to be connected', () => alice.connected);
    expect(app.service.counts.sockets).toBe(transport === 'websocket' ? 1 : 0);
    expect(await app.service.sendMessage('alice', '/user/alice/inbox', 1)).toEqual({ sessions: 1 });
    await until('the message', () => inbox.length === 1);
    expect(await app.service.broadcast('/news', { n: 1 })).toEqual({ sessions: 1 });
    await until('the broadcast', () => news.length === 1);
    await alice.publish('/news', 'from alice');
    await until('the publish', () => news.length === 2);
    expect(await alice.call('/service/echo', { n: 1 })).toEqual({ echo: { n: 1 } });

    const { clientId } = alice;
    app.cutConnections();
    await until('the server to notice', () => app.service.counts.sockets === 0);
    expect(await app.service.sendMessage('alice', '/user/alice/inbox', 2)).toEqual({ sessions: 1 });
    await until('the message that waited', () => inbox.length === 2);
    expect(alice.clientId).toBe(clientId);
    expect(alice.sent(HANDSHAKE)).toBe(1);
    await alice.stop();
    await until('the session to end', () => app.service.counts.sessions === 0);
    expect(inbox).toEqual([1, 2]);
    expect(news).toEqual([{ n: 1 }, 'from alice']);
  });

  it('are refused once, and do not come back', async () => {
    const refused = await Promise.all(
      each((create, number) =>
        interop.client(undefined, number % 2 === 0 ? {} : { token: 'garbage' }, create),
      ),
    );
    await Promise.all(refused.map((client) => expect(client.start()).rejects.toThrow()));
    await meanwhile();
    expect(refused.map((client) => client.sent(HANDSHAKE))).toEqual(each(() => 1));
    expect(interop.app.service.counts.sessions).toBe(0);
  });

  it('come back once with a newer token, when theirs has expired', async () => {
    const { service } = interop.app;
    const clients: RealClient[] = [];
    for (const [number, [, create]] of VERSIONS.entries()) {
      const user = `user-${number}`;
      const [short, later] = [await interop.token(user, { expiresIn: LIFETIME }), await interop.token(user)];
      let ends = Infinity;
      const token = (): string => (interop.clock.wallTime() < ends ? short : later);
      const client = await interop.client(undefined, { token }, create);
      await client.start();
      ends = service.sessions(user)[0]?.principal.expiresAt ?? 0;
      clients.push(client);
    }
    const first = clients.map(({ clientId }) => clientId);
    // Their tokens end within it.
    interop.clock.skip(LIFETIME * 1_000);
    await until('new sessions', () =>
      clients.every((client, number) => client.clientId !== first[number] && client.connected),
    );
    await meanwhile();
    expect(clients.map((client) => client.sent(HANDSHAKE))).toEqual(each(() => 2));
    expect(each((_, number) => service.sessions(`user-${number}`).length)).toEqual(each(() => 1));
  });
});
