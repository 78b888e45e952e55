import {
  type CanActivate,
  ConflictException,
  ForbiddenException,
  type PipeTransform,
  RequestTimeoutException,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import { MessageBody, WsException } from '@nestjs/websockets';
import { catchError, concat, delay, EMPTY, map, NEVER, of, tap, throwError, timeout } from 'rxjs';
import { CometError, CometGateway } from '../../src/index.js';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import {
  type Act,
  errorAt,
  exceptionAt,
  GUARDED,
  type Kind,
  KINDS,
  Matrix,
  type Operation,
  OPERATIONS,
  type Place,
  PLACES,
  SECRET,
} from './support/enhancer-matrix.js';
import { NestStage } from './support/nest-stage.js';

/** What happens to a cell of the matrix: an enhancer runs, does not run, or stops the start. */
type Cell = 'runs' | 'does not run' | 'fails at the start';

function cellOf(kind: Kind, place: Place | 'parameter', operation: Operation): Cell {
  if (operation !== 'disconnect' || kind === 'interceptor' || kind === 'filter') return 'runs';
  return place === 'method' || place === 'parameter' ? 'fails at the start' : 'does not run';
}

/** What contexts say, apart from the operation. */
const FACTS: Record<Operation, object> = {
  call: {
    data: { n: 1 },
    pattern: '/service/matrix',
    handler: 'call',
    channel: '/service/matrix',
    params: {},
  },
  publish: fact('publish', '/judged'),
  message: fact('message', '/heard'),
  subscribe: { ...fact('subscribe', '/asked'), data: '/asked/one' },
  handshake: { ...atTheEnd('handleConnection', '/meta/handshake'), data: { n: 1 } },
  disconnect: { ...atTheEnd('handleDisconnect', '/meta/disconnect'), data: 'disconnect' },
};

function fact(handler: string, channel: string): object {
  const params = { name: 'one' };
  return { data: { n: 1 }, pattern: `${channel}/{name}`, handler, channel: `${channel}/one`, params };
}

function atTheEnd(handler: string, channel: string): object {
  return { pattern: channel, handler, channel, params: {} };
}

type Outcomes = Readonly<Partial<Record<Operation, string>>>;

const every = (outcome: string): Outcomes =>
  Object.fromEntries(
    OPERATIONS.map((operation) => [operation, operation === 'disconnect' ? 'passed' : outcome]),
  );
/** Everything goes on as if nothing were bound. */
const PASSED: Outcomes = { ...every('passed'), call: 'passed ["done"]', publish: 'passed ["done"]' };
/** Something broke: the client learns only that it did, and the log has the rest. */
const BROKE: Outcomes = {
  call: '500::service_failed (error)',
  publish: '500::server_error (error)',
  message: '404::message_deleted (error)',
  subscribe: '500::server_error (error)',
  handshake: '403::handshake_denied (warning)',
  disconnect: 'passed (error)',
};
/** What is said with a code from 500 on is in the log. */
const failedWith = (error: string): Outcomes => ({
  ...every(`${error} (error)`),
  handshake: `${error} (warning)`,
  disconnect: 'passed (error)',
});
const FORBIDDEN = every('403::Forbidden resource');
const breaks = (): never => {
  throw new TypeError(SECRET);
};

type Variants = Readonly<Record<string, readonly [Act, Outcomes]>>;

const GUARD_VARIANTS: Variants = {
  'answers true': [() => true, PASSED],
  'promises true': [() => Promise.resolve(true), PASSED],
  'is an Observable of true': [() => of(true), PASSED],
  'promises an Observable of true': [() => Promise.resolve(of(true)), PASSED],
  'answers false': [() => false, FORBIDDEN],
  'promises false': [() => Promise.resolve(false), FORBIDDEN],
  'is an Observable of false': [() => of(false), FORBIDDEN],
  'is an Observable that ends with false': [() => of(true, false), FORBIDDEN],
  'promises an Observable of false': [() => Promise.resolve(of(false)), FORBIDDEN],
  'answers nothing': [() => undefined, FORBIDDEN],
  'promises nothing': [() => Promise.resolve(), FORBIDDEN],
  'answers null': [() => null, FORBIDDEN],
  'answers 0': [() => 0, FORBIDDEN],
  'is an empty Observable': [() => EMPTY, BROKE],
  breaks: [breaks, BROKE],
  rejects: [() => Promise.reject(new Error(SECRET)), BROKE],
  'rejects with nothing': [(input) => Promise.resolve(input).then(throws(undefined)), BROKE],
  'rejects with a text': [(input) => Promise.resolve(input).then(throws(SECRET)), BROKE],
  'is an Observable that breaks': [() => throwError(() => new Error(SECRET)), BROKE],
  'throws a CometError': [
    () => {
      throw new CometError(409, 'taken', { args: 'x' });
    },
    every('409:x:taken'),
  ],
  'rejects with a WsException': [
    () => Promise.reject(new WsException({ code: 'E1' })),
    { ...every('400::request_failed'), subscribe: '403::request_failed', handshake: '403::request_failed' },
  ],
  'is an Observable of an HttpException': [
    () => throwError(() => new ConflictException('taken')),
    every('409::taken'),
  ],
};

const PIPE_VARIANTS: Variants = {
  'answers at once': [() => ({ other: 1 }), PASSED],
  'promises a value': [() => Promise.resolve({ other: 1 }), PASSED],
  'answers nothing': [() => undefined, PASSED],
  breaks: [breaks, BROKE],
  rejects: [() => Promise.reject(new Error(SECRET)), BROKE],
  'throws an HttpException': [
    () => {
      throw new ForbiddenException('not yours');
    },
    every('403::not yours'),
  ],
  'rejects with a CometError of 500': [
    () => Promise.reject(new CometError(503, 'later')),
    failedWith('503::later'),
  ],
};

const NO_HANDLER: Outcomes = { ...every('passed'), publish: 'passed [{"n":1}]' };

const INTERCEPTOR_VARIANTS: Variants = {
  'lets pass': [({ next }) => next.handle(), PASSED],
  'promises to let pass': [({ next }) => Promise.resolve(next.handle()), PASSED],
  'changes the result': [
    ({ next }) => next.handle().pipe(map((value: unknown) => [value])),
    { ...PASSED, call: 'passed [["done"]]', publish: 'passed [["done"]]' },
  ],
  'takes its time': [({ next }) => next.handle().pipe(delay(1)), PASSED],
  'answers false': [
    ({ next }) => next.handle().pipe(map(() => false)),
    {
      ...PASSED,
      call: 'passed [false]',
      publish: '404::message_deleted',
      message: '404::message_deleted',
      subscribe: '403:denied_by_handler:subscribe_denied',
    },
  ],
  'answers nothing': [() => EMPTY, NO_HANDLER],
  'answers in place of the handler': [
    () => of('cached'),
    { ...PASSED, call: 'passed ["cached"]', publish: 'passed ["cached"]' },
  ],
  'loses patience': [
    ({ next }) =>
      concat(next.handle(), NEVER).pipe(
        timeout({ each: 20 }),
        catchError(() => throwError(() => new RequestTimeoutException('too late'))),
      ),
    every('408::too late'),
  ],
  'refuses by an Observable': [() => throwError(() => new CometError(409, 'taken')), every('409::taken')],
  'breaks before': [breaks, BROKE],
  rejects: [() => Promise.reject(new Error(SECRET)), BROKE],
  'breaks after': [({ next }) => next.handle().pipe(map(breaks)), BROKE],
  'breaks beside it': [({ next }) => next.handle().pipe(tap(breaks)), BROKE],
  'answers no Observable': [() => undefined, BROKE],
  'answers a promise of nothing': [() => Promise.resolve(), BROKE],
};

/** What the filter of a method does about an exception that is none for clients. */
const words = (error: string, others: Outcomes = {}): Outcomes => ({ ...every(error), ...others });
const uncoded = (text: string): Outcomes =>
  words(`400::${text}`, { subscribe: `403::${text}`, handshake: `403::${text}` });
const throws =
  (error: unknown): Act =>
  () => {
    throw error;
  };

const FILTER_VARIANTS: Variants = {
  'answers nothing': [() => undefined, BROKE],
  'answers null': [() => null, BROKE],
  'answers true': [() => true, BROKE],
  'answers false': [() => false, BROKE],
  'answers a number': [() => 200, BROKE],
  'answers a function': [() => () => 1, BROKE],
  'promises nothing': [() => Promise.resolve(), BROKE],
  'is an empty Observable': [() => EMPTY, BROKE],
  'answers a text': [() => 'try again', uncoded('try again')],
  'answers a text with a code': [() => '409:x:taken', words('409:x:taken')],
  'promises a text': [() => Promise.resolve('409::taken'), words('409::taken')],
  'is an Observable of a text': [() => of('408::first', '409::taken'), words('409::taken')],
  'promises an Observable of a text': [() => Promise.resolve(of('409::taken')), words('409::taken')],
  'answers an object': [() => ({ code: 'E1' }), uncoded('request_failed')],
  'claims success': [() => ({ successful: true, data: 1 }), uncoded('request_failed')],
  'claims a status of 200': [() => ({ statusCode: 200, message: 'fine' }), uncoded('fine')],
  'answers with a status': [() => ({ statusCode: 404, message: 'gone' }), words('404::gone')],
  'answers in 500': [() => '500::down', failedWith('500::down')],
  'answers an error': [() => new Error(SECRET), BROKE],
  'promises an error for the client': [
    () => Promise.resolve(new ConflictException('taken')),
    words('409::taken'),
  ],
  'answers what JSON cannot express': [
    () => ({ message: 'odd', amount: 1n }),
    words('400::odd (warning)', {
      subscribe: '403::odd (warning)',
      handshake: '403::odd (warning)',
      disconnect: 'passed (warning)',
    }),
  ],
  rethrows: [
    ({ exception }) => {
      throw exception;
    },
    BROKE,
  ],
  'throws a WsException': [throws(new WsException('409::taken')), words('409::taken')],
  'throws a CometError of 500': [throws(new CometError(503, 'later')), failedWith('503::later')],
  'throws an HttpException': [throws(new ConflictException('taken')), words('409::taken')],
  breaks: [breaks, BROKE],
  'throws nothing': [throws(undefined), BROKE],
  'rejects with a WsException': [() => Promise.reject(new WsException('409::taken')), words('409::taken')],
  rejects: [() => Promise.reject(new TypeError(SECRET)), BROKE],
  'is an Observable of a WsException': [
    () => throwError(() => new WsException('409::taken')),
    words('409::taken'),
  ],
  'is an Observable that breaks': [() => throwError(() => new TypeError(SECRET)), BROKE],
  'tells the client itself': [emits({ status: 'error', message: '409::taken' }), words('409::taken')],
  'tells the client nothing itself': [emits({ status: 'error', message: 'Internal server error' }), BROKE],
  'tells the client, and breaks': [(input) => (emits('409::taken')(input), breaks()), words('409::taken')],
  'knows HTTP only': [knowsHttpOnly, BROKE],
};

/** What the filter of a method does about an exception that is meant for the client. */
const TAKEN = words('409::taken');
const KNOWN_VARIANTS: Variants = {
  'answers nothing': [() => undefined, TAKEN],
  'is an empty Observable': [() => EMPTY, TAKEN],
  'answers true': [() => true, TAKEN],
  rethrows: [
    ({ exception }) => {
      throw exception;
    },
    TAKEN,
  ],
  'has other words': [() => '410:x:gone', words('410:x:gone')],
  'adds details': [() => ({ code: 'E1' }), TAKEN],
  'throws another': [throws(new CometError(410, 'gone')), words('410::gone')],
  breaks: [breaks, BROKE],
  'tells the client nothing itself': [emits({ status: 'error', message: 'Internal server error' }), BROKE],
};

/** Tells the client by itself, as Nest's own filter does. */
function emits(payload: unknown): Act {
  return ({ host }) => {
    const client = host.switchToWs().getClient<{ emit(event: string, payload: unknown): void }>();
    client.emit('exception', payload);
  };
}

function knowsHttpOnly({ host }: Parameters<Act>[0]): void {
  interface Reply {
    status(code: number): { json(body: object): void };
  }
  host.switchToHttp().getResponse<Reply>().status(500).json({});
}

/** What is expected of each variant, as far as the operations are concerned. */
const expectedOf = (variants: Variants, operations: readonly Operation[]): object =>
  Object.fromEntries(
    Object.entries(variants).map(([name, [, outcomes]]) => [
      name,
      Object.fromEntries(operations.map((operation) => [operation, outcomes[operation]])),
    ]),
  );

describe.each(DEFAULT_TRANSPORTS)('what is bound to handlers, over %s', (transport) => {
  const stage = new NestStage();
  const outcomesOf = async (
    matrix: Matrix,
    variants: Variants,
    operations: readonly Operation[],
    acts: (act: Act) => Record<string, Act>,
  ): Promise<object> => {
    const told: Record<string, object> = {};
    for (const [name, [act]] of Object.entries(variants)) {
      told[name] = await matrix.outcomes(operations, acts(act));
    }
    return told;
  };

  it('[G1] [G3] runs in each place, on each operation, in the order of Nest, or says at the start that it does not', async () => {
    const matrix = await Matrix.start(stage, transport);
    for (const operation of OPERATIONS) {
      expect({ [operation]: await matrix.outcome(operation) }).toEqual({ [operation]: PASSED[operation] });
      const { seen, facts } = matrix.script;
      const runs = (kind: Kind, ...places: (Place | 'parameter')[]): string[] =>
        places
          .filter((place) => cellOf(kind, place, operation) === 'runs')
          .map((place) => `${kind} ${place}`);
      expect({ [operation]: seen }).toEqual({
        [operation]: [
          ...runs('guard', ...PLACES),
          ...runs('interceptor', ...PLACES),
          ...runs('pipe', ...PLACES, 'parameter'),
          'handler',
          ...PLACES.toReversed().map((place) => `after ${place}`),
        ],
      });
      for (const place of PLACES) {
        const outcome = await matrix.outcome(operation, { handler: throws(errorAt(place)) });
        expect({ [operation]: outcome }).toEqual({ [operation]: BROKE[operation] });
        expect(matrix.script.seen.at(-1)).toBe(`filter ${place}`);
        expect(matrix.script.seen.filter((name) => name.startsWith('filter'))).toHaveLength(1);
        Object.assign(facts, matrix.script.facts);
      }
      const named = KINDS.filter((kind) => kind !== 'pipe').flatMap((kind) => runs(kind, ...PLACES));
      expect(Object.keys(facts).sort()).toEqual(named.sort());
      for (const said of Object.values(facts)) {
        expect(said).toEqual({
          type: 'ws',
          client: true,
          class: 'MatrixGateway',
          operation,
          ...FACTS[operation],
        });
      }
    }
  });

  it('[G2] guards let pass only by true, and nothing after them runs otherwise', async () => {
    const matrix = await Matrix.start(stage, transport);
    for (const place of ['APP_*', 'method'] as const) {
      const told: Record<string, Record<string, string>> = {};
      for (const [name, [act]] of Object.entries(GUARD_VARIANTS)) {
        told[name] = {};
        for (const operation of GUARDED) {
          const outcome = (told[name][operation] = await matrix.outcome(operation, {
            [`guard ${place}`]: act,
          }));
          const last = outcome.startsWith('passed') ? 'after APP_*' : `guard ${place}`;
          expect([name, operation, matrix.script.seen.at(-1)]).toEqual([name, operation, last]);
        }
      }
      expect(told).toEqual(expectedOf(GUARD_VARIANTS, GUARDED));
    }
  });

  it('[G2] pipes change what the handler is given, or refuse', async () => {
    const matrix = await Matrix.start(stage, transport);
    const told = await outcomesOf(matrix, PIPE_VARIANTS, GUARDED, (act) => ({ 'pipe method': act }));
    expect(told).toEqual(expectedOf(PIPE_VARIANTS, GUARDED));
    for (const place of ['APP_*', 'use*', 'class', 'method', 'parameter']) {
      for (const operation of GUARDED) {
        let given: unknown;
        const handler: Act = ({ value }) => ((given = value), 'done');
        await matrix.outcome(operation, { [`pipe ${place}`]: () => Promise.resolve(place), handler });
        expect([operation, given]).toEqual([operation, place]);
      }
    }
  });

  it('[G2] interceptors change the result, answer themselves, or refuse', async () => {
    const matrix = await Matrix.start(stage, transport);
    const told = await outcomesOf(matrix, INTERCEPTOR_VARIANTS, OPERATIONS, (act) => ({
      'interceptor class': act,
    }));
    expect(told).toEqual(expectedOf(INTERCEPTOR_VARIANTS, OPERATIONS));
    for (const operation of OPERATIONS) {
      const handler = throws(new Error(SECRET));
      const saves: Act = ({ next }) => next.handle().pipe(catchError(() => of('done')));
      expect(await matrix.outcome(operation, { handler, 'interceptor APP_*': saves })).toBe(
        PASSED[operation],
      );
      expect(await matrix.outcome(operation, { handler: () => Promise.reject(new Error(SECRET)) })).toBe(
        BROKE[operation],
      );
    }
  });

  it('[G2] filters find the words, and a failure never becomes a success', async () => {
    const matrix = await Matrix.start(stage, transport);
    for (const place of ['method', 'APP_*'] as const) {
      const told = await outcomesOf(matrix, FILTER_VARIANTS, OPERATIONS, (act) => ({
        handler: throws(errorAt(place)),
        [`filter ${place}`]: act,
      }));
      expect(told).toEqual(expectedOf(FILTER_VARIANTS, OPERATIONS));
    }
    const known = await outcomesOf(matrix, KNOWN_VARIANTS, OPERATIONS, (act) => ({
      handler: throws(exceptionAt('class', '409::taken')),
      'filter class': act,
    }));
    expect(known).toEqual(expectedOf(KNOWN_VARIANTS, OPERATIONS));
    const global = await matrix.outcomes(GUARDED, {
      handler: throws(exceptionAt('use*', '409::taken')),
      'filter use*': knowsHttpOnly,
    });
    expect(global).toEqual(
      Object.fromEntries(GUARDED.map((operation) => [operation, failedWith('409::taken')[operation]])),
    );
    for (const place of ['interceptor method', 'interceptor APP_*']) {
      const tells: Act = (input) => (emits('500::down')(input), input.next.handle());
      const told = await matrix.outcomes(OPERATIONS, { [place]: tells });
      expect(told).toEqual(failedWith('500::down'));
    }
  });
});

describe('what is bound to handleDisconnect itself', () => {
  const stage = new NestStage();
  const pass: PipeTransform = { transform: (value: unknown) => value };
  const guard: CanActivate = { canActivate: () => true };

  @CometGateway()
  class GuardedAtTheEnd {
    @UseGuards(guard)
    handleDisconnect(): void {
      throw new Error('unreachable');
    }
  }

  @CometGateway()
  class PipedAtTheEnd {
    @UsePipes(pass)
    handleDisconnect(): void {
      throw new Error('unreachable');
    }
  }

  @CometGateway()
  class ParameterAtTheEnd {
    handleDisconnect(@MessageBody(pass) reason: string): void {
      throw new Error(reason);
    }
  }

  it.each([
    ['guard', 'method', GuardedAtTheEnd],
    ['pipe', 'method', PipedAtTheEnd],
    ['pipe', 'parameter', ParameterAtTheEnd],
  ] as const)('[G3] is no %s of its %s, or the application does not start', async (kind, place, type) => {
    expect(cellOf(kind, place, 'disconnect')).toBe('fails at the start');
    await expect(stage.start({ providers: [type] })).rejects.toThrow(
      new RegExp(`${type.name}\\.handleDisconnect.*${kind}`),
    );
  });
});
