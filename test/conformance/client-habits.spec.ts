import type { CometModuleOptions } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { Bench, DEFAULT_TRANSPORTS, withIssuer } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import type { Members, Message } from '../support/message.js';
import { until } from '../support/until.js';

/** A token is good for a minute, and a little longer as clocks differ. */
const LIFE = 60_000 + 5_000;
const MINUTE = { expiresIn: 60 };
const AUTH = '/service/comet/auth';
const AT_ONCE = { advice: { timeout: 0 } };
const SUCCESS = { successful: true };
const json = JSON.stringify;

/** A token, and that its client will renew it. */
const refreshing = (token: string): Members => ({ ext: { auth: { token, refresh: true } } });

describe.each(DEFAULT_TRANSPORTS)(
  'a client that stops at messages it does not know, over %s',
  (transport) => {
    const issuer = withIssuer();
    const bench = new Bench('express', transport, issuer);
    afterEach(() => bench.finish());

    const OPTIONS: Partial<CometModuleOptions> = {
      session: { timeout: 300_000, maxInterval: 300_000, rehandshakeSpread: 0 },
      compat: { salesforce: true },
      rules: [{ channel: '/news', subscribe: { scope: 'news' } }],
    };
    const minted = (scope: string): Promise<string> => bench.token('alice', { ...MINUTE, claims: { scope } });
    /** Lives through the end of a subscription and of a token; what it was sent beyond replies. */
    const life = async (client: BayeuxClient, handshake: Members): Promise<Message[]> => {
      await client.join(handshake);
      expect(await client.subscribe('/news')).toMatchObject(SUCCESS);
      bench.clock.advance(10_000);
      // As a proxy that renews tokens would have it: the client itself knows nothing of it.
      expect(await client.connect({ ...AT_ONCE, ...presenting(await minted('chat')) })).toMatchObject(
        SUCCESS,
      );
      expect(await bench.app.service.broadcast('/news', 1)).toEqual({ sessions: 0 });
      await client.connect(AT_ONCE);
      bench.clock.advance(LIFE);
      await client.connect(AT_ONCE);
      return client.pushed();
    };

    it('[C1] is sent no notice about its token, nor about what a newer one has taken from it', async () => {
      await bench.startSecured(OPTIONS);
      expect(await life(bench.client(), presenting(await minted('news')))).toEqual([]);
    });

    it('[C1] is sent them if it has said at the handshake that it renews its token', async () => {
      await bench.startSecured(OPTIONS);
      const pushed = await life(bench.client(), refreshing(await minted('news')));
      expect(pushed.map(({ channel, data }) => ({ channel, data }))).toEqual([
        { channel: AUTH, data: { type: 'unsubscribed', channels: ['/news'] } },
        { channel: AUTH, data: { type: 'expiring', expires_in: expect.any(Number) as number } },
      ]);
    });

    it.each([false, 'true', 1, null, {}])(
      '[C1] is sent none if what it says of it is %j, or comes after the handshake',
      async (refresh) => {
        await bench.startSecured(OPTIONS);
        const client = bench.client();
        await client.join({ ext: { auth: { token: await minted('news'), refresh } } });
        await client.connect({ ...AT_ONCE, ext: { auth: { refresh: true, token: await minted('news') } } });
        bench.clock.advance(LIFE);
        await client.connect(AT_ONCE);
        expect(client.pushed()).toEqual([]);
      },
    );

    it('[C1] is sent none in the dialect of Salesforce, whatever it says, and no word of its token', async () => {
      await bench.startSecured(OPTIONS);
      const client = bench.client({}, '/61.0');
      expect(await life(client, refreshing(await minted('news')))).toEqual([]);
      expect(client.received.filter(({ ext }) => ext !== undefined)).toEqual([]);
    });
  },
);

