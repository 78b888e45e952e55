import type { IncomingMessage, Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { CometEndpoint } from './comet.endpoint.js';
import { CometSession } from './comet-session.js';
import { GatewayServer } from './gateway-hub.js';
import { isBayeuxPath } from './gateway-path.js';
import { CometLogger } from './nest.logger.js';
import { HttpTakeover, type PlainGateways, type UpgradeListener } from './http-takeover.js';

/**
 * The WebSocket adapter of applications with `CometModule`: it serves the Bayeux endpoint on the application's HTTP
 * server, over WebSocket and long-polling. Gateways on other paths work as with `WsAdapter`.
 *
 * @example
 * const app = await NestFactory.create(AppModule);
 * app.useWebSocketAdapter(new CometAdapter(app));
 *
 * @throws Error if the application does not import `CometModule`.
 * @publicApi
 */
export class CometAdapter extends WsAdapter {
  readonly #app: INestApplication;
  readonly #endpoint: CometEndpoint;
  readonly #plainGateways: PlainGateways;
  /** The listener of WsAdapter to upgrades of the application's own server. */
  #wsUpgrade: UpgradeListener | undefined;
  readonly #takeovers = new Map<Server, HttpTakeover>();
  #covered = false;
  #toldOfServer = false;

  constructor(app: INestApplication) {
    super(app);
    this.#app = app;
    this.#endpoint = endpointOf(app);
    this.#endpoint.adapterMade = true;
    this.#plainGateways = {
      owns: (request) => this.#hasGateway(request),
      upgrade: (request, socket, head) => this.#wsUpgrade?.(request, socket, head),
    };
  }

  override create(
    port: number,
    options: Record<string, unknown> & { namespace?: string; server?: unknown; path?: string } = {},
  ): unknown {
    if (!isBayeuxPath(options.path, this.#endpoint.path))
      return super.create(port, options as Record<string, never>);
    if (port !== 0) {
      throw new Error(
        `Gateways of Bayeux sessions share the port of the application: leave out the port ${port}.`,
      );
    }
    if (!this.#covered) {
      this.#covered = true;
      this.attach(this.#app.getHttpServer() as Server);
      this.#coverOtherServers();
    }
    return new GatewayServer();
  }

  /**
   * Serves the endpoint, and the gateways of the application's port, also on an HTTP server that the application makes
   * by itself: one for TLS beside one without, for example. It is let go when the application closes, and closing it is
   * up to its maker. Attaching it again changes nothing.
   *
   * @example
   * const adapter = new CometAdapter(app);
   * app.useWebSocketAdapter(adapter);
   * await app.init();
   * const server = https.createServer(tls, app.getHttpAdapter().getInstance());
   * adapter.attach(server);
   * server.listen(443);
   */
  attach(server: Server): void {
    if (this.#takeovers.has(server)) return;
    this.#takeovers.set(server, new HttpTakeover(server, this.#endpoint.door, this.#plainGateways));
  }

  /** Sessions come through the hub, which runs the handlers of gateways itself. */
  override bindClientConnect(server: unknown, callback: (...args: unknown[]) => void): void {
    if (!(server instanceof GatewayServer)) super.bindClientConnect(server, callback);
  }

  /** Ends a client: newer versions of Nest ask for it. */
  closeClient(client: unknown): void {
    if (client instanceof CometSession) client.disconnect();
    else (client as { close?: () => void } | undefined)?.close?.();
  }

  override async close(server: unknown): Promise<void> {
    if (server instanceof GatewayServer) await this.#endpoint.door.close();
    else await super.close(server);
  }

  override async dispose(): Promise<void> {
    // First, as WsAdapter takes its own listener off the server only where it finds it.
    for (const takeover of this.#takeovers.values()) takeover.release();
    this.#takeovers.clear();
    await super.dispose();
  }

  protected override ensureHttpServerExists(port: number, httpServer?: Server): Server | undefined {
    const before = httpServer?.listeners('upgrade') ?? [];
    const created = super.ensureHttpServerExists(port, httpServer);
    if (!created) return created;
    if (port !== 0) {
      // A server for gateways alone. WsAdapter answers there what it does not like, and listens to no errors.
      created.prependListener('upgrade', (request, socket) => {
        this.#endpoint.door.pass(request, socket);
      });
      return created;
    }
    // It destroys sockets of paths it does not know: so it is asked only for those that it does.
    for (const listener of created.listeners('upgrade') as UpgradeListener[]) {
      if (before.includes(listener)) continue;
      created.off('upgrade', listener);
      this.#wsUpgrade = listener;
    }
    return created;
  }

  /** Whether WsAdapter would find a gateway for an upgrade. */
  #hasGateway({ url = '', headers }: IncomingMessage): boolean {
    const gateways = (this.wsServersRegistry.get(0) ?? []) as { readonly path?: string }[];
    if (gateways.length === 0) return false;
    const base = `ws://${headers.host ?? ''}/`;
    if (!URL.canParse(url, base)) return false;
    const { pathname } = new URL(url, base);
    return gateways.some(({ path }) => path === pathname);
  }

  /** Serves requests that come to the framework past the servers that are known. */
  #coverOtherServers(): void {
    const http = this.#app.getHttpAdapter();
    if (http.getType() === 'fastify') this.#coverFastify(http.getInstance() as FastifyLike);
    else if (http.getType() === 'express') this.#coverExpress(http.getInstance() as ExpressLike);
  }

  /**
   * Fastify that listens on `localhost` makes one more server for each further address, and requests to those go
   * straight to its router.
   */
  #coverFastify(fastify: FastifyLike): void {
    const { door } = this.#endpoint;
    fastify.addHook('onRequest', (request, reply, done) => {
      if (!door.owns(request.raw)) {
        done();
        return;
      }
      reply.hijack();
      door.request(request.raw, reply.raw);
    });
  }

  /** An application may make servers of its own for an instance of Express. */
  #coverExpress(express: ExpressLike): void {
    const { door } = this.#endpoint;
    express.use((request, response, next) => {
      if (!door.owns(request)) {
        next();
        return;
      }
      this.#tellOfServer();
      door.request(request, response);
    });
    // Ahead of parsers, which would leave nothing of a body.
    const { stack } = express.router;
    const last = stack.pop();
    if (last !== undefined) stack.unshift(last);
  }

  #tellOfServer(): void {
    if (this.#toldOfServer) return;
    this.#toldOfServer = true;
    new CometLogger().warn(
      'A request of the endpoint came over an HTTP server that CometAdapter does not know. Polling is served there, ' +
        'WebSocket is not. Call `attach(server)` of the adapter with each server that the application makes itself. ' +
        'Further requests are not logged.',
    );
  }
}

type RequestArguments = Parameters<CometEndpoint['door']['request']>;

/** The part of Fastify used here; the package itself is not needed by applications on Express. */
interface FastifyLike {
  addHook(
    name: 'onRequest',
    hook: (
      request: { raw: RequestArguments[0] },
      reply: { raw: RequestArguments[1]; hijack(): void },
      done: () => void,
    ) => void,
  ): void;
}

/** The same of Express. */
interface ExpressLike {
  use(handler: (request: RequestArguments[0], response: RequestArguments[1], next: () => void) => void): void;
  readonly router: { readonly stack: unknown[] };
}

function endpointOf(app: INestApplication): CometEndpoint {
  try {
    return app.get(CometEndpoint, { strict: false });
  } catch {
    throw new Error(
      'CometAdapter needs CometModule: add CometModule.forRoot({ … }) to the imports of your root module.',
    );
  }
}
