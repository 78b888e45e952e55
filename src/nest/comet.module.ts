import {
  type BeforeApplicationShutdown,
  ConfigurableModuleBuilder,
  type ConfigurableModuleAsyncOptions,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ExternalContextCreator, HttpAdapterHost, type NestContainer } from '@nestjs/core';
import { WebSocketGateway } from '@nestjs/websockets';
import { IssuersVerifier } from '../auth/issuers.verifier.js';
import { TokenError, type TokenVerifier } from '../auth/token-verifier.js';
import { VerificationGate } from '../auth/verification-gate.js';
import { withTimeLimit } from '../bayeux/maybe-promise.js';
import type { Scheduler } from '../bayeux/ports.js';
import { MemoryEngine } from '../engine/memory.engine.js';
import type { ChannelAuthorizer } from './channel-authorizer.js';
import { CometAuth } from './comet-auth.service.js';
import { CometEndpoint } from './comet.endpoint.js';
import type { CometModuleOptions, CometOptionsFactory } from './comet-module-options.js';
import { type ResolvedOptions, resolveOptions } from './comet-options.resolver.js';
import { CometPublisher } from './comet-publisher.js';
import { CometService } from './comet.service.js';
import { checkHandlers } from './boot-checks.js';
import { EnhancerContexts } from './enhancer-contexts.js';
import { exploreHandlers } from './handler.explorer.js';
import { handlersOf, listen } from './handler.registration.js';
import { HandlerFactory } from './method-handler.js';
import { Operations } from './operation.js';
import { CometLogger } from './nest.logger.js';
import { checkRequirements } from './requirement-checks.js';
import { SystemScheduler } from './system.scheduler.js';
import {
  COMET_ENGINE,
  COMET_GATEWAY_PATH,
  COMET_OPTIONS,
  COMET_RESOLVED,
  COMET_RESOURCE,
  COMET_SCHEDULER,
  TOKEN_VERIFIER,
  VERIFICATION_GATE,
} from './tokens.js';

/** Asynchronous options: `useFactory` with `inject`, `useClass` or `useExisting`. */
export type CometModuleAsyncOptions = ConfigurableModuleAsyncOptions<
  CometModuleOptions,
  keyof CometOptionsFactory
