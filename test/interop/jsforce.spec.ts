import type { CometApp } from '../support/comet-app.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { until } from '../support/until.js';
import { type Interop, TIMES, withRealClient } from './interop.js';
import { JsforceClient, jsforceConnection, REPLAYED } from './jsforce.client.js';

/** Milliseconds that a socket has to shake hands: it opens one before it knows whether it may use it, and leaves it open. */
const HANDSHAKE_TIMEOUT = 1_000;
const SETTINGS = {
  limits: { handshakeTimeout: HANDSHAKE_TIMEOUT },
  compat: { salesforce: true },
  // It gives a reply a fifth of this in addition, and then waits for five seconds before it asks again.
  session: { ...TIMES, timeout: 500 },
  rules: [{ channel: '/topic/**', subscribe: true }],
};
const CONNECT = '/meta/connect';
const HANDSHAKE = '/meta/handshake';
const SUBSCRIBE = '/meta/subscribe';

/** Deadlines of one session: its expiry, the end of its token, the end of its connect. */
const HELD = 3;

async function clientOf(interop: Interop, user: string | undefined, token?: string): Promise<JsforceClient> {
  return (await interop.client(user, token === undefined ? {} : { token })) as JsforceClient;
}

/** A client that has subscribed to a topic, and what it gets of it. */
async function subscriber(interop: Interop, app: CometApp) {
  const alice = await clientOf(interop, 'alice');
  await alice.start();
  const news = await alice.subscribe(REPLAYED);
  await until('the client to be connected', () => alice.connected);
  interop.clock.skip(HANDSHAKE_TIMEOUT);
  const sockets = interop.transport === 'websocket' ? 1 : 0;
  await until('sockets without a session to be closed', () => app.service.counts.sockets === sockets);
  return { alice, news };
}

describe('the streaming client of jsforce', () => {
  withRealClient(
    (settings) => new JsforceClient(settings),
    (interop) => {
      it('shakes hands with its OAuth token, subscribes, receives events and leaves', async () => {
        const app = await interop.start(SETTINGS);
        const { alice, news } = await subscriber(interop, app);
        expect(app.service.counts).toMatchObject({ sessions: 1, channels: 1 });
        expect(await app.service.sendMessage('alice', REPLAYED, 'for alice')).toEqual({ sessions: 1 });
        for (let number = 0; number < 20; number++) {
          await app.service.broadcast(REPLAYED, { event: { replayId: number }, sobject: { number } });
        }
        await until('the events', () => news.length === 21);
        expect(news[20]).toEqual({ event: { replayId: 19 }, sobject: { number: 19 } });
        const before = alice.sent(CONNECT);
        await until('two more connects', () => alice.sent(CONNECT) >= before + 2);
        expect(alice.errors(CONNECT)).toEqual([]);
        expect(alice.failures).toEqual([]);
        expect(alice.sent(HANDSHAKE)).toBe(1);
        await alice.stop();
        await until('the session to end', () => app.service.counts.sessions === 0);
      });

      it('is told by its extension that its token is bad, and does not try again', async () => {
        const app = await interop.start(SETTINGS);
        const refused = await clientOf(interop, undefined, 'garbage');
        // Its extension keeps the refusal to itself, so that this neither succeeds nor fails.
        void refused.start();
        await until('the failure', () => refused.failures.length > 0);
        expect(refused.failures).toMatchObject([
          { channel: HANDSHAKE, error: '401::invalid_token', advice: { reconnect: 'none' } },
        ]);
        // Meanwhile another one lives its life.
        const { alice } = await subscriber(interop, app);
        await until('three connects', () => alice.sent(CONNECT) >= 3);
        expect(refused.sent(HANDSHAKE)).toBe(1);
        expect(refused.failures).toHaveLength(1);
        expect(refused.connected).toBe(false);
      });

      it('shakes hands anew when its session is unknown, and receives events again', async () => {
        const app = await interop.start(SETTINGS);
        const { alice, news } = await subscriber(interop, app);
        const { clientId } = alice;
        if (clientId !== null) app.server.sessions.find(clientId)?.end('timeout');
        await until('a new subscription', () => app.service.counts.channels === 1 && alice.connected);
        expect(alice.errors(CONNECT)).toEqual(['403::Unknown client']);
        expect(alice.clientId).not.toBe(clientId);
        expect(await app.service.broadcast(REPLAYED, 'again')).toEqual({ sessions: 1 });
        await until('the event', () => news.length === 1);
        expect(news).toEqual(['again']);
        expect(alice.sent(HANDSHAKE)).toBe(2);
        expect(alice.sent(SUBSCRIBE)).toBe(2);
        expect(alice.failures).toEqual([]);
      });

      it('stops for good when the server ends its session, and is told by its extension', async () => {
        const app = await interop.start(SETTINGS, [GreeterGateway]);
        const { alice } = await subscriber(interop, app);
        await until('a connect to be held', () => app.service.counts.deadlines === HELD);
        app.get(GreeterGateway).sessions[0]?.disconnect();
        await until('the end', () => alice.failures.length > 0);
        expect(alice.failures).toMatchObject([{ channel: CONNECT, advice: { reconnect: 'none' } }]);
        const before = alice.sent(CONNECT);
        const bob = await clientOf(interop, 'bob');
        await bob.start();
        await until('three connects', () => bob.sent(CONNECT) >= 3);
        expect(alice.sent(CONNECT)).toBe(before);
        expect(alice.sent(HANDSHAKE)).toBe(1);
      });

      it('may subscribe with a filter, but its listener waits for that very name', async () => {
        const app = await interop.start(SETTINGS);
        const alice = await clientOf(interop, 'alice');
        await alice.start();
        const news = await alice.subscribe(`${REPLAYED}?Region=EU`);
        expect(await app.service.broadcast(REPLAYED, 'to all')).toEqual({ sessions: 1 });
        await until('the event', () => alice.incoming.some(({ data }) => data === 'to all'));
        await until('the client to be connected', () => alice.connected);
        expect(alice.incoming).toContainEqual({ channel: REPLAYED, data: 'to all' });
        expect(news).toEqual([]);
      });

      it('needs no client of its own for a topic', async () => {
        const app = await interop.start(SETTINGS, [GreeterGateway]);
        const { streaming } = jsforceConnection(app.url, await interop.token('alice'));
        const news: unknown[] = [];
        await streaming.topic('News').subscribe((event) => news.push(event));
        await app.service.broadcast(REPLAYED, 'hello');
        await until('the event', () => news.length > 0);
        expect(news).toEqual(['hello']);
        await until('a connect to be held', () => app.service.counts.deadlines === HELD);
        app.get(GreeterGateway).sessions[0]?.disconnect();
        await until('the session to end', () => app.service.counts.sessions === 0);
      });
    },
  );
});
