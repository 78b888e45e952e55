import {
  type CanActivate,
  Controller,
  Get,
  Injectable,
  type ModuleMetadata,
  type Provider,
  Scope,
  SetMetadata,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CometAdapter,
  CometAuthorize,
  CometGateway,
  CometModule,
  CometOAuthGuard,
  CometPublic,
  OnChannel,
  OnPublish,
  OnSubscribe,
  RequireKind,
  RequireScopes,
} from '../../src/index.js';
import { CometPushModule } from '../../src/push/index.js';
import { CapturedLogger } from '../support/captured.logger.js';
import { USERS } from './support/nest-stage.js';

interface Settings extends ModuleMetadata {
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  readonly everywhere?: Type<CanActivate>;
}

/** Starts all of an application but its servers, and ends it again. */
async function boot({ imports = [], override = (b) => b, everywhere, ...parts }: Settings): Promise<void> {
  const builder = Test.createTestingModule({ imports: [CometModule.forRoot(USERS), ...imports], ...parts });
  const module = await override(builder).setLogger(new CapturedLogger()).compile();
  const app = everywhere ? module.createNestApplication() : module;
  if ('useGlobalGuards' in app && everywhere) {
    app.useWebSocketAdapter(new CometAdapter(app));
    app.useGlobalGuards(app.get(everywhere));
  }
  try {
    await app.init();
  } finally {
    await app.close();
  }
}

const needs = RequireScopes('a');
const guarded = UseGuards(CometOAuthGuard);

/** A class with one method, marked as a case wants it; the class last. */
function made(name: string, methods: readonly MethodDecorator[], classes: readonly ClassDecorator[]): Type {
  const type = { [name]: class {} }[name] as Type;
  const descriptor = { value: (): void => undefined, writable: true, configurable: true };
  Object.defineProperty(type.prototype, 'handle', descriptor);
  Object.defineProperty(type.prototype, 'other', { ...descriptor, value: (): void => undefined });
  for (const decorate of methods) decorate(type.prototype as object, 'handle', descriptor);
  for (const decorate of classes) decorate(type);
  return type;
}