> & {
  /** Makes `CometService` injectable everywhere. @default true */
  isGlobal?: boolean;
};

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<CometModuleOptions>({
  optionsInjectionToken: COMET_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createCometOptions')
  .setExtras<{ isGlobal?: boolean }>({ isGlobal: true }, (definition, { isGlobal }) => ({
    ...definition,
    global: isGlobal ?? true,
  }))
  .build();

/** What the log says at the start of an application whose anonymous sessions any site may open by DNS rebinding. */
const ANY_HOST =
  'Anonymous sessions are open to pages of any site that resolves its own name to this server. Name the hosts of this ' +
  "server: write for example hosts: ['push.example.com'], or hosts: ['localhost'] on your own machine.";

/** The applications that have a push server at work. */
const started = new WeakSet<NestContainer>();

/** Sees to it that the endpoint is there also in an application without a gateway of its own. */
@WebSocketGateway({ path: COMET_GATEWAY_PATH })
class EndpointGateway {}

/**
 * Push to users and channels over Bayeux. Import it once, with `CometModule.forRoot({ … })`, and install its
 * adapter in `main.ts`: `app.useWebSocketAdapter(new CometAdapter(app))`.
 *
 * @publicApi
 */
@Module({
  providers: [
    EndpointGateway,
    CometEndpoint,
    CometService,
    CometAuth,
    CometPublisher,
    { provide: COMET_SCHEDULER, useFactory: () => new SystemScheduler(new CometLogger()) },
    {
      provide: COMET_ENGINE,
      useFactory: (scheduler: Scheduler) => new MemoryEngine(scheduler),
      inject: [COMET_SCHEDULER],
    },
    {
      provide: COMET_RESOLVED,
      useFactory: resolveGiven,
      inject: [{ token: COMET_OPTIONS, optional: true }],
    },
    {
      provide: COMET_RESOURCE,
      useFactory: ({ transport }: ResolvedOptions) => transport.resource,
      inject: [COMET_RESOLVED],
    },
    { provide: TOKEN_VERIFIER, useFactory: verifierFor, inject: [COMET_RESOLVED, COMET_SCHEDULER] },
    {
      provide: VERIFICATION_GATE,
      useFactory: gateFor,
      inject: [TOKEN_VERIFIER, COMET_RESOLVED, COMET_SCHEDULER],
    },
  ],
  exports: [
    CometService,
    CometAuth,
    CometPublisher,
    COMET_RESOLVED,
    COMET_RESOURCE,
    TOKEN_VERIFIER,
    VERIFICATION_GATE,
  ],
})
export class CometModule
  extends ConfigurableModuleClass
  implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown
{
  readonly #endpoint: CometEndpoint;
  readonly #container: NestContainer;
  readonly #service: CometService;
  readonly #authorizers: readonly ChannelAuthorizer[];
  readonly #anyHost: boolean;

  constructor(
    @Inject(COMET_RESOLVED) { auth, authorizers, transport }: ResolvedOptions,
    endpoint: CometEndpoint,
    service: CometService,
    host: HttpAdapterHost,
    contexts: ExternalContextCreator,
  ) {
    super();
    this.#endpoint = endpoint;
    this.#container = containerOf(contexts);
    // One that is loaded later, with a lazy module, is told of no start.
    if (started.has(this.#container)) checkRegistration(this.#container);
    this.#service = service;
    this.#authorizers = authorizers;
    this.#anyHost = auth.anonymous === true && transport.hosts.length === 0;
    // The only moment after main.ts and before gateways are registered, where a failure ends in a clear error.
    host.init$.subscribe(() => {
      beforeInit(host.httpAdapter, () => {
        checkRegistration(this.#container);
        this.#checkAdapter();
      });
    });
  }

  /**
   * @throws TypeError at boot, if an option cannot mean what it says.
   */
  static override forRoot(options: CometModuleOptions & { isGlobal?: boolean }): DynamicModule {
    // Without any it is told what is required.
    return super.forRoot({ ...options });
  }

  /** The same with options that are made when the application starts. */
  static override forRootAsync(options: CometModuleAsyncOptions): DynamicModule {
    return super.forRootAsync(options);
  }

  async onModuleInit(): Promise<void> {
    for (const authorizer of this.#authorizers) {
      this.#service.channel(authorizer.channel).addAuthorizer((request) => authorizer.authorize(request));
    }
    if (this.#anyHost) new CometLogger().warn(ANY_HOST);
    this.#useHandlers();
    started.add(this.#container);
    await this.#endpoint.server.start();
  }

  /**
   * Before the servers close: no new handshakes, calls under way get their answers, and every client is told to come back
   * later.
   */
  async beforeApplicationShutdown(): Promise<void> {
    const { hub, server } = this.#endpoint;
    await server.drain();
    const { hookTimeout } = server.options;
    try {
      await withTimeLimit(server.scheduler, hookTimeout, 'Telling gateways of sessions that end', () =>
        hub.parted(),
      );
    } catch (error) {
      new CometLogger().warn((error as Error).message);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#endpoint.server.engine.stop();
  }

  #useHandlers(): void {
    checkRegistration(this.#container);
    const { hub, path, server } = this.#endpoint;
    const classes = exploreHandlers(this.#container, path);
    checkHandlers(classes, server.options.channel);
    checkRequirements(classes, this.#container);
    const contexts = new EnhancerContexts(this.#container);
    const factory = new HandlerFactory(contexts, this.#container);
    const operations = new Operations(contexts);
    hub.use(operations, handlersOf(classes, factory));
    listen(classes, factory, operations, this.#service);
  }

  #checkAdapter(): void {
    if (this.#endpoint.adapterMade) return;
    throw new Error(
      'CometModule needs its adapter. Add this line to main.ts, before app.listen():\n' +
        '  app.useWebSocketAdapter(new CometAdapter(app));',
    );
  }
}

/** Nest's own packages are given the container, which is what finds enhancers; others reach it through this one. */
function containerOf(contexts: ExternalContextCreator): NestContainer {
  return (contexts as unknown as { readonly container: NestContainer }).container;
}

const ONCE =
  'import CometModule.forRoot({ … }), or forRootAsync, in the root module alone. Other modules may inject CometService ' +
  'without importing anything.';

/** @throws TypeError if there are two push servers where one was meant. */
function checkRegistration(container: NestContainer): void {
  const registered = [...container.getModules().values()].filter(
    ({ metatype }) => metatype === CometModule || metatype.prototype instanceof CometModule,
  );
  if (registered.length < 2) return;
  throw new TypeError(`CometModule is imported more than once, which makes two push servers: ${ONCE}`);
}

/** @throws TypeError if the module is imported as it is. */
function resolveGiven(options: CometModuleOptions | undefined): ResolvedOptions {
  if (options === undefined) throw new TypeError(`CometModule is imported without options: ${ONCE}`);
  return resolveOptions(options);
}

function beforeInit(adapter: { init?: () => unknown } | null | undefined, prepare: () => void): void {
  // An application context without HTTP has no adapter, and no gateways either.
  if (!adapter) return;
  const init = adapter.init?.bind(adapter);
  adapter.init = async () => {
    prepare();
    await init?.();
  };
}

function verifierFor({ auth, issuers }: ResolvedOptions, scheduler: Scheduler): TokenVerifier {
  if (auth.verifier) return auth.verifier;
  if (issuers.length > 0) return new IssuersVerifier(issuers, new CometLogger(), scheduler);
  return {
    verify: () => Promise.reject(new TokenError('invalid_token', 'this application accepts no tokens')),
  };
}

function gateFor(
  verifier: TokenVerifier,
  { transport }: ResolvedOptions,
  scheduler: Scheduler,
): VerificationGate {
  return new VerificationGate(verifier, transport.badHandshakes, new CometLogger(), () => scheduler.now());
}
