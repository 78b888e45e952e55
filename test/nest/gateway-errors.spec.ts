import {
  BadRequestException,
  ForbiddenException,
  HttpException,
  UseFilters,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { IsInt, IsString, Min } from 'class-validator';
import { throwError } from 'rxjs';
import { CometExceptionFilter, CometGateway } from '../../src/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { NestStage } from './support/nest-stage.js';

class OrderDto {
  @IsString()
  article: string;

  @IsInt()
  @Min(1)
  amount: number;
}

const SECRET = 'postgres://admin:hunter2@db/orders';

/** What handlers throw, by the name of their service. */
const THROWN: Record<string, () => unknown> = {
  text: () => new WsException('taken'),
  object: () => new WsException({ message: 'taken', internal: SECRET }),
  'object-without-text': () => new WsException({ code: 7, internal: SECRET }),
  coded: () => new WsException('409:name:taken'),
  'coded-object': () => new WsException({ message: '409::taken' }),
  'session-gone': () => new WsException('402::session_unknown'),
  forbidden: () => new ForbiddenException('not yours'),
  list: () => new BadRequestException(['a is missing', 'b is missing']),
  teapot: () => new HttpException('short and stout', 418),
  body: () => new HttpException({ message: 'readable', internal: SECRET }, 422),
  'payment-required': () => new HttpException('pay first', 402),
  'control-characters': () => new WsException('a\r\nb\u0000c'),
  long: () => new WsException('x'.repeat(5_000)),
  error: () => new Error(SECRET),
  'plain-text': () => SECRET,
  nothing: () => undefined,
  null: () => null,
  'plain-object': () => ({ message: SECRET, getError: 'not a function' }),
};

const EXPECTED: Record<string, string> = {
  text: '400::taken',
  object: '400::taken',
  'object-without-text': '500::service_failed',
  coded: '409:name:taken',
  'coded-object': '409::taken',
  'session-gone': '400::402::session_unknown',
  forbidden: '403::not yours',
  list: '400::a is missing; b is missing',
  teapot: '418::short and stout',
  body: '422::readable',
  'payment-required': '403::pay first',
  'control-characters': '400::a b c',
  long: `400::${'x'.repeat(507)}`,
  error: '500::service_failed',
  'plain-text': '500::service_failed',
  nothing: '500::service_failed',
  null: '500::service_failed',
  'plain-object': '500::service_failed',
};

/** Failures nobody foresaw: the peer learns nothing of them, the log does. */
const UNFORESEEN = ['error', 'plain-text', 'nothing', 'null', 'plain-object'];

class Throwing {
  fail(@MessageBody() name: string): never {
    throw THROWN[name]?.();
  }
}

@CometGateway()
class FailingGateway extends Throwing {
  @SubscribeMessage('/service/throws')
  override fail(@MessageBody() name: string): never {
    return super.fail(name);
  }

  @SubscribeMessage('/service/rejects')
  async rejects(@MessageBody() name: string): Promise<never> {
    await Promise.resolve();
    throw THROWN[name]?.();
  }

  @SubscribeMessage('/service/observable')
  observable(@MessageBody() name: string) {
    return throwError(() => THROWN[name]?.());
  }

  @UsePipes(new ValidationPipe())
  @SubscribeMessage('/service/order')
  order(@MessageBody() { article, amount }: OrderDto): string {
    return `${amount} of ${article}`;
  }

  @SubscribeMessage('/service/fine')
  fine(): string {
    return 'fine';
  }
}

@WebSocketGateway({ path: '/cometd' })
class OrdinaryGateway extends Throwing {
  @SubscribeMessage('/service/ordinary')
  override fail(@MessageBody() name: string): never {
    return super.fail(name);
  }
}

@UseFilters(CometExceptionFilter)
@WebSocketGateway({ path: '/cometd' })
class FilteredGateway extends Throwing {
  @SubscribeMessage('/service/filtered')
  override fail(@MessageBody() name: string): never {
    return super.fail(name);
  }
}

const providers = [FailingGateway, OrdinaryGateway, FilteredGateway];

describe.each(HTTP_KINDS)('an exception of a handler on %s', (http) => {
  const stage = new NestStage();
  const join = async () => {
    const app = await stage.start({ http, providers });
    return { app, client: await app.socket('alice').join() };
  };

  it.each(['/service/throws', '/service/rejects', '/service/observable', '/service/filtered'])(
    'on %s becomes the error of the reply, and nothing else',
    async (channel) => {
      const { app, client } = await join();
      const errors: Record<string, string | undefined> = {};
      for (const name of Object.keys(THROWN)) {
        const { answers, reply } = await client.call(channel, name);
        expect(answers).toEqual([]);
        expect(reply).toEqual({ channel, id: reply.id, successful: false, error: reply.error });
        errors[name] = reply.error;
      }
      expect(errors).toEqual(EXPECTED);
      expect(JSON.stringify(client.received)).not.toMatch(/hunter2|Error:|\.ts|node_modules/);
      const logged = app.log.takeErrors();
      expect(logged).toHaveLength(UNFORESEEN.length);
      for (const line of logged) expect(line).toContain(channel);
      expect(logged.join('\n')).toContain(SECRET);
    },
  );

  it('in an ordinary gateway, whose filter is that of Nest, leaks nothing either', async () => {
    const { app, client } = await join();
    const errors: Record<string, string | undefined> = {};
    for (const name of Object.keys(THROWN)) {
      const { reply } = await client.call('/service/ordinary', name);
      errors[name] = reply.error;
    }
    expect(errors).toMatchObject({
      text: '400::taken',
      object: '400::taken',
      'object-without-text': '500::service_failed',
      coded: '409:name:taken',
      'session-gone': '400::402::session_unknown',
      error: '500::service_failed',
      nothing: '500::service_failed',
    });
    expect(JSON.stringify(client.received)).not.toMatch(/hunter2|Error:|\.ts|node_modules/);
    expect(app.log.takeErrors().length).toBeGreaterThanOrEqual(UNFORESEEN.length);
  });

  it('leaves the session as it was', async () => {
    const { app, client } = await join();
    await client.call('/service/throws', 'error');
    expect(app.log.takeErrors()).toHaveLength(1);
    expect((await client.call('/service/fine', {})).answers).toEqual(['fine']);
    expect(app.service.counts.sessions).toBe(1);
  });

  it('concerns its own call only, also when calls of several sessions run at once', async () => {
    const { app, client } = await join();
    const other = await app.polling('bob').join();
    const [failed, fine, again] = await Promise.all([
      client.call('/service/rejects', 'text'),
      other.call('/service/fine', {}),
      client.call('/service/fine', {}),
    ]);
    expect(failed.reply.error).toBe('400::taken');
    expect(fine).toMatchObject({ answers: ['fine'], reply: { successful: true } });
    expect(again).toMatchObject({ answers: ['fine'], reply: { successful: true } });
  });

  it.each([
    [{ article: 'tea', amount: 2 }, ['2 of tea'], undefined],
    [{ article: 7, amount: 2 }, [], '400::article must be a string'],
    [{ article: 'tea', amount: 0 }, [], '400::amount must not be less than 1'],
    [
      {},
      [],
      '400::article must be a string; amount must not be less than 1; amount must be an integer number',
    ],
    ['tea', [], expect.stringMatching(/^400::/)],
    [null, [], expect.stringMatching(/^400::/)],
  ])('of the ValidationPipe tells what is wrong with %j', async (data, answers, error) => {
    const { client } = await join();
    const called = await client.call('/service/order', data);
    expect(called.answers).toEqual(answers);
    expect(called.reply.successful).toBe(error === undefined);
    expect(called.reply.error).toEqual(error);
  });
});
