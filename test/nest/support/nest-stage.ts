import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import type { DynamicModule, INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CometAdapter, CometModule, type CometModuleOptions, CometService } from '../../../src/index.js';
import { COMET_SCHEDULER } from '../../../src/nest/tokens.js';
import { OPEN } from '../../support/bench.js';
import type { BayeuxClient } from '../../support/bayeux.client.js';
import { CapturedLogger } from '../../support/captured.logger.js';
import { httpAdapter, type HttpKind, keepConnections } from '../../support/comet-app.js';
import { PollingClient } from '../../support/polling.client.js';
import { SocketClient } from '../../support/socket.client.js';
import { until, within } from '../../support/until.js';
import { VirtualScheduler } from '../../support/virtual.scheduler.js';
import { tokenOf, userTokens } from './user-tokens.js';

/** An application as a test wants it. */
export interface NestAppSettings extends ModuleMetadata {
  readonly http?: HttpKind;
  /** Options of the module, beside those that let everybody in. */
  readonly options?: Partial<CometModuleOptions>;
  /** The module, if a test makes it itself. */
  readonly comet?: DynamicModule;
  /** What `main.ts` does between making the application and listening. */
  readonly configure?: (app: INestApplication) => void;
  readonly host?: string;
  /** A path to listen on in place of a port. */
  readonly socketPath?: string;
}

/** Everybody gets in: without a token, or with that of a user. */
export const USERS: CometModuleOptions = { ...OPEN, auth: { anonymous: true, verifier: userTokens } };

/** A Nest application that listens, on a virtual clock. */
export class NestApp {
  readonly #clients: BayeuxClient[] = [];
  #closed: Promise<void> | undefined;
  readonly service: CometService;
  readonly port: number;

  constructor(
    readonly app: INestApplication,
    readonly clock: VirtualScheduler,
    readonly log: CapturedLogger,
    readonly path: string,
  ) {
    this.service = app.get(CometService, { strict: false });
    this.port = ((app.getHttpServer() as Server).address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The endpoint. */
  get url(): string {
    return this.origin + this.path;
  }

  socket(user?: string): SocketClient {
    return this.#keep(new SocketClient(this.#settings(user)));
  }

  polling(user?: string): PollingClient {
    return this.#keep(new PollingClient(this.#settings(user)));
  }

  /** Closes the application, once. One that does not close fails its test, and does not keep the process. */
  close(): Promise<void> {
    return (this.#closed ??= within('the application to close', this.app.close()).catch((error: unknown) => {
      const server = this.app.getHttpServer() as Server;
      server.close();
      server.closeAllConnections();
      throw error;
    }));
  }

  /** Lets all clients go and time pass, and sees that nothing is left. */
  async clear(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()));
    await until('everything to end', () => {
      this.clock.advance(60_000);
      return Object.values(this.service.counts).every((count: number) => count === 0);
    }).catch(() => undefined);
    expect(this.service.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0, sockets: 0 });
  }

  #settings(user?: string) {
    return {
      url: this.url,
      ...(user !== undefined && { headers: { authorization: `Bearer ${tokenOf(user)}` } }),
    };
  }

  #keep<C extends BayeuxClient>(client: C): C {
    this.#clients.push(client);
    return client;
  }
}

/**
 * Where the applications of a suite run. After each test they are closed, and nothing may be left of their sessions
 * and no error may be in their logs that the test has not taken. What would end the process, jest makes a failure
 * of the test by itself.
 */
export class NestStage {
  readonly #apps: NestApp[] = [];

  constructor() {
    afterEach(() => this.#clear());
  }

  async start(settings: NestAppSettings = {}): Promise<NestApp> {
    const {
      http = 'express',
      options,
      comet,
      configure,
      host = '127.0.0.1',
      socketPath,
      imports = [],
      ...metadata
    } = settings;
    const log = new CapturedLogger();
    const clock = new VirtualScheduler();
    const module = await Test.createTestingModule({
      imports: [comet ?? CometModule.forRoot({ ...USERS, ...options }), ...imports],
      ...metadata,
    })
      .setLogger(log)
      .overrideProvider(COMET_SCHEDULER)
      .useValue(clock)
      .compile();
    const app = module.createNestApplication(await httpAdapter(http), {
      forceCloseConnections: true,
      logger: log,
    });
    app.useWebSocketAdapter(new CometAdapter(app));
    keepConnections(app.getHttpServer() as Server);
    configure?.(app);
    await (socketPath === undefined ? app.listen(0, host) : app.listen(socketPath));
    const started = new NestApp(app, clock, log, options?.path ?? '/cometd');
    this.#apps.push(started);
    return started;
  }

  async #clear(): Promise<void> {
    for (const app of this.#apps.splice(0)) {
      try {
        await app.clear();
      } finally {
        await app.close();
      }
      expect(app.log.takeErrors()).toEqual([]);
    }
  }
}
