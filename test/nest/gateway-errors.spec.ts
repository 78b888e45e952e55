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
import { CometError, CometExceptionFilter, CometGateway } from '../../src/index.js';
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
  object: () => new WsException({ message: 'taken', field: 'name' }),
  'object-without-text': () => new WsException({ code: 'E1' }),
  'object-with-status': () => new WsException({ statusCode: 409, code: 'E1' }),
  array: () => new WsException(validationErrors()),
  comet: () => new CometError(409, 'taken', { args: ['name', 'a:b'], details: { free: ['bob1'] } }),
  'comet-plain': () => new CometError(429, 'slow_down'),
  'comet-secret': () =>
    new CometError(400, 'bad', { details: { cause: new Error(SECRET), at: 1n }, cause: new Error(SECRET) }),
  coded: () => new WsException('409:name:taken'),
  'coded-object': () => new WsException({ message: '409::taken' }),
  'session-gone': () => new WsException('402::session_unknown'),
  forbidden: () => new ForbiddenException('not yours'),
  list: () => new BadRequestException(['a is missing', 'b is missing']),
  teapot: () => new HttpException('short and stout', 418),
  body: () => new HttpException({ message: 'readable', code: 'E2' }, 422),
  errors: () => new BadRequestException(validationErrors()),
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
  'object-without-text': '400::request_failed',
  'object-with-status': '409::request_failed',
  array: '400::amount must not be less than 1; street must be a string',
  comet: '409:name,a b:taken',
  'comet-plain': '429::slow_down',
  'comet-secret': '400::bad',
  coded: '409:name:taken',
  'coded-object': '409::taken',
  'session-gone': '400::402::session_unknown',
  forbidden: '403::not yours',
  list: '400::a is missing; b is missing',
  teapot: '418::short and stout',
  body: '422::readable',
  errors: '400::amount must not be less than 1; street must be a string',
  'payment-required': '403::pay first',
  'control-characters': '400::a b c',
  long: `400::${'x'.repeat(507)}`,
  error: '500::service_failed',
  'plain-text': '500::service_failed',
  nothing: '500::service_failed',
  null: '500::service_failed',
  'plain-object': '500::service_failed',
};

/** What class-validator says of an object, which the object itself is a part of. */
function validationErrors(): object[] {
  const target = { secret: SECRET };
  return [
    {
      property: 'amount',
      target,
      value: SECRET,
      constraints: { min: 'amount must not be less than 1' },
      children: [],
    },
    {
      property: 'address',
      target,
      value: SECRET,
      children: [{ property: 'street', target, constraints: { isString: 'street must be a string' } }],
    },
  ];
}

const VALIDATION = [
  { property: 'amount', constraints: { min: 'amount must not be less than 1' } },
  {
    property: 'address',
    children: [{ property: 'street', constraints: { isString: 'street must be a string' } }],
  },
];

/** What the client is told besides, in `ext.details`. */
const DETAILS: Record<string, unknown> = {
  object: { message: 'taken', field: 'name' },
  'object-without-text': { code: 'E1' },
  'object-with-status': { statusCode: 409, code: 'E1' },
  array: VALIDATION,
  comet: { free: ['bob1'] },
  list: { message: ['a is missing', 'b is missing'], error: 'Bad Request', statusCode: 400 },
  body: { message: 'readable', code: 'E2' },
  errors: { message: VALIDATION, error: 'Bad Request', statusCode: 400 },
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

  it.each([
    '/service/throws',
    '/service/rejects',
    '/service/observable',
    '/service/filtered',
    '/service/ordinary',
  ])('[G2] on %s becomes the error of the reply, and nothing else', async (channel) => {
    const { app, client } = await join();
    const errors: Record<string, string | undefined> = {};
    for (const name of Object.keys(THROWN)) {
      const { answers, reply } = await client.call(channel, name);
      expect(answers).toEqual([]);
      const details = DETAILS[name];
      expect(reply).toEqual({
        channel,
        id: reply.id,
        successful: false,
        error: reply.error,
        ...(details !== undefined && { ext: { details } }),
      });
      errors[name] = reply.error;
    }
    expect(errors).toEqual(EXPECTED);
    expect(JSON.stringify(client.received)).not.toMatch(/hunter2|Error:|\.ts|node_modules/);
    const logged = app.log.takeErrors();
    expect(logged).toHaveLength(UNFORESEEN.length);
    for (const line of logged) expect(line).toContain(channel);
    expect(logged.join('\n')).toContain(SECRET);
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
