import {
  applyDecorators,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
  mixin,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  APP_INTERCEPTOR,
  APP_PIPE,
  type ContextId,
  ContextIdFactory,
  type ContextIdStrategy,
  type HostComponentInfo,
  REQUEST,
} from '@nestjs/core';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import type { Observable } from 'rxjs';
import {
  CometGateway,
  type CometMessage,
  type CometSession,
  OnChannel,
  OnPublish,
  OnSubscribe,
} from '../../src/index.js';
import { NestStage } from './support/nest-stage.js';

/** What enhancers and handlers have done, with the user of the session that they were made for, if any. */
const seen: string[] = [];

@Injectable()
class Plain {
  readonly user = 'anybody';
}

@Injectable({ scope: Scope.REQUEST })
class Caller {
  constructor(@Inject(REQUEST) private readonly session: CometSession) {}
  get user(): string {
    return String(this.session.userId);
  }
}

/** All kinds of enhancers in a scope, with a dependency. */
function enhancersOf(scope: Scope, dependency: Type<{ user: string }>, where: string) {
  const options = { scope };

  @Injectable(options)
  class ScopedGuard implements CanActivate {
    constructor(@Inject(dependency) private readonly of: { user: string }) {}
    canActivate(): boolean {
      seen.push(`guard ${where} ${this.of.user}`);
      return this.of.user !== 'bob';
    }
  }

  @Injectable(options)
  class ScopedInterceptor implements NestInterceptor {
    constructor(@Inject(dependency) private readonly of: { user: string }) {}
    intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
      seen.push(`interceptor ${where} ${this.of.user}`);
      return next.handle();
    }
  }

  @Injectable(options)
  class ScopedPipe implements PipeTransform {
    constructor(@Inject(dependency) private readonly of: { user: string }) {}
    transform(value: unknown): unknown {
      seen.push(`pipe ${where} ${this.of.user}`);
      return value;
    }
  }

  @Catch(RangeError)
  class ScopedFilter implements ExceptionFilter {
    constructor(@Inject(dependency) private readonly of: { user: string }) {}
    catch(): string {
      seen.push(`filter ${where} ${this.of.user}`);
      return `409:${this.of.user}:taken`;
    }
  }
  Injectable(options)(ScopedFilter);
  return { guard: ScopedGuard, interceptor: ScopedInterceptor, pipe: ScopedPipe, filter: ScopedFilter };
}

type Bound = ReturnType<typeof enhancersOf>;

const bind = (bound: Bound): ClassDecorator & MethodDecorator =>
  applyDecorators(
    UseGuards(bound.guard),
    UseInterceptors(bound.interceptor),
    UsePipes(bound.pipe),
    UseFilters(bound.filter),
  );

const none = (): void => undefined;

/** A gateway with all operations that may be made for each session. */
function gatewayWith(onClass: ClassDecorator, onMethod: MethodDecorator, scope = Scope.DEFAULT): Type {
  @onClass
  @Injectable({ scope })
  @CometGateway()
  class ScopedGateway {
    @onMethod
    @SubscribeMessage('/service/scoped')
    call(@MessageBody() value: unknown): unknown {
      return this.#handle(value);
    }

    @onMethod
    @OnPublish('/judged')
    publish(@MessageBody() value: unknown): unknown {
      return this.#handle(value);
    }

    @onMethod
    @OnSubscribe('/asked/*')
    subscribe(@MessageBody() value: unknown): unknown {
      return this.#handle(value);
    }

    @onMethod
    handleConnection(@MessageBody() value: { fails?: boolean }): unknown {
      return this.#handle(value.fails ? 'fail' : value);
    }

    #handle(value: unknown): unknown {
      if (value === 'fail' || value === '/asked/fail') throw new RangeError('secret');
      seen.push('handler');
      return value;
    }
  }
  return mixin(ScopedGateway);
}

interface Case {
  readonly where: string;
  readonly user: string;
  readonly providers: Provider[];
}

const scoped = (where: string, scope: Scope, gateway: (bound: Bound) => Type, global = false): Case => {
  const request = scope === Scope.REQUEST;
  const bound = enhancersOf(scope, request ? Caller : Plain, where);
  const everywhere: Provider[] = [
    { provide: APP_GUARD, useClass: bound.guard, scope },
    { provide: APP_INTERCEPTOR, useClass: bound.interceptor, scope },
    { provide: APP_PIPE, useClass: bound.pipe, scope },
    { provide: APP_FILTER, useClass: bound.filter, scope },
  ];
  return {
    where,
    user: request ? 'alice' : 'anybody',
    providers: [Plain, Caller, gateway(bound), ...(global ? everywhere : [])],
  };
};

@Injectable({ scope: Scope.REQUEST })
class PassingGuard implements CanActivate {
  constructor(private readonly caller: Caller) {}
  canActivate(): boolean {
    return this.caller.user === 'alice';
  }
}

