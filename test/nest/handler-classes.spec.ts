import {
  type CanActivate,
  type ExecutionContext,
  Injectable,
  Module,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD, LazyModuleLoader } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  ChannelParam,
  CometGateway,
  CometModule,
  type CometSession,
  CometUser,
  OnChannel,
  OnPublish,
} from '../../src/index.js';
import { CapturedLogger } from '../support/captured.logger.js';
import { NestStage, USERS } from './support/nest-stage.js';

const heard: unknown[] = [];

@Injectable()
class OnlyAlice implements CanActivate {
  canActivate(context: ExecutionContext) {
    return context.switchToWs().getClient<CometSession>().userId === 'alice';
  }
}

abstract class Greeting {
  @SubscribeMessage('/service/greet')
  greet(@MessageBody() name: string) {
    return `${this.words()} ${name}`;
  }
  protected abstract words(): string;
}

@CometGateway()
class GreetingGateway extends Greeting {
  protected words() {
    return 'Hello';
  }
}

/** Named as members of objects, and with members that one must not touch. */
@CometGateway()
class OddGateway {
  get handle(): string {
    throw new Error('not asked for');
  }
  @SubscribeMessage('/service/odd')
  toString() {
    return 'a text';
  }
  @SubscribeMessage('/service/odd/{constructor}')
  hasOwnProperty(@ChannelParam('constructor') name: string) {
    return name as unknown as boolean;
  }
  [Symbol.iterator]() {
    return [][Symbol.iterator]();
  }
}

/** Reaches a private field, which a proxy has not. */
@CometGateway()
class PrivateGateway {
  readonly #secret = 42;

  @UseGuards(new OnlyAlice())
  @SubscribeMessage('/service/secret')
  secret() {
    return this.#secret;
  }
  @OnChannel('/secrets')
  hear() {
    heard.push(this.#secret);
  }
}

/** A proxy whose functions are others, bound to what is behind it. */
function proxyOf(target: object): object {
  return new Proxy(target, {
    get: (it, key) => {
      const value = Reflect.get(it, key) as unknown;
      return typeof value === 'function' ? (value as () => unknown).bind(it) : value;
    },
  });
}

@Injectable()
class Listener {
  @OnChannel('/rooms/{room}')
  @OnChannel('/halls/{room}/now')
  hear(
    @CometUser('userId') user: string | undefined,
    @ChannelParam('room') room: string,
    @ConnectedSocket() session: CometSession | undefined,
    @MessageBody() { data }: { data: unknown },
  ) {
    heard.push([user, room, session?.userId, data]);
  }
}

@Injectable()
class Publishing {
  @OnPublish('/rooms/{room}')
  publish() {
    return true;
  }
}

const constructed = new Set<object>();

class MadeGuard implements CanActivate {
  readonly user = 'alice';
  constructor() {
    constructed.add(this);
  }
  canActivate(context: ExecutionContext) {
    if (!constructed.has(this)) throw new Error('this guard was never constructed');
    return context.switchToWs().getClient<CometSession>().userId === this.user;
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestGuard extends MadeGuard {}

@Injectable({ scope: Scope.TRANSIENT })
class TransientGuard extends MadeGuard {}

@Injectable({ scope: Scope.REQUEST })
@CometGateway()
class ScopedGateway {
  @SubscribeMessage('/service/scoped')
  scoped() {
    return 'scoped';
  }
}

@WebSocketGateway({ path: '/plain' })
class PlainGateway {
  @SubscribeMessage('echo')
  echo(text: string) {
    return text;
  }
  @SubscribeMessage('/service/greet')
  greet(text: string) {
    return text;
  }
}

@Module({ providers: [Listener] })
class LateModule {}

describe('classes with handlers', () => {
  const stage = new NestStage();

  it('[G3] are heard in every form that they may be provided in', async () => {
    heard.length = 0;
    const app = await stage.start({
      providers: [
        // A factory that hands on a gateway, ahead of it.
        { provide: 'greeting', useFactory: (it: object) => it, inject: [GreetingGateway] },
        GreetingGateway,
        { provide: 'greeting too', useExisting: GreetingGateway },
        { provide: 'odd', useClass: OddGateway },
        { provide: PrivateGateway, useFactory: () => proxyOf(new PrivateGateway()) },
        Listener,
        PlainGateway,
      ],
    });
    const [alice, bob] = [await app.socket('alice').join(), await app.polling('bob').join()];
    expect(await alice.call('/service/greet', 'Bob')).toMatchObject({ answers: ['Hello Bob'] });
    expect(await alice.call('/service/odd', 1)).toMatchObject({ answers: ['a text'] });
    expect(await alice.call('/service/odd/x', 1)).toMatchObject({ answers: ['x'] });
    expect(await alice.call('/service/secret', 1)).toMatchObject({ answers: [42] });
    expect((await bob.call('/service/secret', 1)).reply).toMatchObject({
      successful: false,
      error: '403::Forbidden resource',
    });
    await alice.publish('/rooms/one', 'hi');
    await app.service.broadcast('/halls/two/now', 'from the server');
    await app.service.broadcast('/secrets', 1);
    expect(heard).toEqual([
      ['alice', 'one', 'alice', 'hi'],
      [undefined, 'two', undefined, 'from the server'],
      42,
    ]);
    const late = await app.app.get(LazyModuleLoader).load(() => LateModule);
    expect(late.get(Listener)).toBeInstanceOf(Listener);
    expect(app.log.text).toMatch(
      /PlainGateway\.greet handles \/service\/greet for clients of another WebSocket server/,
    );
  });

  it.each([
    ['request-scoped', RequestGuard],
    ['transient', TransientGuard],
  ])('[G3] are guarded by an APP_GUARD that is %s', async (_, useClass) => {
    const app = await stage.start({
      providers: [{ provide: APP_GUARD, useClass }, GreetingGateway, ScopedGateway, Publishing, Listener],
    });
    heard.length = 0;
    const [alice, bob] = [await app.socket('alice').join(), await app.socket('bob').join()];
    const ask = async (client: typeof alice) => [
      (await client.call('/service/greet', 'you')).reply.successful,
      (await client.call('/service/scoped', 1)).reply.successful,
      (await client.publish('/rooms/one', 1)).successful,
      (await client.publish('/halls/one/now', 1)).successful,
    ];
    expect(await ask(alice)).toEqual([true, true, true, true]);
    expect(await ask(bob)).toEqual([false, false, false, false]);
    expect(heard).toHaveLength(2);
  });

  it('[G3] may be replaced in tests, by a class, a value or a mock', async () => {
    @Injectable()
    class Other {
      greet() {
        return 'unmarked';
      }
    }
    for (const replace of ['class', 'value', 'mock'] as const) {
      const builder = Test.createTestingModule({
        imports: [CometModule.forRoot(USERS)],
        providers: [GreetingGateway, Listener],
      }).setLogger(new CapturedLogger());
      const greeting = builder.overrideProvider(GreetingGateway);
      if (replace === 'class') greeting.useClass(Other);
      else greeting.useValue(replace === 'mock' ? proxyOf({}) : new GreetingGateway());
      const module = await builder.compile();
      await module.init();
      await module.close();
    }
  });
});