const gateway = (methods: MethodDecorator[], ...classes: ClassDecorator[]): Settings => ({
  providers: [made('Some', methods, [CometGateway(), ...classes])],
});
const provider = (methods: MethodDecorator[], ...classes: ClassDecorator[]): Settings => ({
  providers: [made('Some', methods, [Injectable(), ...classes])],
});
const controller = (methods: MethodDecorator[], ...classes: ClassDecorator[]): Settings => ({
  controllers: [made('Some', methods, [Controller('some'), ...classes])],
});
const hook = (name: 'handleConnection' | 'handleDisconnect', ...decorators: ClassDecorator[]): Settings => {
  class Some {
    [name](): void {
      /* empty */
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Some.prototype, name) as PropertyDescriptor;
  needs(Some.prototype, name, descriptor);
  for (const decorate of [CometGateway(), ...decorators]) decorate(Some);
  return { providers: [Some] };
};
const also = (settings: Settings, ...providers: Provider[]): Settings => ({
  ...settings,
  providers: [...(settings.providers ?? []), ...providers],
});

const call = SubscribeMessage('/service/x');
const message = SetMetadata('microservices:pattern', ['x']);

@Injectable()
class OwnGuard extends CometOAuthGuard {}

@Injectable({ scope: Scope.REQUEST })
class ScopedGuard extends CometOAuthGuard {}

@Injectable()
class OtherGuard implements CanActivate {
  canActivate(): boolean {
    return true;
  }
}

const asClass = { provide: APP_GUARD, useClass: CometOAuthGuard };
const LET_IN = 'no guard looks at that, so that everybody would be let in';

describe('what @RequireScopes and @RequireKind ask for', () => {
  it.each<[string, Settings]>([
    ['a route', controller([needs, Get()])],
    ['the routes of a controller', controller([Get()], needs)],
    ['a kind for a route', controller([RequireKind('user'), Get()])],
    ['a route under another guard', controller([needs, Get()], UseGuards(OtherGuard))],
    ['a call', gateway([needs, call])],
    ['the calls of a gateway', gateway([call], needs)],
    ['a method in a gateway that is public', gateway([needs, call], CometPublic())],
    ['a publish', provider([needs, OnPublish('/x')])],
    ['a subscribe', provider([needs, OnSubscribe('/x')])],
    ['a message', provider([needs, OnChannel('/x')])],
    ['a handshake', hook('handleConnection')],
    ['a call of another gateway', provider([needs, SubscribeMessage('x')], WebSocketGateway({ path: '/y' }))],
    ['a message of a microservice, with a guard for HTTP', also(controller([needs, message]), asClass)],
    [
      'a call under another guard of the application',
      also(gateway([needs, call]), { provide: APP_GUARD, useClass: OtherGuard }),
    ],
  ])('[G3] stops the start without a guard that reads it: %s', async (_, settings) => {
    await expect(boot(settings)).rejects.toThrow(LET_IN);
  });

  it('[G3] names what is open, and says what to write', async () => {
    await expect(boot(gateway([needs, call]))).rejects.toThrow(
      'Some.handle needs what @RequireScopes or @RequireKind ask for, but no guard looks at that, so that everybody ' +
        'would be let in: mark it or its class with @UseGuards(CometOAuthGuard), or bind the guard everywhere, by ' +
        '{ provide: APP_GUARD, useClass: CometOAuthGuard } in the providers of a module.',
    );
  });

  it.each<[string, Settings, string]>([
    [
      'handleDisconnect',
      hook('handleDisconnect', guarded),
      'a session that has ended can be refused nothing',
    ],
    [
      'an authorizer',
      also(provider([needs, CometAuthorize('/x')]), asClass),
      'authorizers are asked without guards',
    ],
    ['a plain method', also(gateway([needs]), asClass), 'nothing calls it for a client'],
    [
      'a class without handlers',
      also(provider([], needs), asClass),
      'has no handler that a guard would run for',
    ],
    ['a public method', gateway([needs, call, CometPublic()], guarded), 'which say the opposite'],
    ['a public class', controller([Get()], guarded, needs, CometPublic()), 'which say the opposite'],
  ])('[G3] stops the start where it can mean nothing: on %s', async (_, settings, sentence) => {
    await expect(boot(settings)).rejects.toThrow(sentence);
  });

  it.each<[string, Settings]>([
    ['on the method', gateway([needs, call, guarded])],
    ['on the class', gateway([call], needs, guarded)],
    ['on a controller, by a class that extends it', controller([Get()], needs, UseGuards(OwnGuard))],
    ['by APP_GUARD and a class', also(gateway([needs, call]), asClass)],
    [
      'by APP_GUARD and another provider',
      also(controller([needs, Get()]), OwnGuard, { provide: APP_GUARD, useExisting: OwnGuard }),
    ],
    [
      'by APP_GUARD and a factory',
      also(hook('handleConnection'), OwnGuard, {
        provide: APP_GUARD,
        useFactory: (guard: OwnGuard) => guard,
        inject: [OwnGuard],
      }),
    ],
    [
      'by APP_GUARD, one for each request',
      also(controller([needs, Get()]), { provide: APP_GUARD, useClass: ScopedGuard }),
    ],
    ['by useGlobalGuards', { ...also(controller([needs, Get()]), OwnGuard), everywhere: OwnGuard }],
    ['on a class whose only method is public', gateway([call, CometPublic()], needs)],
    [
      'in a test that puts another in its place',
      {
        ...gateway([needs, call, guarded]),
        override: (b) => b.overrideGuard(CometOAuthGuard).useClass(OtherGuard),
      },
    ],
    ['by the library itself', { imports: [CometPushModule.register()] }],
  ])('[G3] lets the application start with the guard %s', async (_, settings) => {
    await expect(boot(settings)).resolves.toBeUndefined();
  });
});
