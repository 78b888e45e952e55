import type { Provider } from '@nestjs/common';
import type { CometModuleOptions } from '../../src/index.js';
import type { BayeuxClient, ClientSettings, TurnedAway } from './bayeux.client.js';
import { CallbackClient } from './callback.client.js';
import { CometApp, DEFAULT_HTTP_KIND, HTTP_KINDS, HTTP2_KINDS, type HttpKind } from './comet-app.js';
import type { Members, Message } from './message.js';
import { PollingClient } from './polling.client.js';
import { RequestClient } from './request.client.js';
import { SocketClient } from './socket.client.js';
import { TokenIssuer, type TokenChanges } from './token-issuer.js';
import { until } from './until.js';
import { VirtualScheduler } from './virtual.scheduler.js';

/** The transports that an application offers unless it says otherwise. */
export const DEFAULT_TRANSPORTS = ['websocket', 'long-polling'] as const;

/** The transports every part of the protocol is tested on. */
export const TRANSPORTS = [...DEFAULT_TRANSPORTS, 'callback-polling'] as const;

/** Those of them where clients make requests, and a connect that is held takes one. */
export const HTTP_TRANSPORTS = ['long-polling', 'callback-polling'] as const;

/** One of them. */
export type TransportName = (typeof TRANSPORTS)[number];

/** Options that let everybody in and permit everything but other users' trees. */
export const OPEN: CometModuleOptions = {
  auth: { anonymous: true },
  rules: [{ channel: '/**', subscribe: true, publish: true }],
};

/** Options with which an application offers all transports. */
export const ALL_TRANSPORTS: Partial<CometModuleOptions> = { transports: TRANSPORTS };

