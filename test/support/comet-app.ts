import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { INestApplication, Provider, Type } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { CometAdapter, CometModule, type CometModuleOptions, CometService } from '../../src/index.js';
import type { Engine } from '../../src/bayeux/ports.js';
import type { BayeuxServer } from '../../src/bayeux/server.js';
import { CometEndpoint } from '../../src/nest/comet.endpoint.js';
import { COMET_ENGINE, COMET_SCHEDULER } from '../../src/nest/tokens.js';
import { CapturedLogger } from './captured.logger.js';
import { speakHttp2To } from './http.js';
import type { SkippingScheduler } from './skipping.scheduler.js';
import { TEST_TLS } from './tls.js';
import type { VirtualScheduler } from './virtual.scheduler.js';

/** The HTTP frameworks that Nest knows. */
export const HTTP_KINDS = ['express', 'fastify'] as const;

/**
 * Servers of HTTP/2, which of the frameworks only Fastify can be: in clear text, where clients must know it, and over TLS,
 * where clients of HTTP/1.1 are served as well and WebSocket is.
 */
export const HTTP2_KINDS = ['fastify-h2c', 'fastify-h2'] as const;

/** What an application serves HTTP with. */
export type HttpKind = (typeof HTTP_KINDS)[number] | (typeof HTTP2_KINDS)[number];

/** The framework of suites that are not about one. */
export const DEFAULT_HTTP_KIND: HttpKind = 'express';

/** The adapter of Nest for a framework, which is loaded only now: loading one takes longer than most tests. */
export async function httpAdapter(http: HttpKind): Promise<AbstractHttpAdapter> {
  if (http === 'express') return new (await import('@nestjs/platform-express')).ExpressAdapter();
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const forceCloseConnections = true;
  if (http === 'fastify') return new FastifyAdapter({ forceCloseConnections });
  if (http === 'fastify-h2c') return new FastifyAdapter({ forceCloseConnections, http2: true });
  const https = { ...TEST_TLS, allowHTTP1: true };
  return new FastifyAdapter({ forceCloseConnections, http2: true, https });
}

/**
 * Has a server keep idle connections for longer than any test takes. After the five seconds of Node a client on a busy
 * machine might send its next request on a connection that is being closed.
 */
export function keepConnections(server: Server): void {
  server.keepAliveTimeout = 600_000;
}

/** What an application is made of. */
export interface CometAppSettings {
  readonly http: HttpKind;
  readonly options: CometModuleOptions;
  readonly providers?: readonly Provider[];
  readonly controllers?: readonly Type[];
  /** The engine; without one the application is a node of its own. */
  readonly engine?: Engine;
  /** The clock; without one time passes as usual. */
  readonly clock?: VirtualScheduler | SkippingScheduler;
}

const NOTHING_ALIVE = { sessions: 0, channels: 0, deadlines: 0, sockets: 0 };

/** A Nest application with the push server, on a port of its own. */
export class CometApp {
  readonly log: CapturedLogger;
  /** The endpoint: `http://127.0.0.1:port/cometd`. */
  readonly url: string;
  readonly service: CometService;
  readonly #app: INestApplication;
  readonly #sockets = new Set<Socket>();
  #closed: Promise<void> | undefined;

  private constructor(app: INestApplication, log: CapturedLogger, path: string, http: HttpKind) {
    this.#app = app;
    this.log = log;
    const server = app.getHttpServer() as Server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    const { port } = server.address() as AddressInfo;
    this.url = `${http === 'fastify-h2' ? 'https' : 'http'}://127.0.0.1:${port}${path}`;
    speakHttp2To(new URL(this.url).origin, isHttp2(http));
    this.service = app.get(CometService);
  }

  static async start({
    http,
    options,
    providers = [],
    controllers = [],
    engine,
    clock,
  }: CometAppSettings): Promise<CometApp> {
    const log = new CapturedLogger();
    const builder = Test.createTestingModule({
      imports: [CometModule.forRoot(options)],
      providers: [...providers],
      controllers: [...controllers],
    }).setLogger(log);
    if (clock) builder.overrideProvider(COMET_SCHEDULER).useValue(clock);
    if (engine) builder.overrideProvider(COMET_ENGINE).useValue(engine);
    const module = await builder.compile();
    const app = module.createNestApplication(await httpAdapter(http), {
      forceCloseConnections: true,
      logger: log,
    });
    app.useWebSocketAdapter(new CometAdapter(app));
    keepConnections(app.getHttpServer() as Server);
    await app.listen(0, '127.0.0.1');
    return new CometApp(app, log, options.path ?? '/cometd', http);
  }

  /** Cuts every connection, as a network that fails. */
  cutConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** The protocol server, for what only the process itself can do. */
  get server(): BayeuxServer {
    return this.#app.get(CometEndpoint, { strict: false }).server;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Bytes that are counted for the bodies of requests. */
  get bodyBytes(): number {
    return this.#app.get(CometEndpoint, { strict: false }).door.bodyBytes;
  }

  /** True when no session, channel, deadline or socket is left. */
  get idle(): boolean {
    const { sessions, channels, deadlines, sockets } = this.service.counts;
    return sessions + channels + deadlines + sockets === 0;
  }

  /** Fails unless nothing is left. */
  expectIdle(): void {
    expect(this.service.counts).toEqual(NOTHING_ALIVE);
  }

  /** An instance out of the application. */
  get<T>(type: abstract new (...args: never[]) => T): T {
    return this.#app.get<T>(type, { strict: false });
  }

  /** Closes the application with everything still in it. */
  close(): Promise<void> {
    return (this.#closed ??= this.#app.close());
  }
}

/** Whether an application serves HTTP/2. */
export function isHttp2(http: HttpKind): boolean {
  return http === 'fastify-h2c' || http === 'fastify-h2';
}
