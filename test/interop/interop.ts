import type { Provider } from '@nestjs/common';
import type { CometModuleOptions } from '../../src/index.js';
import { DEFAULT_TRANSPORTS, type TransportName } from '../support/bench.js';
import { CometApp, DEFAULT_HTTP_KIND } from '../support/comet-app.js';
import { SkippingScheduler } from '../support/skipping.scheduler.js';
import { TokenIssuer, type TokenChanges } from '../support/token-issuer.js';
import { until } from '../support/until.js';
import type { RealClient, RealClientFactory, RealClientSettings } from './real-client.js';

/** Short enough to see several rounds of a connect, long enough for a slow machine. */
export const TIMES = {
  // The clients of this process share one cookie jar, as the tabs of a browser do; here each is a browser.
  maxHeldPerBrowser: -1,
  timeout: 200,
  // A machine that is busy elsewhere must not make sessions expire between two steps of a client: faye repeats after five
  // seconds what it has had no answer to, and may do so several times.
  maxInterval: 30_000,
  rehandshakeSpread: 0,
};

const CONNECT = '/meta/connect';

/** Deadlines of a session that is held: its expiry, the end of its token, the end of its connect. */
const HELD = 3;

/** Milliseconds within which a server closes sockets that have no session: its `handshakeTimeout` here, and more than its patience with those that were told to stop. */
const SOCKETS_CLOSE_WITHIN = 2_000;

/** What one test with real clients works with: an application in real time, and its issuer. */
export class Interop {
  /** The server's time passes as that of its clients, which have clocks of their own, but for what is skipped. */
  readonly clock = new SkippingScheduler();
  readonly #clients: RealClient[] = [];
  #issuer: TokenIssuer | undefined;
  #app: CometApp | undefined;

  constructor(
    readonly transport: TransportName,
    readonly create: RealClientFactory,
  ) {}

  get app(): CometApp {
    if (!this.#app) throw new Error('The application has not been started.');
    return this.#app;
  }

  async start(
    changes: Partial<CometModuleOptions> = {},
    providers: readonly Provider[] = [],
  ): Promise<CometApp> {
    this.#issuer ??= await TokenIssuer.open();
    // faye opens a socket before it knows whether it may use it, and leaves it open.
    const limits = { handshakeTimeout: SOCKETS_CLOSE_WITHIN };
    const auth = { ...this.#issuer.auth, ...changes.auth };
    const options = { session: TIMES, limits, ...changes, auth };
    this.#app = await CometApp.start({ http: DEFAULT_HTTP_KIND, options, providers, clock: this.clock });
    return this.#app;
  }

  /** A token that is good now. */
  token(user: string, changes?: TokenChanges): Promise<string> {
    if (!this.#issuer) throw new Error('The application has not been started.');
    return this.#issuer.mint(user, this.clock.wallTime(), changes);
  }

  /** A client of `user`, or of nobody. */
  async client(
    user: string | undefined,
    changes: Partial<RealClientSettings> = {},
    create = this.create,
  ): Promise<RealClient> {
    const token = user === undefined ? {} : { token: await this.token(user) };
    const settings = { url: this.app.url, transport: this.transport, ...token, ...changes };
    const client = create(settings);
    this.#clients.push(client);
    return client;
  }

  /** Waits until the server holds a connect of a client, and of all others there are. */
  async held(client: RealClient): Promise<void> {
    // Connected first: a socket that has no session yet has a deadline too.
    await until('the client to be connected', () => client.connected);
    const { service } = this.app;
    await until('a connect to be held', () => service.counts.deadlines === HELD * service.counts.sessions);
  }

  /** Has a client connect so many times more, each time as soon as its connect is held. */
  async connects(client: RealClient, count: number): Promise<void> {
    for (const last = client.sent(CONNECT) + count; client.sent(CONNECT) < last;) {
      await this.held(client);
      const sent = client.sent(CONNECT);
      this.clock.skip(TIMES.timeout);
      await until('the next connect', () => client.sent(CONNECT) > sent);
    }
  }

  /** Has every client leave, and checks that nothing is left of them. */
  async leave(): Promise<void> {
    const { app } = this;
    await Promise.all(this.#clients.splice(0).map((client) => client.stop()));
    await until('the sessions to end', () => app.service.counts.sessions === 0, 15_000).catch(
      () => undefined,
    );
    this.clock.skip(SOCKETS_CLOSE_WITHIN);
    await until('everything to end', () => app.idle, 15_000).catch(() => undefined);
    app.expectIdle();
  }

  /** The same, and closes the application, if one was started. */
  async finish(): Promise<void> {
    const app = this.#app;
    if (!app) return;
    try {
      await this.leave();
    } finally {
      this.#app = undefined;
      await app.close();
      await this.#issuer?.close();
      this.#issuer = undefined;
    }
    expect(app.log.takeErrors()).toEqual([]);
  }
}

/** Runs a suite with a client over every transport. */
export function withRealClient(create: RealClientFactory, suite: (interop: Interop) => void): void {
  for (const transport of DEFAULT_TRANSPORTS) {
    describe(`over ${transport}`, () => {
      const interop = new Interop(transport, create);
      afterEach(() => interop.finish());
      suite(interop);
    });
  }
}