/** Transient enhancers beside a guard that is request-scoped. */
function besides(where: string, guard: Provider | ClassDecorator): Case {
  if (typeof guard !== 'function') {
    const { providers, ...others } = scoped(where, Scope.TRANSIENT, (bound) =>
      gatewayWith(bind(bound), none),
    );
    return { ...others, providers: [...providers, guard] };
  }
  return scoped(where, Scope.TRANSIENT, (bound) =>
    gatewayWith((type) => {
      bind(bound)(type);
      (guard as ClassDecorator)(type);
    }, none),
  );
}

const { REQUEST: PER_SESSION, TRANSIENT, DEFAULT } = Scope;
const CASES: Case[] = [
  scoped('singleton on the class', DEFAULT, (bound) => gatewayWith(bind(bound), none)),
  scoped('singleton on the method of a request-scoped gateway', DEFAULT, (bound) =>
    gatewayWith(none, bind(bound), PER_SESSION),
  ),
  scoped('request-scoped on the class', PER_SESSION, (bound) => gatewayWith(bind(bound), none)),
  scoped('request-scoped on the method', PER_SESSION, (bound) => gatewayWith(none, bind(bound))),
  scoped('request-scoped for all', PER_SESSION, () => gatewayWith(none, none), true),
  scoped(
    'request-scoped for all, with a request-scoped gateway',
    PER_SESSION,
    () => gatewayWith(none, none, PER_SESSION),
    true,
  ),
  scoped('transient on the class', TRANSIENT, (bound) => gatewayWith(bind(bound), none)),
  scoped('transient on the method', TRANSIENT, (bound) => gatewayWith(none, bind(bound))),
  scoped('transient on the method of a request-scoped gateway', TRANSIENT, (bound) =>
    gatewayWith(none, bind(bound), PER_SESSION),
  ),
  scoped('transient for all', TRANSIENT, () => gatewayWith(none, none), true),
  besides('transient on the class, beside request-scoped ones for all', {
    provide: APP_GUARD,
    useClass: PassingGuard,
  }),
  besides('transient on the class, beside a request-scoped one on it', UseGuards(PassingGuard)),
];

describe('enhancers', () => {
  const stage = new NestStage();

  it.each(CASES)(
    '[G3] that are $where are made with what they depend on',
    async ({ where, user, providers }) => {
      const app = await stage.start({ providers });
      const alice = app.socket('alice');
      const all = [...['guard', 'interceptor', 'pipe'].map((kind) => `${kind} ${where} ${user}`), 'handler'];
      const failing = [...all.slice(0, -1), `filter ${where} ${user}`];
      const told = async (act: () => Promise<{ successful?: boolean; error?: string }>) => {
        seen.length = 0;
        const { successful, error } = await act();
        return [successful ? 'passed' : error, ...seen];
      };
      const taken = `409:${user}:taken`;
      expect(await told(() => app.socket('alice').handshake({ ext: { fails: true } }))).toEqual([
        taken,
        ...failing,
      ]);
      expect(await told(() => alice.handshake())).toEqual(['passed', ...all]);
      await alice.connect();
      expect(await told(() => alice.publish('/service/scoped', 1))).toEqual(['passed', ...all]);
      expect(await told(() => alice.publish('/service/scoped', 'fail'))).toEqual([taken, ...failing]);
      expect(await told(() => alice.publish('/judged', 1))).toEqual(['passed', ...all]);
      expect(await told(() => alice.publish('/judged', 'fail'))).toEqual([taken, ...failing]);
      expect(await told(() => alice.subscribe('/asked/1'))).toEqual(['passed', ...all]);
      expect(await told(() => alice.subscribe('/asked/fail'))).toEqual([taken, ...failing]);
      if (user === 'alice') {
        const refused = ['403::Forbidden resource', `guard ${where} bob`];
        expect(await told(() => app.socket('bob').handshake())).toEqual(refused);
      }
    },
  );

  it.each([
    ['transient', Scope.TRANSIENT],
    ['request-scoped', Scope.REQUEST],
  ] as const)('[G3] of what hears messages run, or stop the start: %s', async (name, scope) => {
    const bound = enhancersOf(scope, Plain, 'heard');
    @Injectable()
    class Listener {
      @bind(bound)
      @OnChannel('/heard')
      hear(@MessageBody(bound.pipe) { data }: CometMessage): void {
        if (data === 'fail') throw new RangeError('secret');
        seen.push('handler');
      }
    }
    const starting = stage.start({ providers: [Plain, Listener] });
    if (scope === Scope.REQUEST) {
      await expect(starting).rejects.toThrow(/Listener is request-scoped/);
      return;
    }
    const alice = await (await starting).socket('alice').join();
    seen.length = 0;
    expect((await alice.publish('/heard', 1)).successful).toBe(true);
    const [guard, interceptor, pipe] = ['guard', 'interceptor', 'pipe'].map(
      (kind) => `${kind} heard anybody`,
    );
    expect([name, ...seen]).toEqual(['transient', guard, interceptor, pipe, pipe, 'handler']);
    expect((await alice.publish('/heard', 'fail')).error).toBe('409:anybody:taken');
  });

  it('[G2] [G3] that cannot be made refuse, and the log says why', async () => {
    let broken = true;
    @Injectable({ scope: Scope.REQUEST })
    class BrokenGuard implements CanActivate {
      constructor() {
        if (broken) throw new Error('hunter2');
      }
      canActivate(): boolean {
        return true;
      }
    }
    const onMethod = applyDecorators(
      UseGuards(BrokenGuard),
      UseFilters(enhancersOf(PER_SESSION, Caller, 'x').filter),
    );
    const app = await stage.start({ providers: [Plain, Caller, gatewayWith(none, onMethod)] });
    expect((await app.socket('alice').handshake()).error).toBe('403::handshake_denied');
    expect(app.log.text).toMatch(/^warn .*\.handleConnection failed.*hunter2/m);
    broken = false;
    const alice = await app.socket('alice').join();
    expect((await alice.publish('/service/scoped', 1)).successful).toBe(true);
  });

  it('[G3] of a base class hold for handlers that are inherited', async () => {
    const bound = enhancersOf(Scope.DEFAULT, Plain, 'of the base');
    class Base {
      @UseGuards(bound.guard)
      @SubscribeMessage('/service/inherited')
      inherited(): string {
        return 'inherited';
      }

      @OnPublish('/inherited')
      publish(): boolean {
        throw new RangeError('secret');
      }
    }
    bind(bound)(Base);
    @CometGateway()
    class Heir extends Base {}
    const app = await stage.start({ providers: [Plain, Heir] });
    const alice = await app.socket('alice').join();
    seen.length = 0;
    expect((await alice.call('/service/inherited', 1)).answers).toEqual(['inherited']);
    const guard = 'guard of the base anybody';
    expect(seen.filter((line) => line === guard)).toHaveLength(2);
    expect((await alice.publish('/inherited', 1)).error).toBe('409:anybody:taken');
  });
});

