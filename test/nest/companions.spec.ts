import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  ClassSerializerInterceptor,
  ConflictException,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  HttpException,
  Inject,
  Injectable,
  NotFoundException,
  SetMetadata,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE, Reflector } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import { Exclude } from 'class-transformer';
import { IsInt, IsString } from 'class-validator';
import { CometContext, CometGateway, OnPublish, OnSubscribe } from '../../src/index.js';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { ask } from '../support/http.js';
import { ClsModule, ClsService, ThrottlerGuard, ThrottlerModule } from '../support/companions.js';
import { NestStage } from './support/nest-stage.js';

class OrderDto {
  @IsString()
  article: string;

  @IsInt()
  amount: number;
}

class Account {
  name = 'alice';

  @Exclude()
  password = 'hunter2';
}

const Role = (role: string) => SetMetadata('role', role);

/** The guard of many applications: who may do what stands at the handler, and who it is comes from the context. */
@Injectable()
class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const role = this.reflector.getAllAndOverride<string | undefined>('role', [
      context.getHandler(),
      context.getClass(),
    ]);
    if (role === undefined) return true;
    return CometContext.find(context)?.session.userId === role;
  }
}

interface JsonResponse {
  status(code: number): { json(body: unknown): void };
}

/** A filter that was written for controllers, and asks for nothing else. */
@Catch(HttpException)
class HttpOnlyFilter implements ExceptionFilter {
  catch(exception: HttpException, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<JsonResponse>();
    response.status(exception.getStatus()).json({ filtered: exception.message });
  }
}

@CometGateway()
class ShopGateway {
  constructor(@Inject(ClsService) private readonly cls: InstanceType<typeof ClsService>) {}

  handleConnection(): void {
    if (this.cls.isActive()) this.cls.set('greeted', true);
  }

  @SubscribeMessage('/service/order')
  order(@MessageBody() { article, amount }: OrderDto): string {
    return `${amount} of ${article}`;
  }

  @UseInterceptors(ClassSerializerInterceptor)
  @SubscribeMessage('/service/account')
  account(): Account {
    return new Account();
  }

  @SubscribeMessage('/service/context')
  async context(@MessageBody() text: string): Promise<unknown> {
    this.cls.set('text', text);
    await Promise.resolve();
    return { text: this.cls.get<string>('text'), id: typeof this.cls.getId() };
  }

  @SubscribeMessage('/service/missing')
  missing(): never {
    throw new NotFoundException('no such order');
  }

  @Role('admin')
  @SubscribeMessage('/service/close')
  close(): string {
    return 'closed';
  }

  @OnPublish('/orders/{shop}')
  publish(@MessageBody() order: OrderDto): unknown {
    if (order.amount === 0) throw new ConflictException({ message: 'nothing ordered', code: 'EMPTY' });
    const { article, amount } = order;
    return { article, amount, checked: true };
  }

  @Role('admin')
  @OnSubscribe('/audit')
  audit(): void {
    // The guard has decided.
  }

  @UseGuards(ThrottlerGuard)
  @SubscribeMessage('/service/rare')
  rare(): string {
    return 'once';
  }
}

@Controller('shop')
class ShopController {
  @Get('missing')
  missing(): never {
    throw new NotFoundException('no such page');
  }

  @Get('account')
  account(): Account {
    return new Account();
  }
}

describe('beside well-known companions of Nest', () => {
  const stage = new NestStage();
  const start = () =>
    stage.start({
      imports: [
        ClsModule.forRoot({ global: true, guard: { mount: true, generateId: true } }),
        ThrottlerModule.forRoot({ throttlers: [{ ttl: 3_600_000, limit: 1 }], setHeaders: false }),
      ],
      controllers: [ShopController],
      providers: [
        ShopGateway,
        { provide: APP_GUARD, useClass: RolesGuard },
        { provide: APP_FILTER, useClass: HttpOnlyFilter },
        { provide: APP_INTERCEPTOR, useClass: ClassSerializerInterceptor },
        {
          provide: APP_PIPE,
          useFactory: () =>
            new ValidationPipe({
              transform: true,
              exceptionFactory: (errors) => new WsException(errors),
            }),
        },
      ],
    });

  it.each(DEFAULT_TRANSPORTS)('a gateway works over %s', async (transport) => {
    const app = await start();
    const clientOf = (user: string) => (transport === 'websocket' ? app.socket(user) : app.polling(user));
    const client = await clientOf('alice').join();

    // ValidationPipe with a WsException of the errors.
    expect((await client.call('/service/order', { article: 'tea', amount: 2 })).answers).toEqual([
      '2 of tea',
    ]);
    expect((await client.call('/service/order', { article: 7, amount: 2 })).reply).toMatchObject({
      error: '400::article must be a string',
      ext: { details: [{ property: 'article', constraints: { isString: 'article must be a string' } }] },
    });
    expect(await client.publish('/orders/tea', { article: 'tea', amount: 'two' })).toMatchObject({
      error: '400::amount must be an integer number',
    });

    // A filter that knows HTTP only does not keep an HttpException from the client.
    expect((await client.call('/service/missing', {})).reply.error).toBe('404::no such order');
    expect(await client.publish('/orders/tea', { article: 'tea', amount: 0 })).toMatchObject({
      error: '409::nothing ordered',
      ext: { details: { code: 'EMPTY' } },
    });
    expect(app.log.takeErrors().join('\n')).toContain('A filter failed');

    // ClassSerializerInterceptor, of the application and of a method.
    expect((await client.call('/service/account', {})).answers).toEqual([{ name: 'alice' }]);

    // nestjs-cls: each call has a context of its own.
    const calls = await Promise.all(['a', 'b'].map((text) => client.call('/service/context', text)));
    expect(calls.map(({ answers }) => answers)).toEqual([
      [{ text: 'a', id: 'string' }],
      [{ text: 'b', id: 'string' }],
    ]);

    // A guard with Reflector.
    expect((await client.call('/service/close', {})).reply.error).toBe('403::Forbidden resource');
    expect(await client.subscribe('/audit')).toMatchObject({ error: '403::Forbidden resource' });
    const admin = await clientOf('admin').join();
    expect((await admin.call('/service/close', {})).answers).toEqual(['closed']);
    expect(await admin.subscribe('/audit')).toMatchObject({ successful: true });

    // @nestjs/throttler.
    expect((await client.call('/service/rare', {})).answers).toEqual(['once']);
    expect((await client.call('/service/rare', {})).reply.error).toMatch(/^429::/);
    app.log.takeErrors();
  });

  it('and the controllers are as they were', async () => {
    const app = await start();
    const missing = await ask(`${app.origin}/shop/missing`, { method: 'GET', body: '' }).answer;
    expect([missing.status, JSON.parse(missing.text)]).toEqual([404, { filtered: 'no such page' }]);
    const account = await ask(`${app.origin}/shop/account`, { method: 'GET', body: '' }).answer;
    expect(JSON.parse(account.text)).toEqual({ name: 'alice' });
  });
});
