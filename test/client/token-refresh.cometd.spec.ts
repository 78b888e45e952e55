import { CometD, type Message } from 'cometd';
import { adapt } from 'cometd-nodejs-client';
import { tokenRefresh, type TokenRefresh, type TokenRefreshOptions } from '../../src/client/index.js';
import { DEFAULT_TRANSPORTS, type TransportName } from '../support/bench.js';
import { CometApp } from '../support/comet-app.js';
import { TokenIssuer, type TokenChanges } from '../support/token-issuer.js';
import { until } from '../support/until.js';

adapt();

const RULES = [{ channel: '/news', subscribe: true }];
const SESSION = { timeout: 200, maxInterval: 8_000, maxHeldPerBrowser: -1, rehandshakeSpread: 0 };

/** The stock client with the helper. */
class Page {
  readonly cometd = new CometD();
  readonly auth: TokenRefresh;
  readonly handshakes: Message[] = [];
  connects = 0;

  constructor(url: string, transport: TransportName, options: TokenRefreshOptions) {
    this.auth = tokenRefresh(options);
    for (const other of ['websocket', 'long-polling', 'callback-polling']) {
      if (other !== transport) this.cometd.unregisterTransport(other);
    }
    this.cometd.registerExtension('auth', this.auth);
    this.cometd.configure({ url, logLevel: 'warn', backoffIncrement: 20, maxBackoff: 100 });
    this.cometd.addListener('/meta/handshake', (reply) => this.handshakes.push(reply));
    this.cometd.addListener(
      '/meta/connect',
      ({ successful }) => (this.connects += successful === true ? 1 : 0),
    );
  }

  /** Until the first connect is answered. */
  async connect(): Promise<void> {
    this.cometd.handshake();
    await until('a connect', () => this.connects > 0);
  }

  async close(): Promise<void> {
    this.auth.stop();
    if (!this.cometd.isDisconnected()) await new Promise((resolve) => this.cometd.disconnect(resolve));
  }
}

describe.each(DEFAULT_TRANSPORTS)('the stock client with the helper, over %s', (transport) => {
  let issuer: TokenIssuer;
  let app: CometApp;
  let page: Page | undefined;
  beforeEach(async () => {
    issuer = await TokenIssuer.open();
    app = await CometApp.start({
      http: 'express',
      options: { auth: issuer.auth, session: SESSION, rules: RULES },
    });
  });
  afterEach(async () => {
    await page?.close();
    page = undefined;
    await app.close();
    await issuer.close();
  });

  const open = (options: TokenRefreshOptions): Page => (page = new Page(app.url, transport, options));
  const fetched = async (expiresIn: number, changes?: TokenChanges) => ({
    token: await issuer.mint('alice', Date.now(), changes),
    expiresIn,
  });

  it('renews the token of its session again and again, and misses and repeats nothing', async () => {
    let fetches = 0;
    // Said to be short, so that renewals follow each other as closely as they may.
    const { cometd, auth } = open({ fetchToken: () => fetched(1, { expiresIn: 300 + ++fetches }) });
    await auth.start();
    await page?.connect();
    const news: unknown[] = [];
    await new Promise((resolve) => cometd.subscribe('/news', ({ data }) => news.push(data), resolve));
    const ends = new Set<number | undefined>();
    let sent = 0;
    const [session] = app.service.sessions('alice');
    await until('a token that was renewed twice', () => {
      if (sent === news.length) void app.service.broadcast('/news', sent++);
      ends.add(session?.principal.expiresAt);
      return ends.size === 3;
    });
    await until('the last message', () => news.length === sent);
    expect(news).toEqual(Array.from({ length: sent }, (_, index) => index));
    expect(page?.handshakes).toHaveLength(1);
    expect(app.service.sessions('alice').map(({ id }) => id)).toEqual([cometd.getClientId()]);
  });

  it('comes back by itself with another token after one that was refused', async () => {
    const asked: boolean[] = [];
    const { auth } = open({
      fetchToken: ({ refused }) => {
        asked.push(refused);
        return fetched(300, refused ? {} : { expiresIn: -60 });
      },
    });
    await auth.start();
    await page?.connect();
    expect(asked).toEqual([false, true]);
    expect(page?.handshakes.map(({ error }) => error)).toEqual(['401::token_expired', undefined]);
    expect(app.service.sessions('alice')).toHaveLength(1);
  });

  it('comes back after its session was lost, with the token that is good then', async () => {
    const { auth } = open({ fetchToken: () => fetched(300) });
    await auth.start();
    await page?.connect();
    const [session] = app.service.sessions('alice');
    const before = page?.connects ?? 0;
    app.server.sessions.find(session?.id ?? '')?.end('timeout');
    await until(
      'another session',
      () => (page?.connects ?? 0) > before && app.service.sessions('alice').length === 1,
    );
    expect(app.service.sessions('alice')[0]?.id).not.toBe(session?.id);
    expect(page?.handshakes.map(({ successful }) => successful)).toEqual([true, true]);
  });

  it('gives up where every token is refused, and says so', async () => {
    const refused: string[] = [];
    const { auth, cometd } = open({
      fetchToken: async () => ({ token: await issuer.forge('alice', Date.now()), expiresIn: 300 }),
      onRefused: (error) => refused.push(error),
    });
    await auth.start();
    cometd.handshake();
    await until('the helper to give up', () => refused.length > 0);
    expect(refused).toEqual(['401::invalid_token']);
    expect(page?.handshakes).toHaveLength(2);
    expect(cometd.isDisconnected()).toBe(true);
  });
});
