import { GreeterGateway } from '../../../support/greeter.gateway.js';
import { ServiceGateway } from '../../../support/service.gateway.js';
import { until } from '../../../support/until.js';
import type { ClientStage } from './client-stage.js';
import type { ClientTab } from './client-tab.js';
import type { BrowserTransport } from './options.js';
import type { ClientSettings } from './page-client.js';

const RULES = [{ channel: '/news', subscribe: true, publish: true }];
const INBOX = '/user/alice/inbox';
const NUMBERS = Array.from({ length: 20 }, (_, index) => index);

/** How a client goes about it. */
export interface LifeCycleTraits {
  readonly kind: 'cometd' | 'faye';
  readonly transport: BrowserTransport;
  /** What it shakes hands over. */
  readonly handshakeOver: BrowserTransport;
  /** Whether it presents its token with every message, and not with the handshake only. */
  readonly everywhere: boolean;
  /** For how long its connects are held. */
  readonly timeout: number;
}

/** What every client must be able to do in a browser, over each of its transports. */
export function lifeCycle(stage: ClientStage, traits: LifeCycleTraits): void {
  const { kind, transport, handshakeOver, everywhere, timeout } = traits;
  const options = { rules: RULES, session: { timeout } };
  const settings = async (user: string): Promise<ClientSettings> => ({
    transport,
    everywhere,
    token: await stage.token(user),
  });

  /** A client that is connected, and has a connect waiting at the server, as `sessions` have then. */
  const connect = async (user: string, sessions = 1): Promise<ClientTab> => {
    const tab = await stage.tab(kind);
    expect(await tab.ask('start', await settings(user))).toMatchObject({ successful: true });
    await tab.connected();
    await stage.held(sessions);
    return tab;
  };

  it('shakes hands with a token, and stays connected on this transport and no other', async () => {
    const app = await stage.start(options);
    const alice = await connect('alice');
    await alice.answered(2);
    const { clientId, ...state } = await alice.ask('state');
    expect(state).toEqual({ transport, connected: true });
    expect(app.server.sessions.find(String(clientId))?.principal.userId).toBe('alice');
    expect(alice.wire.count('/meta/handshake')).toBe(1);
    expect(alice.wire.transports('/meta/handshake')).toEqual([handshakeOver]);
    expect(alice.wire.transports('/meta/connect')).toEqual([transport]);
    const presented = alice.wire.sent.filter(({ ext }) => ext?.auth?.token !== undefined);
    expect(presented).toHaveLength(everywhere ? alice.wire.sent.length : 1);
  });

  it('is refused without a good token', async () => {
    const app = await stage.start(options);
    const tab = await stage.tab(kind);
    const reply = await tab.ask('start', { ...(await settings('alice')), token: 'garbage' });
    expect(reply).toMatchObject({ successful: false, error: '401::invalid_token' });
    expect(app.service.counts.sessions).toBe(0);
  });

  it('receives pushes and broadcasts once and in order, until it unsubscribes', async () => {
    const app = await stage.start(options);
    const alice = await connect('alice');
    expect(await alice.ask('subscribe', INBOX)).toMatchObject({ successful: true });
    expect(await alice.ask('subscribe', '/news')).toMatchObject({ successful: true });
    expect(await alice.ask('subscribe', '/user/bob/inbox')).toMatchObject({ successful: false });
    const text = 'püsh \u2028 </script>';
    for (const number of NUMBERS) {
      expect(await app.service.sendMessage('alice', INBOX, { number, text })).toEqual({ sessions: 1 });
      expect(await app.service.broadcast('/news', [number])).toEqual({ sessions: 1 });
      if (number % 5 === 0) await alice.inbox('/news', number + 1);
    }
    expect(await alice.inbox(INBOX, NUMBERS.length)).toEqual(NUMBERS.map((number) => ({ number, text })));
    expect(await alice.inbox('/news', NUMBERS.length)).toEqual(NUMBERS.map((number) => [number]));

    expect(await alice.ask('unsubscribe', '/news')).toMatchObject({ successful: true });
    await until('the subscription to end', () => app.service.counts.channels === 1);
    expect(await app.service.broadcast('/news', 'unheard')).toEqual({ sessions: 0 });
  });

  it('publishes to others', async () => {
    await stage.start(options);
    const [alice, bob] = [await connect('alice'), await connect('bob', 2)];
    await alice.ask('subscribe', '/news');
    expect(await bob.ask('publish', '/news', 'böb + & %')).toMatchObject({ successful: true });
    await alice.inbox('/news', 1);
    expect(await alice.ask('publish', '/news', 'alice')).toMatchObject({ successful: true });
    expect(await alice.inbox('/news', 2)).toEqual(['böb + & %', 'alice']);
    expect(await alice.ask('publish', '/elsewhere', 1)).toMatchObject({ successful: false });
    expect(await bob.ask('inbox', '/news')).toEqual([]);
  });

  it('calls services, and is told when one fails', async () => {
    await stage.start(options, [ServiceGateway]);
    const alice = await connect('alice');
    expect(await alice.ask('call', 'echo', { n: 1 })).toMatchObject({ data: { echo: { n: 1 } } });
    const failed = await alice.ask('call', 'fail', 'coded');
    expect(failed).toMatchObject({ successful: false, error: '409:x:taken' });
    const unknown = await alice.ask('call', 'nowhere', 1);
    expect(unknown).toMatchObject({ successful: false, error: '404::service_unknown' });
  });

  it('stops for good when the server ends its session, or when it leaves', async () => {
    const app = await stage.start(options, [GreeterGateway]);
    const alice = await connect('alice');
    app.get(GreeterGateway).sessions[0]?.disconnect();
    await alice.connected(false);
    await stage.ended();

    const bob = await connect('bob');
    await bob.ask('stop');
    await stage.ended();

    // Another one comes meanwhile, which takes many times as long as the two would need to come back.
    await connect('carol');
    expect(alice.wire.count('/meta/connect')).toBe((await alice.arrived('/meta/connect')).length);
    expect(bob.wire.sent.at(-1)?.channel).toBe('/meta/disconnect');
    for (const tab of [alice, bob]) expect(tab.wire.count('/meta/handshake')).toBe(1);
    expect(app.service.counts.sessions).toBe(1);
  });
}