/** One subtree of durable providers for each user. */
class ByUser implements ContextIdStrategy<CometSession & Record<string, unknown>> {
  readonly #trees = new Map<string, ContextId>();

  attach(contextId: ContextId, { userId }: CometSession) {
    const user = String(userId);
    const tree = this.#trees.get(user) ?? ContextIdFactory.create();
    this.#trees.set(user, tree);
    return {
      resolve: (info: HostComponentInfo) => (info.isTreeDurable ? tree : contextId),
      payload: { userId: user, id: 'of the tenant', tenant: `tenant of ${user}` },
    };
  }
}

let durableMade = 0;

@Injectable({ scope: Scope.REQUEST, durable: true })
class Tenant {
  constructor(@Inject(REQUEST) readonly payload: { tenant: string }) {
    durableMade++;
  }
}

@Injectable({ scope: Scope.REQUEST, durable: true })
@CometGateway()
class DurableGateway {
  constructor(private readonly tenant: Tenant) {}
  @SubscribeMessage('/service/durable')
  durable(): string {
    return this.tenant.payload.tenant;
  }
}

@Injectable({ scope: Scope.REQUEST })
@CometGateway()
class SessionGateway {
  constructor(
    @Inject(REQUEST) private readonly session: CometSession,
    private readonly tenant: Tenant,
  ) {}
  @SubscribeMessage('/service/session')
  who(): unknown {
    const { id, userId } = this.session;
    return [id.length > 20, userId, this.tenant.payload.tenant];
  }
}

describe('durable providers', () => {
  const stage = new NestStage();
  afterEach(() => {
    ContextIdFactory.apply(undefined as unknown as ContextIdStrategy);
  });

  it.each([
    ['/service/durable', '/service/session'],
    ['/service/session', '/service/durable'],
  ])(
    '[G3] are shared by the sessions of a tenant, beside what is made for one session: %s first',
    async (...services) => {
      ContextIdFactory.apply(new ByUser());
      durableMade = 0;
      const app = await stage.start({ providers: [Tenant, DurableGateway, SessionGateway] });
      const expected: Record<string, unknown> = {
        '/service/durable': 'tenant of alice',
        '/service/session': [true, 'alice', 'tenant of alice'],
      };
      for (const client of [await app.socket('alice').join(), await app.polling('alice').join()]) {
        for (const service of services) {
          expect((await client.call(service, 1)).answers).toEqual([expected[service]]);
        }
      }
      expect(durableMade).toBe(1);
      const bob = await app.socket('bob').join();
      expect((await bob.call('/service/session', 1)).answers).toEqual([[true, 'bob', 'tenant of bob']]);
    },
  );
});