describe('a client whose heartbeat is an empty array', () => {
  const bench = new Bench('express', 'websocket');
  afterEach(() => bench.finish());

  it('[C2] is not answered, and counts as heard: its socket and its session stay', async () => {
    await bench.start({
      session: { timeout: 10_000, maxInterval: 10_000 },
      websocket: { idleTimeout: 30_000 },
    });
    const client = await bench.socket().join();
    const before = client.frames.length;
    for (let beat = 0; beat < 20; beat++) {
      bench.clock.advance(9_000);
      await client.sendRaw(beat % 2 === 0 ? '[]' : ' [ ] ');
      await heard(bench);
    }
    expect(client.closed).toBeUndefined();
    expect(client.frames).toHaveLength(before);
    expect(bench.app.service.counts.sessions).toBe(1);
  });

  it('[C2] is not active by that, where sessions that do nothing are ended', async () => {
    await bench.start({ session: { maxInactivity: 60_000 } });
    const client = await bench.socket().join();
    for (let second = 0; second <= 60; second += 20) {
      bench.clock.advance(20_000);
      await client.sendRaw('[]');
      await heard(bench);
    }
    expect(await client.connect(AT_ONCE)).toMatchObject({ advice: { reconnect: 'none' } });
  });

  it('[C2] needs a session all the same: heartbeats alone keep no socket open', async () => {
    await bench.start({ limits: { handshakeTimeout: 10_000 } });
    const client = bench.socket();
    await client.open();
    for (let second = 0; second < 9; second++) {
      await client.sendRaw('[]');
      bench.clock.advance(1_000);
    }
    await client.exchange(json([{ channel: '/a', id: '1', data: 1 }]));
    bench.clock.advance(1_000);
    expect(await client.end()).toEqual({ code: 1008, reason: 'no session' });
  });
});

/** Waits until the frames sent so far have been read: those of another socket come in behind them. */
async function heard(bench: Bench): Promise<void> {
  const other = bench.socket();
  await other.exchange(json([{ channel: '/a', id: '1', data: 1 }]));
  await other.close();
  await until('the other socket to go', () => bench.app.service.counts.sockets === 1);
}

describe.each(DEFAULT_TRANSPORTS)(
  'a client that writes null for what it does not say, over %s',
  (transport) => {
    const bench = new Bench('express', transport);
    afterEach(() => bench.finish());

    const NOTHING = { id: null, ext: null, advice: null };

    it('[C6] lives a whole life: a member that is null is not there', async () => {
      await bench.start();
      const client = bench.client();
      const [welcome] = await client.exchange(
        json([
          {
            ...NOTHING,
            ...{ channel: '/meta/handshake', clientId: null, minimumVersion: null, version: null },
            ...{ supportedConnectionTypes: null, data: null, subscription: null, connectionType: null },
          },
        ]),
      );
      expect(welcome).toMatchObject({ channel: '/meta/handshake', ...SUCCESS });
      expect(welcome).not.toHaveProperty('id');
      const { clientId } = welcome as Message;
      const said = async (members: Members): Promise<Message[]> =>
        client.exchange(json([{ ...NOTHING, clientId, ...members }]));
      expect(await said({ channel: '/meta/connect', connectionType: null, data: null })).toEqual([
        { channel: '/meta/connect', ...SUCCESS, advice: expect.anything() as unknown },
      ]);
      const subscription = '/news';
      expect(await said({ channel: '/meta/subscribe', subscription })).toEqual([
        { channel: '/meta/subscribe', subscription, ...SUCCESS },
      ]);
      expect(await said({ channel: '/meta/unsubscribe', subscription })).toEqual([
        { channel: '/meta/unsubscribe', subscription, ...SUCCESS },
      ]);
      expect(await said({ channel: '/meta/disconnect' })).toEqual([
        { channel: '/meta/disconnect', ...SUCCESS },
      ]);
    });

    it('[C6] publishes null as data, and its reply has no id', async () => {
      await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/news');
      const { clientId } = client;
      const replies = await client.exchange(json([{ ...NOTHING, channel: '/news', clientId, data: null }]));
      expect(replies).toEqual(
        expect.arrayContaining([
          { channel: '/news', data: null },
          { channel: '/news', ...SUCCESS },
        ]),
      );
      client.pushed();
    });

    it.each([7, 0, -1, 1.5, 'a', '7'])('[C6] is told its own id of %j as a text', async (id) => {
      await bench.start();
      const replies = await bench.client().exchange(json([{ channel: '/meta/handshake', id }]));
      expect(replies).toMatchObject([{ ...SUCCESS, id: String(id) }]);
    });

    it('[C6] is answered once for each message, also where two have one id', async () => {
      await bench.start();
      const client = await bench.client().join();
      const { clientId } = client;
      const replies = await client.exchange(
        json(['/a', '/b'].map((channel) => ({ channel, clientId, id: '1', data: channel }))),
      );
      expect(replies).toEqual([
        { channel: '/a', id: '1', ...SUCCESS },
        { channel: '/b', id: '1', ...SUCCESS },
      ]);
    });
  },
);
