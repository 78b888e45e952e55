import { type Observable, EMPTY, of, throwError, concat } from 'rxjs';
import { Ack, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CometError, CometGateway } from '../../src/index.js';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { type NestApp, NestStage } from './support/nest-stage.js';

type Acknowledge = (answer?: unknown) => void;

@CometGateway()
class ResultsGateway {
  @SubscribeMessage('/service/void')
  nothing(): void {
    // It does something and has nothing to say.
  }

  @SubscribeMessage('/service/promised-void')
  promisedNothing(): Promise<void> {
    return Promise.resolve();
  }

  @SubscribeMessage('/service/empty')
  empty(): Observable<never> {
    return EMPTY;
  }

  @SubscribeMessage('/service/promised-empty')
  promisedEmpty(): Promise<Observable<never>> {
    return Promise.resolve(EMPTY);
  }

  @SubscribeMessage('/service/observable-of-undefined')
  undefineds(): Observable<undefined> {
    return of(undefined, undefined);
  }

  @SubscribeMessage('/service/ack-never-called')
  neverAcknowledged(@Ack() acknowledge: Acknowledge | undefined): unknown {
    return acknowledge ? undefined : 'was not given one';
  }

  @SubscribeMessage('/service/ack-without-value')
  acknowledged(@Ack() acknowledge: Acknowledge): void {
    acknowledge();
  }

  @SubscribeMessage('/service/null')
  null(): null {
    return null;
  }

  @SubscribeMessage('/service/promised-null')
  promisedNull(): Promise<null> {
    return Promise.resolve(null);
  }

  @SubscribeMessage('/service/observable-of-null')
  nulls(): Observable<null> {
    return of(null, null);
  }

  @SubscribeMessage('/service/ack-null')
  acknowledgedNull(@Ack() acknowledge: Acknowledge): void {
    acknowledge(null);
  }

  @SubscribeMessage('/service/same')
  same(@MessageBody() body: unknown): unknown {
    return body;
  }

  @SubscribeMessage('/service/some')
  some(): Observable<unknown> {
    return of(undefined, 1, undefined, null);
  }

  @SubscribeMessage('/service/failing')
  failing(): never {
    throw new CometError(409, 'taken');
  }

  @SubscribeMessage('/service/failing-observable')
  failingObservable(): Observable<unknown> {
    return concat(
      of(undefined),
      throwError(() => new CometError(409, 'taken')),
    );
  }
}

const WITHOUT_RESULT = [
  'void',
  'promised-void',
  'empty',
  'promised-empty',
  'observable-of-undefined',
  'ack-never-called',
  'ack-without-value',
];
const RESULTS: readonly [string, unknown, unknown[]][] = [
  ['null', 'x', [null]],
  ['promised-null', 'x', [null]],
  ['observable-of-null', 'x', [null, null]],
  ['ack-null', 'x', [null]],
  ['same', null, [null]],
  ['same', 0, [0]],
  ['same', false, [false]],
  ['same', '', ['']],
  ['some', 'x', [1, null]],
];

describe.each(DEFAULT_TRANSPORTS)('[G5] the answer to a call over %s', (transport) => {
  const stage = new NestStage();
  const join = async (answerVoid?: boolean) => {
    const options = answerVoid === undefined ? {} : { services: { answerVoid } };
    const app = await stage.start({ options, providers: [ResultsGateway] });
    return (transport === 'websocket' ? app.socket() : app.polling()).join();
  };
  type Client = Awaited<ReturnType<NestApp['socket']>>;

  const expectResults = async (client: Pick<Client, 'call'>): Promise<void> => {
    for (const [service, data, expected] of RESULTS) {
      const { answers, reply } = await client.call(`/service/${service}`, data);
      expect({ service, answers, successful: reply.successful }).toEqual({
        ...{ service, answers: expected, successful: true },
      });
    }
  };

  it('is null where the handler says so, and none where it has no result', async () => {
    const client = await join();
    await expectResults(client);
    for (const service of WITHOUT_RESULT) {
      const { answers, reply } = await client.call(`/service/${service}`, 'x');
      expect({ service, answers, successful: reply.successful }).toEqual({
        ...{ service, answers: [], successful: true },
      });
    }
  });

  it('is null for no result with `answerVoid`, and never comes after another or a failure', async () => {
    const client = await join(true);
    await expectResults(client);
    for (const service of WITHOUT_RESULT) {
      const { answers, reply } = await client.call(`/service/${service}`, 'x');
      expect({ service, answers, successful: reply.successful }).toEqual({
        ...{ service, answers: [null], successful: true },
      });
      expect(reply).not.toHaveProperty('data');
    }
    for (const service of ['failing', 'failing-observable', 'unknown']) {
      const { answers, reply } = await client.call(`/service/${service}`, 'x');
      expect(answers).toEqual([]);
      expect(reply.successful).toBe(false);
    }
  });

  it('is null for no result where the message asks for it by `ext: { call: true }`', async () => {
    const client = await join(false);
    for (const service of WITHOUT_RESULT) {
      const { answers } = await client.call(`/service/${service}`, 'x', { ext: { call: true } });
      expect({ service, answers }).toEqual({ service, answers: [null] });
    }
    const asking = { ext: { call: true } };
    expect((await client.call('/service/some', 'x', asking)).answers).toEqual([1, null]);
    expect((await client.call('/service/failing', 'x', asking)).answers).toEqual([]);
    for (const ext of [{ call: 'true' }, { call: 1 }, { call: false }, {}, [], null, 'call']) {
      expect((await client.call('/service/void', 'x', { ext })).answers).toEqual([]);
    }
  });
});
