import {
  type CanActivate,
  Controller,
  type DynamicModule,
  Get,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  type Provider,
  Scope,
  type Type,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Ack, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  ChannelParam,
  CometAuthorize,
  CometGateway,
  CometModule,
  OnChannel,
  OnPublish,
  OnSubscribe,
} from '../../src/index.js';
import { CapturedLogger } from '../support/captured.logger.js';
import { USERS } from './support/nest-stage.js';

/** Starts all of an application but its servers, and ends it again. */
async function boot(
  ...parts: (Provider | { readonly imports: (Type | DynamicModule)[] })[]
): Promise<CapturedLogger> {
  const log = new CapturedLogger();
  const imports = parts.flatMap((part) => ('imports' in part ? part.imports : []));
  const providers = parts.filter((part): part is Provider => !('imports' in part));
  const module = await Test.createTestingModule({
    imports: [CometModule.forRoot(USERS), ...imports],
    providers,
  })
    .setLogger(log)
    .compile();
  try {
    await module.init();
    return log;
  } finally {
    await module.close();
  }
}

@Injectable()
class Closed implements CanActivate {
  canActivate() {
    return false;
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

/** A gateway with one method, marked as a case wants it. */
function gateway(...decorators: MethodDecorator[]): Type {
  @CometGateway()
  class ChatGateway {
    join(): void {
      /* empty */
    }
  }
  decorate(ChatGateway, 'join', decorators);
  return ChatGateway;
}

function gatewayOn(name: string): new () => { join(): void } {
  return onParameter(gateway(SubscribeMessage(name)), MessageBody()) as new () => { join(): void };
}

/** The same of a class that is no gateway. */
function provider(...decorators: MethodDecorator[]): Type {
  @Injectable()
  class Moderator {
    join(): void {
      /* empty */
    }
  }
  decorate(Moderator, 'join', decorators);
  return Moderator;
}

function decorate({ prototype }: Type, name: string, decorators: readonly MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor;
  for (const decorator of [...decorators].reverse()) decorator(prototype as object, name, descriptor);
}

function guarded(type: Type): Type {
  UseGuards(Closed)(type);
  return type;
}

function onParameter(type: Type, decorator: ParameterDecorator): Type {
  decorator(type.prototype as object, 'join', 0);
  return type;
}

describe('names that no message can reach', () => {
  it.each<[unknown, RegExp]>([
    ['echo', /@SubscribeMessage\('\/service\/join'\)/],
    ['service/echo', /@SubscribeMessage\('\/service\/join'\)/],
    ['/Service/echo', /@SubscribeMessage\('\/service\/join'\)/],
    ['/services/echo', /@SubscribeMessage\('\/service\/join'\)/],
    ['/chat', /@OnPublish/],
    ['/{any}/echo', /@SubscribeMessage\('\/service\/join'\)/],
    ['', /@SubscribeMessage\('\/service\/join'\)/],
    [undefined, /@SubscribeMessage\('\/service\/join'\)/],
    [null, /@SubscribeMessage\('\/service\/join'\)/],
    [Symbol('echo'), /Symbol\(echo\).*@SubscribeMessage\('\/service\/join'\)/],
    [{ cmd: 'echo', big: 1n }, /cmd: 'echo'.*@SubscribeMessage\('\/service\/join'\)/],
    ['/service/echo/', /without a slash at the end/],
    ['/service//echo', /without a slash at the end/],
    ['/service/say it', /letters, digits/],
    ['/service/s\u00e4g', /letters, digits/],
    [' /service/echo', /@SubscribeMessage\('\/service\/join'\)/],
    ['/service/*', /write a variable/],
    ['/service/**', /write a variable/],
    ['/service/{room}/**', /write a variable/],
    ['/service/comet/auth', /choose another name/],
    ['/service/{ro-om}', /whole segments/],
    ['/service/{a}/{a}', /each once/],
    [`/service/${'x'.repeat(5000)}`, /within the limits of the options/],
  ])('[G3] @SubscribeMessage(%p) is refused', async (name, advice) => {
    const refused = boot(gateway(SubscribeMessage(name as string)));
    await expect(refused).rejects.toThrow(advice);
    await expect(refused).rejects.toThrow(/^ChatGateway\.join /);
    await expect(refused).rejects.toBeInstanceOf(TypeError);
  });

  it.each<[string, (name: string) => MethodDecorator, unknown, RegExp]>([
    ['OnPublish', OnPublish, '/service/x', /@SubscribeMessage\('\/service\/x'\)/],
    ['OnPublish', OnPublish, '/meta/x', /no channel: write/],
    ['OnPublish', OnPublish, '/*/x', /no channel: write/],
    ['OnPublish', OnPublish, '', /no channel: write/],
    ['OnPublish', OnPublish, 'rooms', /no channel: write/],
    ['OnPublish', OnPublish, '/rooms/', /no channel: write/],
    ['OnPublish', OnPublish, undefined, /no channel: write/],
    ['OnPublish', OnPublish, '/rooms/{room}x', /whole segments/],
    ['OnPublish', OnPublish, '/rooms/{room}/*', /whole segments/],
    ['OnSubscribe', OnSubscribe, '/service/**', /@SubscribeMessage/],
    ['OnSubscribe', OnSubscribe, '/meta/subscribe', /no channel: write/],
    ['OnSubscribe', OnSubscribe, '/rooms/{room', /whole segments/],
    ['OnChannel', OnChannel, '/meta/**', /no channel: write/],
    ['OnChannel', OnChannel, Symbol('x'), /no channel: write/],
    ['CometAuthorize', CometAuthorize, '/a b', /no channel: write/],
  ])('[G3] @%s(%p) is refused', async (decorator, mark, name, advice) => {
    for (const of of decorator === 'CometAuthorize' ? [provider] : [provider, gateway]) {
      const refused = boot(of((mark as (name: unknown) => MethodDecorator)(name)));
      await expect(refused).rejects.toThrow(advice);
      await expect(refused).rejects.toThrow(new RegExp(`^(Moderator|ChatGateway)\\.join .*@${decorator}`));
    }
  });

  it('[G3] a channel twice above one method is refused', async () => {
    await expect(boot(provider(OnChannel('/a'), OnChannel('/b'), OnChannel('/a')))).rejects.toThrow(
      /^Moderator\.join is marked with @OnChannel\('\/a'\) twice/,
    );
  });

  it('[G3] handlers that are static, symbols, accessors or in no gateway are refused', async () => {
    class Static {
      @OnPublish('/a')
      static look(): void {
        /* empty */
      }
      look(): void {
        /* empty */
      }
    }
    const key = Symbol('look');
    class Symbolic {
      @OnPublish('/a')
      [key](): void {
        /* empty */
      }
    }
    @CometGateway()
    class Accessor {
      get handleConnection() {
        return () => undefined;
      }
    }
    await expect(boot(Static)).rejects.toThrow(/^Static\.look would never be called.*take "static" away/);
    await expect(boot(Symbolic)).rejects.toThrow(/^Symbolic\.\[Symbol\(look\)\] would never.*give it a name/);
    await expect(boot(Accessor)).rejects.toThrow(/^Accessor\.handleConnection.*write it as a method/);
    await expect(boot(provider(SubscribeMessage('/service/echo')))).rejects.toThrow(
      /^Moderator\.join is marked with @SubscribeMessage, but Moderator is no gateway.*@CometGateway\(\)/,
    );
    @WebSocketGateway()
    class Elsewhere {
      @SubscribeMessage('/service/echo')
      echo(): void {
        /* empty */
      }
    }
    await expect(boot(Elsewhere)).rejects.toThrow(/^Elsewhere\.echo.*with @CometGateway\(\) in place of/);
    const accessor = () => {
      class Late {
        get rooms(): string {
          return '';
        }
      }
      decorate(Late, 'rooms', [OnChannel('/a')]);
    };
    expect(accessor).toThrow(/^@OnChannel marks methods, and Late\.rooms is none/);
  });
});

describe('two answers for one service', () => {
  it.each([
    ['/service/echo', '/service/echo'],
    ['/service/{a}', '/service/{b}'],
    ['/service/{a}/x', '/service/y/{b}'],
  ])('[G3] %s and %s are refused', async (one, two) => {
    const refused = boot(gateway(SubscribeMessage(one)), gateway(SubscribeMessage(two)));
    await expect(refused).rejects.toThrow(/ChatGateway\.join answer the same service \(.*leave one of them/);
  });

  it('[G3] of one class, and of instances that factories make, are refused', async () => {
    @CometGateway()
    class Twice {
      @SubscribeMessage('/service/echo')
      one(): void {
        /* empty */
      }
      @SubscribeMessage('/service/echo')
      two(): void {
        /* empty */
      }
    }
    await expect(boot(Twice)).rejects.toThrow(/^Twice\.one and Twice\.two answer the same service/);
    const Echo = gateway(SubscribeMessage('/service/echo'));
    await expect(boot(Echo, { provide: 'other', useFactory: () => new Echo() as object })).rejects.toThrow(
      /^Two instances with ChatGateway\.join answer the same service/,
    );
  });

  it('an exact service beside templates, and special cases of them, are fine', async () => {
    const names = [
      '/service/rooms/lobby',
      '/service/rooms/{room}',
      '/service/{area}/{room}',
      '/service/{a}/b/c',
    ];
    await boot(...names.map((name) => gateway(SubscribeMessage(name))));
  });
});

describe('what is listed twice', () => {
  const Gateway = gateway(SubscribeMessage('/service/echo'));
  const Listener = provider(OnChannel('/a'));

  @Module({ providers: [Gateway, Listener], exports: [Gateway] })
  class One {}

  it.each([
    ['a gateway', Gateway],
    ['a listener', Listener],
  ])('[G3] %s in two modules is refused', async (_, type) => {
    @Module({ providers: [type] })
    class Other {}
    await expect(boot({ imports: [One, Other] })).rejects.toThrow(
      new RegExp(`^${type.name} is a provider of (One and Other|Other and One).*providers of one module`),
    );
  });

  it('[G3] a gateway under another token is refused, but not as an alias', async () => {
    await expect(boot(Gateway, { provide: 'chat', useClass: Gateway })).rejects.toThrow(
      /^ChatGateway is a provider of RootTestModule twice.*useExisting/,
    );
    await boot({ provide: 'alias', useExisting: Gateway }, Gateway);
    const handsOn = { provide: 'by factory', useFactory: (it: object) => it, inject: [Gateway] };
    await boot(handsOn, Gateway);
  });

  it('[G3] a gateway of a dynamic module that is imported twice is refused; another provider of it is not', async () => {
    class Rooms {
      readonly name = 'rooms';
    }
    const rooms = (type: Type, name: string): DynamicModule => ({
      module: Rooms,
      providers: [type, { provide: 'name', useValue: name }],
    });
    await expect(boot({ imports: [rooms(Gateway, 'a'), rooms(Gateway, 'b')] })).rejects.toThrow(
      /^ChatGateway is a gateway of Rooms, which is imported more than once/,
    );
    await boot({ imports: [rooms(Listener, 'a'), rooms(Listener, 'b')] });
    const shared = rooms(Gateway, 'a');
    await boot({ imports: [shared, shared] });
  });
});

describe('request scope', () => {
  const scopes: [string, (type: Type) => Provider, RegExp][] = [
    ['a transient class', (type) => (Injectable({ scope: Scope.TRANSIENT })(type), type), /is transient/],
    [
      'a factory for each request',
      (type) => ({ provide: type, useFactory: () => new type() as object, inject: [PerRequest] }),
      /list the class itself/,
    ],
  ];

  it.each(scopes)('[G3] handlers of %s are refused', async (_, make, advice) => {
    for (const mark of [OnChannel('/a'), OnPublish('/a'), OnSubscribe('/a'), CometAuthorize('/a')]) {
      const refused = boot(PerRequest, make(provider(mark)));
      await expect(refused).rejects.toThrow(advice);
      await expect(refused).rejects.toThrow(/^Moderator\.join is a handler/);
    }
    await expect(boot(PerRequest, make(gateway(SubscribeMessage('/service/a'))))).rejects.toThrow(advice);
  });

  it('[G3] what hears messages, or authorizes, is refused where something it depends on is request-scoped', async () => {
    @CometGateway()
    class Scoped {
      constructor(readonly request: PerRequest) {}
      @OnChannel('/a')
      hear(): void {
        /* empty */
      }
    }
    await expect(boot(PerRequest, Scoped)).rejects.toThrow(
      /^Scoped\.hear listens to \/a, but Scoped is request-scoped.*move it/,
    );
  });

  it('a request-scoped gateway with services, and a factory that makes nothing, are fine', async () => {
    const Gateway = gateway(SubscribeMessage('/service/a'), OnPublish('/a'));
    Injectable({ scope: Scope.REQUEST })(Gateway);
    const Other = gateway(SubscribeMessage('/service/b'));
    await boot(Gateway, { provide: Other, useFactory: () => null });
  });
});

describe('parameters', () => {
  it.each<[string, Type, RegExp]>([
    [
      'of no variable',
      gateway(OnPublish('/rooms/{room}')),
      /\('rom'\), which is no variable.*@ChannelParam\('room'\)/,
    ],
    ['of a channel without any', gateway(SubscribeMessage('/service/x')), /variables in braces/],
    ['of a member of objects', gateway(OnChannel('/a')), /variables in braces/],
    ['of a method for no channel', gateway(), /called for no channel/],
    ['of an authorizer', provider(CometAuthorize('/rooms/{rom}')), /called for no channel/],
  ])('[G3] @ChannelParam %s is refused', async (_, type, advice) => {
    const refused = boot(onParameter(type, ChannelParam('rom')));
    await expect(refused).rejects.toThrow(advice);
    await expect(refused).rejects.toThrow(/^(ChatGateway|Moderator)\.join /);
  });

  it('[G3] @ChannelParam in a hook, a controller or another gateway is refused', async () => {
    @CometGateway()
    class Hooks {
      handleConnection(@ChannelParam() params: unknown) {
        return params;
      }
    }
    @Controller('rooms')
    class Rooms {
      @Get()
      get(@ChannelParam('room') room: string) {
        return room;
      }
    }
    @WebSocketGateway({ path: '/plain' })
    class Plain {
      @SubscribeMessage('/{room}')
      get(@ChannelParam('room') room: string) {
        return room;
      }
    }
    @Module({ controllers: [Rooms] })
    class WithController {}
    await expect(boot(Hooks)).rejects.toThrow(/^Hooks\.handleConnection has.*for no channel/);
    await expect(boot(Plain)).rejects.toThrow(/^Plain\.get has.*for no channel/);
    await expect(boot({ imports: [WithController] })).rejects.toThrow(/^Rooms\.get has.*for no channel/);
  });

  it('[G3] @Ack where nothing is acknowledged, and decorators of controllers, are refused', async () => {
    await expect(boot(onParameter(gateway(OnPublish('/a')), Ack()))).rejects.toThrow(
      /^ChatGateway\.join.*@Ack\(\), but calls of services alone/,
    );
    await expect(boot(onParameter(gateway(OnPublish('/rooms/{room}')), Param('room')))).rejects.toThrow(
      /^ChatGateway\.join.*@ChannelParam\('room'\)/,
    );
    await expect(boot(onParameter(provider(CometAuthorize('/a')), MessageBody()))).rejects.toThrow(
      /^Moderator\.join.*CometAuthorizationRequest/,
    );
    await expect(boot(onParameter(gateway(), MessageBody()))).rejects.toThrow(
      /^ChatGateway\.join has parameters with decorators, but nothing calls it.*mark it with @SubscribeMessage/,
    );
    class Silent extends gatewayOn('/service/a') {
      override join(): void {
        /* empty */
      }
    }
    await boot(Silent);
    @CometGateway()
    class Parting {
      handleDisconnect(@MessageBody(ParseIntPipe) reason: unknown) {
        return reason;
      }
    }
    await expect(boot(Parting)).rejects.toThrow(/^Parting\.handleDisconnect.*take the pipe away/);
  });

  it('each variable of stacked decorators, @Ack of a service and the data of hooks are fine', async () => {
    const stacked = gateway(OnPublish('/rooms/{room}'), OnSubscribe('/halls/{hall}'));
    await boot(onParameter(stacked, ChannelParam('hall')));
    await boot(onParameter(gateway(SubscribeMessage('/service/a')), Ack()));
    @CometGateway()
    class Hooks {
      handleConnection(@MessageBody() ext: unknown) {
        return ext;
      }
      handleDisconnect(@MessageBody() reason: unknown) {
        return reason;
      }
    }
    await boot(Hooks);
  });
});

describe('enhancers', () => {
  it.each<[string, Type, RegExp]>([
    [
      'an authorizer',
      provider(UseGuards(Closed), CometAuthorize('/a')),
      /write what they check into the method/,
    ],
    ['a method that nothing calls', gateway(UseGuards(Closed)), /take the decorator away/],
    [
      'a class of authorizers',
      guarded(provider(CometAuthorize('/a'))),
      /^Moderator is marked with @UseGuards/,
    ],
  ])('[G3] on %s are refused', async (_, type, advice) => {
    await expect(boot(type)).rejects.toThrow(advice);
  });

  it('[G3] on hooks where they do not run, and on a gateway where none does, are refused', async () => {
    @CometGateway()
    class Parting {
      @UsePipes(ValidationPipe)
      handleDisconnect(): void {
        /* empty */
      }
    }
    @CometGateway()
    class Initial {
      @UseGuards(Closed)
      afterInit(): void {
        /* empty */
      }
    }
    @UseGuards(Closed)
    @CometGateway()
    class Idle {
      afterInit(): void {
        /* empty */
      }
      @CometAuthorize('/a')
      judge() {
        return 'grant';
      }
    }
    await expect(boot(Parting)).rejects.toThrow(/^Parting\.handleDisconnect is marked with @UsePipes/);
    await expect(boot(Initial)).rejects.toThrow(/^Initial\.afterInit is marked with @UseGuards/);
    await expect(boot(Idle)).rejects.toThrow(/^Idle is marked with @UseGuards, but has no handler/);
  });

  it('[G3] that Nest does not make for a class, as a factory makes it, are refused', async () => {
    const Guarded = provider(UseGuards(Closed), OnPublish('/a'));
    await expect(boot({ provide: 'it', useFactory: () => new Guarded() as object })).rejects.toThrow(
      /^Moderator\.join is bound to Closed, but Nest makes.*list Moderator itself.*new Closed/,
    );
    await expect(boot({ provide: 'it', useValue: new Guarded() as object })).rejects.toThrow(
      /bound to Closed/,
    );
    await boot({ provide: 'it', useClass: Guarded });
    const WithInstance = provider(UseGuards(new Closed()), OnPublish('/a'));
    await boot({ provide: 'it', useFactory: () => new WithInstance() as object });
  });

  it('of classes and methods that others call are fine', async () => {
    const byLibrary: MethodDecorator = (_target, _key, descriptor) =>
      Reflect.defineMetadata('queue:consumer', 'jobs', descriptor.value as object);
    const log = await boot(gateway(UseGuards(Closed), byLibrary));
    expect(log.text).toMatch(
      /warn ChatGateway\.join is marked with @UseGuards, but nothing calls it for a client/,
    );
    await boot(provider(UseGuards(Closed), UseInterceptors()));
    const Resolver = guarded(provider(CometAuthorize('/a')));
    Reflect.defineMetadata('graphql:resolver', 'Query', Resolver);
    await boot(Resolver, guarded(provider(OnChannel('/a'))), guarded(provider()));
  });
});

describe('what no message comes to', () => {
  it('[G3] handlers of classes that are guards alone are refused', async () => {
    @Injectable()
    class Watcher extends Closed {
      @OnChannel('/a')
      watch(): void {
        /* empty */
      }
    }
    const watched = gateway(UseGuards(Watcher), OnPublish('/a'));
    await expect(boot(watched)).rejects.toThrow(
      /^Watcher\.watch would never be called.*providers of a module too/,
    );
    await boot(watched, Watcher);
  });
});

describe('values of the application', () => {
  it('[G7] proxies are asked for nothing: values, what factories and classes make, and prototypes', async () => {
    let armed = false;
    const touched: string[] = [];
    const traps = [
      'get',
      'has',
      'ownKeys',
      'getPrototypeOf',
      'getOwnPropertyDescriptor',
      'set',
      'apply',
    ] as const;
    const hooks = /^(?:then|on(?:Module|Application)\w+|beforeApplicationShutdown)$/;
    /** Nest itself looks for hooks, and whether it was given a promise; nothing else may ask it. */
    const strict = (target: object): object => {
      const refusing = (trap: (typeof traps)[number]) => [
        trap,
        (...args: [object, ...unknown[]]) => {
          if (!armed || (trap === 'get' && hooks.test(String(args[1]))))
            return Reflect.apply(Reflect[trap] as (...given: unknown[]) => unknown, null, args);
          touched.push(`${trap} ${String(args[1])}`);
          throw new Error(`strict: ${trap} ${String(args[1])}`);
        },
      ];
      return new Proxy(target, Object.fromEntries(traps.map(refusing)) as ProxyHandler<object>);
    };
    class ReturnsProxy extends Closed {
      constructor() {
        super();
        return strict({ canActivate: () => true }) as ReturnsProxy;
      }
    }
    class Settings {
      readonly url = '';
    }
    const module = await Test.createTestingModule({
      imports: [CometModule.forRoot(USERS)],
      providers: [
        { provide: 'value', useValue: strict({}) },
        { provide: 'of a class', useValue: strict(new Closed()) },
        { provide: 'prototype', useValue: Object.create(strict({})) as object },
        { provide: Settings, useFactory: () => strict(new Settings()) },
        { provide: 'later', useFactory: () => Promise.resolve(strict({})) },
        { provide: 'function', useValue: strict(() => 0) },
        { provide: 'alias', useExisting: 'value' },
        ReturnsProxy,
      ],
    })
      .setLogger(new CapturedLogger())
      .compile();
    armed = true;
    await module.init();
    armed = false;
    expect(touched).toEqual([]);
    await module.close();
  });

  it('[G7] odd values are fine', async () => {
    const pretender = Object.create({ constructor: 'none' }) as object;
    class Getters {
      static get displayName(): string {
        throw new Error('not asked for');
      }
      get session(): string {
        throw new Error('not asked for');
      }
      get join(): string {
        throw new Error('not asked for');
      }
    }
    const values = [
      Object.create(null),
      Object.create(Object.create(null) as object),
      pretender,
      new Map(),
      [],
      new Date(),
      process.env,
      null,
      undefined,
      0,
      Symbol('x'),
      new Getters(),
    ] as unknown[];
    await boot(Getters, ...values.map((useValue, index) => ({ provide: `value ${index}`, useValue })));
  });
});
