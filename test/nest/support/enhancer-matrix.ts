import {
  applyDecorators,
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Injectable,
  mixin,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import { type Observable, tap } from 'rxjs';
import {
  CometContext,
  CometGateway,
  type CometModuleOptions,
  CometSession,
  OnChannel,
  OnPublish,
  OnSubscribe,
} from '../../../src/index.js';
import { currentOperation } from '../../../src/nest/comet-context.js';
import { CometEndpoint } from '../../../src/nest/comet.endpoint.js';
import type { BayeuxClient } from '../../support/bayeux.client.js';
import type { DEFAULT_TRANSPORTS } from '../../support/bench.js';
import type { NestApp, NestStage } from './nest-stage.js';

/** Where enhancers are bound, the widest first: as providers, by `app.useGlobal…`, on the class and on the method. */
export const PLACES = ['APP_*', 'use*', 'class', 'method'] as const;
export type Place = (typeof PLACES)[number];

/** In the order in which Nest runs them. */
export const KINDS = ['guard', 'interceptor', 'pipe', 'filter'] as const;
export type Kind = (typeof KINDS)[number];

export const OPERATIONS = ['call', 'publish', 'message', 'subscribe', 'handshake', 'disconnect'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Those with guards and pipes: where a session ends there is nothing to guard. */
export const GUARDED = OPERATIONS.filter((operation) => operation !== 'disconnect');

/** What no client may ever be told. */
export const SECRET = 'postgres://admin:hunter2@db';

/** Where the operations of the matrix are. */
const SERVICE = '/service/matrix';
const JUDGED = '/judged/one';
const HEARD = '/heard/one';
const ASKED = '/asked/one';

/** What an enhancer, or the handler, does in place of letting things pass. */
export type Act = (input: {
  host: ArgumentsHost;
  next: CallHandler;
  value: unknown;
  exception: unknown;
}) => unknown;

/** What enhancers do, and what they have seen. */
@Injectable()
export class Script {
  readonly acts = new Map<string, Act>();
  /** `kind place`, in order. */
  seen: string[] = [];
  /** What the contexts said that enhancers were given. */
  facts: Record<string, unknown> = {};
  /** How often handlers ran, also when what a test asked for was over. */
  handled = 0;
  /** What was published in the end. */
  published: unknown[] = [];

  /** Others go on beside it, as a refused session has its end too: nothing is kept of these. */
  operation: Operation | undefined;

  run(name: string, input: Partial<Parameters<Act>[0]>, otherwise: () => unknown): unknown {
    if (currentOperation.getStore()?.operation !== this.operation) return otherwise();
    this.seen.push(name);
    if (input.host) this.facts[name] = factsOf(input.host);
    const act = this.acts.get(name);
    return act ? act(input as Parameters<Act>[0]) : otherwise();
  }

  forget(): void {
    this.seen = [];
    this.facts = {};
    this.published = [];
  }
}

function factsOf(host: ArgumentsHost): object {
  const ws = host.switchToWs();
  const { operation, channel, params, session } = CometContext.of(host);
  const context = host as ExecutionContext;
  const data = ws.getData<unknown>();
  return {
    type: host.getType(),
    client: ws.getClient<unknown>() instanceof CometSession && ws.getClient() === session,
    data: operation === 'message' ? (data as { data: unknown }).data : data,
    pattern: ws.getPattern(),
    class: context.getClass().name,
    handler: context.getHandler().name,
    ...{ operation, channel, params },
  };
}

const ERROR_AT = byPlace(
  (place) =>
    class extends Error {
      override readonly name = `Error at ${place}`;
    },
);
const EXCEPTION_AT = byPlace(() => class extends WsException {});

/** An exception that nothing but the filter at `place` catches. It is none for a client. */
export const errorAt = (place: Place): Error => new ERROR_AT[place](SECRET);
/** The same, meant for the client. */
export const exceptionAt = (place: Place, said: string | object): Error => new EXCEPTION_AT[place](said);

/** One class for each place, each with a dependency. */
const GUARDS = byPlace((place): Type<CanActivate> => {
  @Injectable()
  class PlacedGuard implements CanActivate {
    constructor(private readonly script: Script) {}
    canActivate(host: ExecutionContext) {
      return this.script.run(`guard ${place}`, { host }, () => true) as boolean;
    }
  }
  return mixin(PlacedGuard);
});

const PIPES = byPlace((place) => pipeAt(place));

function pipeAt(place: string): Type<PipeTransform> {
  @Injectable()
  class PlacedPipe implements PipeTransform {
    constructor(private readonly script: Script) {}
    transform(value: unknown) {
      return this.script.run(`pipe ${place}`, { value }, () => value);
    }
  }
  return mixin(PlacedPipe);
}

/** On the parameter itself. */
const ParameterPipe = pipeAt('parameter');

const INTERCEPTORS = byPlace((place): Type<NestInterceptor> => {
  @Injectable()
  class PlacedInterceptor implements NestInterceptor {
    constructor(private readonly script: Script) {}
    intercept(host: ExecutionContext, next: CallHandler) {
      const after = () => this.script.run(`after ${place}`, {}, () => undefined);
      const pass = () => next.handle().pipe(tap(after));
      return this.script.run(`interceptor ${place}`, { host, next }, pass) as Observable<unknown>;
    }
  }
  return mixin(PlacedInterceptor);
});

const FILTERS = byPlace((place): Type<ExceptionFilter> => {
  @Catch(ERROR_AT[place], EXCEPTION_AT[place])
  class PlacedFilter implements ExceptionFilter {
    constructor(private readonly script: Script) {}
    catch(exception: unknown, host: ArgumentsHost) {
      return this.script.run(`filter ${place}`, { host, exception }, () => undefined);
    }
  }
  Injectable()(PlacedFilter);
  return mixin(PlacedFilter);
});

const onMethod = applyDecorators(
  UseGuards(GUARDS.method),
  UsePipes(PIPES.method),
  UseInterceptors(INTERCEPTORS.method),
  UseFilters(FILTERS.method),
);

@CometGateway()
@UseGuards(GUARDS.class)
@UsePipes(PIPES.class)
@UseInterceptors(INTERCEPTORS.class)
@UseFilters(FILTERS.class)
export class MatrixGateway {
  constructor(private readonly script: Script) {}

  @onMethod
  @SubscribeMessage(SERVICE)
  call(@MessageBody(ParameterPipe) value: unknown): unknown {
    return this.#handle(value);
  }

  @onMethod
  @OnPublish('/judged/{name}')
  publish(@MessageBody(ParameterPipe) value: unknown): unknown {
    return this.#handle(value);
  }

  @onMethod
  @OnChannel('/heard/{name}')
  message(@MessageBody(ParameterPipe) value: unknown): unknown {
    return this.#handle(value);
  }

  @onMethod
  @OnSubscribe('/asked/{name}')
  subscribe(@MessageBody(ParameterPipe) value: unknown): unknown {
    return this.#handle(value);
  }

  @onMethod
  handleConnection(@MessageBody(ParameterPipe) value: unknown): unknown {
    return this.#handle(value);
  }

  @UseInterceptors(INTERCEPTORS.method)
  @UseFilters(FILTERS.method)
  handleDisconnect(@MessageBody() value: unknown): unknown {
    return this.#handle(value);
  }

  #handle(value: unknown): unknown {
    this.script.handled++;
    return this.script.run('handler', { value }, () => 'done');
  }
}

/** All of them at once, each in its place. */
const PROVIDERS: Provider[] = [
  Script,
  MatrixGateway,
  { provide: APP_GUARD, useClass: GUARDS['APP_*'] },
  { provide: APP_PIPE, useClass: PIPES['APP_*'] },
  { provide: APP_INTERCEPTOR, useClass: INTERCEPTORS['APP_*'] },
  { provide: APP_FILTER, useClass: FILTERS['APP_*'] },
];

/** The application of the matrix, with what becomes of operations in it. */
export class Matrix {
  #client: BayeuxClient | undefined;

  private constructor(
    readonly app: NestApp,
    readonly script: Script,
    private readonly transport: (typeof DEFAULT_TRANSPORTS)[number],
  ) {}

  static async start(
    stage: NestStage,
    transport: (typeof DEFAULT_TRANSPORTS)[number],
    options: Partial<CometModuleOptions> = {},
  ): Promise<Matrix> {
    const app = await stage.start({
      options,
      providers: PROVIDERS,
      configure: (nest) => {
        const script = nest.get(Script);
        nest.useGlobalGuards(new GUARDS['use*'](script));
        nest.useGlobalPipes(new PIPES['use*'](script));
        nest.useGlobalInterceptors(new INTERCEPTORS['use*'](script));
        nest.useGlobalFilters(new FILTERS['use*'](script));
      },
    });
    const script = app.app.get(Script);
    app.service.channel(JUDGED).addListener({
      message: ({ data }) => {
        script.published.push(data);
      },
    });
    return new Matrix(app, script, transport);
  }

  newClient(): BayeuxClient {
    return this.transport === 'websocket' ? this.app.socket() : this.app.polling();
  }

  /** One that is connected; enhancers do nothing while it joins. */
  async client(): Promise<BayeuxClient> {
    return (this.#client ??= await this.#join());
  }

  /**
   * Has a client do it, while enhancers do what is said.
   *
   * @returns what the client was told, and whether the log says something of it.
   */
  async outcome(operation: Operation, acts: Readonly<Record<string, Act>> = {}): Promise<string> {
    const client = operation === 'handshake' ? this.newClient() : await this.#clientFor(operation);
    const { log } = this.app;
    log.takeErrors();
    const warnings = warningsOf(log.text);
    this.script.forget();
    this.script.operation = operation;
    for (const [name, act] of Object.entries(acts)) this.script.acts.set(name, act);
    try {
      const said = await this.#ask(operation, client);
      const errors = log.takeErrors().length;
      const logged = errors > 0 ? ' (error)' : warningsOf(log.text) > warnings ? ' (warning)' : '';
      if (JSON.stringify(client.received).includes('hunter2')) throw new Error(`${operation} leaks a secret`);
      return said + logged;
    } finally {
      this.script.operation = undefined;
      this.script.acts.clear();
    }
  }

  /** The same of several operations. */
  async outcomes(
    operations: readonly Operation[],
    acts: Readonly<Record<string, Act>>,
  ): Promise<Record<string, string>> {
    const told: Record<string, string> = {};
    for (const operation of operations) told[operation] = await this.outcome(operation, acts);
    return told;
  }

  async #clientFor(operation: Operation): Promise<BayeuxClient> {
    if (operation === 'disconnect') return this.#join();
    const client = await this.client();
    if (operation === 'subscribe') await client.unsubscribe(ASKED);
    return client;
  }

  #join(): Promise<BayeuxClient> {
    return this.newClient().join();
  }

  async #ask(operation: Operation, client: BayeuxClient): Promise<string> {
    const value = { n: 1 };
    switch (operation) {
      case 'call': {
        const { answers, reply } = await client.call(SERVICE, value);
        return answers.length > 0 && reply.successful
          ? `${told(reply)} ${JSON.stringify(answers)}`
          : told(reply);
      }
      case 'publish': {
        const said = told(await client.publish(JUDGED, value));
        const { published } = this.script;
        return published.length > 0 ? `${said} ${JSON.stringify(published)}` : said;
      }
      case 'message':
        return told(await client.publish(HEARD, value));
      case 'subscribe':
        return told(await client.subscribe(ASKED));
      case 'handshake':
        return told(await client.handshake({ ext: value }));
      case 'disconnect': {
        const said = told(await client.disconnect());
        await this.app.app.get(CometEndpoint, { strict: false }).hub.parted();
        return said;
      }
    }
  }
}

function told({ successful, error }: { successful?: boolean; error?: string }): string {
  if (successful) return error === undefined ? 'passed' : `passed with ${error}`;
  return error ?? 'refused without an error';
}

function warningsOf(text: string): number {
  return text.split('\n').filter((line) => line.startsWith('warn ')).length;
}

function byPlace<T>(make: (place: Place) => T): Record<Place, T> {
  return Object.fromEntries(PLACES.map((place) => [place, make(place)])) as Record<Place, T>;
}
