import {
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UnauthorizedException,
  UseGuards,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ConnectedSocket, MessageBody, SubscribeMessage, WsException } from '@nestjs/websockets';
import { IsString } from 'class-validator';
import { map, type Observable } from 'rxjs';
import { CometGateway, CometSession } from '../../src/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { NestStage } from './support/nest-stage.js';

class NameDto {
  @IsString()
  name: string;
}

class NobodyGuard implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class AliceGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.switchToWs().getClient<CometSession>().userId === 'alice') return true;
    throw new WsException('403::only_for_alice');
  }
}

class TokenGuard implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException('a fresh token, please');
  }
}

class BrokenGuard implements CanActivate {
  canActivate(): boolean {
    throw new Error('hunter2');
  }
}

class Twice implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<string>): Observable<string> {
    return next.handle().pipe(map((text) => `${text} ${text}`));
  }
}

let handled = 0;

@CometGateway()
class GuardedGateway {
  @UseGuards(NobodyGuard)
  @SubscribeMessage('/service/nobody')
  nobody(): string {
    handled++;
    return 'never';
  }

  @UseGuards(AliceGuard)
  @SubscribeMessage('/service/alice')
  alice(@ConnectedSocket() { userId }: CometSession): string {
    handled++;
    return `hello ${userId}`;
  }

  @UseGuards(TokenGuard)
  @SubscribeMessage('/service/token')
  token(): string {
    handled++;
    return 'never';
  }

  @UseGuards(BrokenGuard)
  @SubscribeMessage('/service/broken')
  broken(): string {
    handled++;
    return 'never';
  }

  @UseInterceptors(Twice)
  @SubscribeMessage('/service/twice')
  twice(@MessageBody() text: string): string {
    return text;
  }

  @SubscribeMessage('/service/name')
  name(@MessageBody() { name }: NameDto): string {
    return name;
  }
}

/** Guards everything there is, and keeps a list of it. */
@Injectable()
class GlobalGuard implements CanActivate {
  readonly seen: string[] = [];
  allow = true;

  canActivate(context: ExecutionContext): boolean {
    const kind = context.getType();
    this.seen.push(kind === 'ws' ? context.switchToWs().getPattern() : kind);
    return this.allow;
  }
}

@Injectable()
class GlobalInterceptor implements NestInterceptor {
  readonly seen: string[] = [];

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.seen.push(context.getType());
    return next.handle();
  }
}

describe.each(HTTP_KINDS)('a gateway on %s', (http) => {
  const stage = new NestStage();
  const providers = [GuardedGateway];

  beforeEach(() => {
    handled = 0;
  });

  it.each([
    ['/service/nobody', '403::Forbidden resource'],
    ['/service/alice', '403::only_for_alice'],
    ['/service/token', '401::a fresh token, please'],
  ])('is not reached when a guard denies %s', async (channel, error) => {
    const app = await stage.start({ http, providers });
    const client = await app.socket('bob').join();
    const { answers, reply } = await client.call(channel, {});
    expect(answers).toEqual([]);
    expect(reply).toMatchObject({ successful: false, error });
    expect(handled).toBe(0);
  });

  it('is not reached when a guard fails, and the peer learns nothing of it', async () => {
    const app = await stage.start({ http, providers });
    const client = await app.socket('bob').join();
    const { reply } = await client.call('/service/broken', {});
    expect(reply).toMatchObject({ successful: false, error: '500::service_failed' });
    expect(handled).toBe(0);
    expect(app.log.takeErrors()).toHaveLength(1);
  });

  it('is reached when its guard permits it', async () => {
    const app = await stage.start({ http, providers });
    const client = await app.polling('alice').join();
    expect((await client.call('/service/alice', {})).answers).toEqual(['hello alice']);
    expect(handled).toBe(1);
  });

  it('has its answer changed by an interceptor', async () => {
    const app = await stage.start({ http, providers });
    const client = await app.polling().join();
    expect((await client.call('/service/twice', 'ha')).answers).toEqual(['ha ha']);
  });

  it('is behind global pipes', async () => {
    const app = await stage.start({
      http,
      providers,
      configure: (nest) => nest.useGlobalPipes(new ValidationPipe()),
    });
    const client = await app.socket().join();
    expect((await client.call('/service/name', { name: 7 })).reply.error).toBe('400::name must be a string');
    expect((await client.call('/service/name', { name: 'alice' })).answers).toEqual(['alice']);
  });

  it('is behind global guards and interceptors, which see nothing else of Bayeux', async () => {
    const app = await stage.start({
      http,
      providers: [
        GuardedGateway,
        GlobalGuard,
        GlobalInterceptor,
        { provide: APP_GUARD, useExisting: GlobalGuard },
        { provide: APP_INTERCEPTOR, useExisting: GlobalInterceptor },
      ],
    });
    const guard = app.app.get(GlobalGuard);
    const interceptor = app.app.get(GlobalInterceptor);
    for (const client of [app.socket('alice'), app.polling('alice')]) {
      guard.allow = true;
      await client.join();
      await client.subscribe('/news');
      await client.publish('/news', 1);
      expect((await client.call('/service/twice', 'ha')).answers).toEqual(['ha ha']);
      guard.allow = false;
      expect((await client.call('/service/twice', 'ha')).reply.error).toBe('403::Forbidden resource');
      await client.disconnect();
    }
    expect(guard.seen).toEqual(Array.from({ length: 4 }, () => '/service/twice'));
    expect(interceptor.seen).toEqual(['ws', 'ws']);
  });
});