/** What stack traces and paths of this project look like. */
const INTERNALS = /\bat [\w.<>]+ \(|\.[jt]s:\d+|node_modules|file:\/\//;

type Headers = Readonly<Record<string, string>>;

/** A connect that the server is holding. */
export interface HeldConnect {
  readonly reply: Promise<Message>;
  readonly answered: boolean;
}

/**
 * What one test works with: an application on a virtual clock, its clients, and the checks that hold after every
 * test, whatever it was about.
 */
export class Bench {
  readonly #clients: BayeuxClient[] = [];
  readonly #tokens: string[] = [];
  /** Texts that tell of the insides of the server; those that do not are not kept. */
  readonly #indiscreet: string[] = [];
  /** Ids of sessions of which nothing else is kept any more. */
  readonly #ids = new Set<string>();
  #clock: VirtualScheduler | undefined;
  #app: CometApp | undefined;

  constructor(
    readonly http: HttpKind,
    readonly transport: TransportName = 'websocket',
    readonly issuer: () => TokenIssuer = () => {
      throw new Error('This suite has no issuer: use `withIssuer`.');
    },
  ) {}

  get app(): CometApp {
    if (!this.#app) throw new Error('The application has not been started.');
    return this.#app;
  }

  get clock(): VirtualScheduler {
    if (!this.#clock) throw new Error('The application has not been started.');
    return this.#clock;
  }

  /** The transports that the application offers. */
  get offered(): readonly TransportName[] {
    return this.#scripted ? TRANSPORTS : DEFAULT_TRANSPORTS;
  }

  /** Whether messages come with the replies to connects only, and other replies come alone. */
  get connectOnly(): boolean {
    return this.#scripted;
  }

  /** Whether clients present their token with every message, as neither a cookie nor a connection proves anything. */
  get repeatsTokens(): boolean {
    return this.#scripted;
  }

  /** How the transport turns clients away that shall try again later. */
  get tryLater(): TurnedAway {
    return this.transport === 'websocket'
      ? { code: 1013, reason: 'try again later' }
      : { status: 503, text: '', retryAfter: '5' };
  }

  /** Messages that come along with any reply: none where they come with connects only. */
  along(...messages: readonly Message[]): readonly Message[] {
    return this.connectOnly ? [] : messages;
  }

  /** Starts the application, a minute ago: clients that come back are no longer spread over time. */
  async start(
    changes: Partial<CometModuleOptions> = {},
    providers: readonly Provider[] = [],
  ): Promise<CometApp> {
    await this.startJustNow(changes, providers);
    this.clock.advance(60_000);
    return this.app;
  }

  /** Starts the application now. */
  async startJustNow(
    changes: Partial<CometModuleOptions> = {},
    providers: readonly Provider[] = [],
  ): Promise<CometApp> {
    const clock = new VirtualScheduler();
    const options = { ...OPEN, ...(this.#scripted && ALL_TRANSPORTS), ...changes };
    this.#clock = clock;
    this.#app = await CometApp.start({ http: this.http, options, providers, clock });
    return this.#app;
  }

  /** Starts the application with the issuer of the suite, whose tokens everybody needs. */
  async startSecured(
    changes: Partial<CometModuleOptions> = {},
    providers: readonly Provider[] = [],
  ): Promise<CometApp> {
    const auth = { ...this.issuer().auth, ...changes.auth };
    return this.start({ rules: [], ...changes, auth }, providers);
  }

  /** An access token, good from now on. */
  async token(user: string, changes: TokenChanges = {}): Promise<string> {
    const token = await this.issuer().mint(user, this.clock.wallTime(), changes);
    this.#tokens.push(token);
    return token;
  }

  /** A token that must not appear anywhere either. */
  secret(token: string): string {
    this.#tokens.push(token);
    return token;
  }

  /** A client on the transport of the suite; it may ask for a path below that of the endpoint. */
  client(headers: Headers = {}, below = ''): BayeuxClient {
    switch (this.transport) {
      case 'websocket':
        return this.socket(headers, below);
      case 'long-polling':
        return this.polling(headers, below);
      case 'callback-polling':
        return this.scripts(headers);
    }
  }

  /** A client on the transport of the suite, which makes requests. */
  requester(headers: Headers = {}): RequestClient {
    const client = this.client(headers);
    if (!(client instanceof RequestClient)) throw new Error(`Nobody makes requests over ${this.transport}.`);
    return client;
  }

  /** A client on another transport. */
  otherClient(headers: Headers = {}): BayeuxClient {
    return this.transport === 'websocket' ? this.polling(headers) : this.socket(headers);
  }

  polling(headers: Headers = {}, below = ''): PollingClient {
    return this.#keep(new PollingClient(this.#settings(headers, below)));
  }

  socket(headers: Headers = {}, below = ''): SocketClient {
    return this.#keep(new SocketClient(this.#settings(headers, below)));
  }

  /** A client on `callback-polling`, which the application must have been started with. */
  scripts(headers: Headers = {}): CallbackClient {
    return this.#keep(new CallbackClient(this.#settings(headers)));
  }

  /** Sends a connect and waits until the server holds it, which arms one deadline more. */
  async hold(client: BayeuxClient, members: Members = {}): Promise<HeldConnect> {
    const before = this.clock.armed;
    const reply = client.connect(members);
    const held = { reply, answered: false };
    reply.then(
      () => (held.answered = true),
      () => (held.answered = true),
    );
    await until('a connect to be held', () => held.answered || this.clock.armed > before);
    if (held.answered) throw new Error('The connect was answered at once.');
    return held;
  }

  /** Drops what clients have received, in runs that are so long that it would be all that their memory holds. */
  forgetReceived(clients: readonly BayeuxClient[]): void {
    for (const client of clients) {
      for (const { clientId } of client.received) if (clientId !== undefined) this.#ids.add(clientId);
      client.forget();
    }
  }

  /** Lets go of the server and checks that nothing is left behind and nothing has got out. */
  async finish(): Promise<void> {
    const app = this.#app;
    this.#app = undefined;
    if (!app) return;
    const clients = this.#clients.splice(0);
    try {
      await Promise.all(clients.map((client) => client.close()));
      // Sessions that were not ended expire by themselves, or it is a leak that the next line reports.
      await until('everything to end', () => this.#settle(app)).catch(() => undefined);
      app.expectIdle();
      this.#expectDiscretion(app, clients);
    } finally {
      await app.close();
      this.#tokens.length = 0;
      this.#indiscreet.length = 0;
      this.#ids.clear();
    }
    expect(app.log.takeErrors()).toEqual([]);
  }

  get #scripted(): boolean {
    return this.transport === 'callback-polling';
  }

  #settle(app: CometApp): boolean {
    this.clock.advance(60_000);
    return app.idle;
  }

  #expectDiscretion(app: CometApp, clients: readonly BayeuxClient[]): void {
    expect(this.#indiscreet).toEqual([]);
    const log = app.log.text;
    for (const token of this.#tokens) expect(log).not.toContain(token);
    const ids = clients.flatMap(({ received }) => received.map(({ clientId }) => clientId));
    for (const id of [...ids, ...this.#ids]) if (id !== undefined) expect(log).not.toContain(id);
  }

  #settings(headers: Headers, below = ''): ClientSettings {
    return {
      url: this.app.url + below,
      headers,
      onText: (text) => this.#read(text),
    };
  }

  #read(text: string): void {
    if (INTERNALS.test(text)) this.#indiscreet.push(text);
  }

  #keep<C extends BayeuxClient>(client: C): C {
    this.#clients.push(client);
    return client;
  }
}

/** Runs a suite over every transport. */
export function overEveryTransport(suite: (bench: Bench) => void, issuer?: () => TokenIssuer): void {
  over(TRANSPORTS, suite, issuer);
}

/**
 * Runs a suite over the transports that it applies to. One HTTP framework is enough, as the front door takes a request
 * before the framework sees it; suites about the door itself, the shutdown, gateways and guards name every `HTTP_KINDS`.
 */
export function over(
  transports: readonly TransportName[],
  suite: (bench: Bench) => void,
  issuer?: () => TokenIssuer,
  kinds: readonly HttpKind[] = [DEFAULT_HTTP_KIND],
): void {
  for (const transport of transports) {
    for (const http of kinds) run(`over ${transport} on ${http}`, new Bench(http, transport, issuer), suite);
  }
}

/** Runs a suite over every transport, over HTTP/1.1 and HTTP/2. */
export function overEveryHttpVersion(suite: (bench: Bench) => void, issuer?: () => TokenIssuer): void {
  overEveryTransport(suite, issuer);
  overHttp2(suite, issuer);
}

/** Runs a suite over HTTP/2: over what clients make requests for, and over WebSocket where HTTP/1.1 is served too. */
export function overHttp2(suite: (bench: Bench) => void, issuer?: () => TokenIssuer): void {
  over(HTTP_TRANSPORTS, suite, issuer, ['fastify-h2c']);
  over(DEFAULT_TRANSPORTS, suite, issuer, ['fastify-h2']);
}

/** Runs a suite on both servers of HTTP/2. It chooses transports itself, of those over HTTP. */
export function onHttp2Servers(suite: (bench: Bench) => void, issuer?: () => TokenIssuer): void {
  for (const http of HTTP2_KINDS) run(`on ${http}`, new Bench(http, 'long-polling', issuer), suite);
}

/** Runs a suite on one HTTP framework, for the reason that `over` gives; it chooses transports itself. */
export function onServer(suite: (bench: Bench) => void, issuer?: () => TokenIssuer): void {
  run(`on ${DEFAULT_HTTP_KIND}`, new Bench(DEFAULT_HTTP_KIND, 'websocket', issuer), suite);
}

/** Runs a suite on every HTTP framework, because it is about what stands between us and them; it chooses transports itself. */
export function onEveryServer(
  suite: (bench: Bench) => void,
  issuer?: () => TokenIssuer,
  kinds: readonly HttpKind[] = HTTP_KINDS,
): void {
  for (const http of kinds) run(`on ${http}`, new Bench(http, 'websocket', issuer), suite);
}

/** The issuer of a suite, opened before its tests and closed after them. */
export function withIssuer(): () => TokenIssuer {
  let issuer: TokenIssuer | undefined;
  beforeAll(async () => {
    issuer = await TokenIssuer.open();
  });
  afterAll(() => issuer?.close());
  return () => {
    if (!issuer) throw new Error('The issuer has not been opened.');
    return issuer;
  };
}

function run(name: string, bench: Bench, suite: (bench: Bench) => void): void {
  describe(name, () => {
    afterEach(() => bench.finish());
    suite(bench);
  });
}
