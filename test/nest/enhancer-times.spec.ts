import { setImmediate as nextTurn } from 'node:timers/promises';
import { finalize, interval, of, Subject, throwError } from 'rxjs';
import { DEFAULT_TRANSPORTS } from '../support/bench.js';
import { until } from '../support/until.js';
import { type Act, errorAt, exceptionAt, GUARDED, KINDS, Matrix, SECRET } from './support/enhancer-matrix.js';
import { NestStage } from './support/nest-stage.js';

const LIMIT = 1_000;
const LIMITS = { hookTimeout: LIMIT, maxProcessing: LIMIT };

/** What a client is told, and the log says, of an operation whose time is over. */
const LATE: Readonly<Record<string, string>> = {
  call: '500::service_failed (error)',
  publish: '503::publish_failed (error)',
  message: '404::message_deleted (error)',
  subscribe: '403::subscribe_failed (error)',
  handshake: '403::handshake_denied (warning)',
};

/** An act that is under way until the test goes on, and then does the other. */
class Slow {
  begun = false;
  readonly #gate = new Subject<void>();
  readonly #gone = new Promise<void>((resolve) => this.#gate.subscribe({ complete: resolve }));

  act(then: Act): Act {
    return async (input) => {
      this.begun = true;
      await this.#gone;
      return then(input);
    };
  }

  goOn(): void {
    this.#gate.complete();
  }
}

const PASS: Readonly<Record<string, Act>> = {
  guard: () => true,
  interceptor: ({ next }) => next.handle(),
  pipe: ({ value }) => value,
  filter: () => '409::taken',
};

describe.each(DEFAULT_TRANSPORTS)('the time that enhancers take, over %s', (transport) => {
  const stage = new NestStage();

  it.each(KINDS)(
    '[G2] of a %s is limited: it denies, it is logged, and nothing begins afterwards',
    async (kind) => {
      const matrix = await Matrix.start(stage, transport, { session: LIMITS });
      for (const operation of GUARDED) {
        const slow = new Slow();
        const fails: Act = () => {
          throw errorAt('class');
        };
        const told = matrix.outcome(operation, {
          [`${kind} class`]: slow.act(PASS[kind] as Act),
          ...(kind === 'filter' && { handler: fails }),
        });
        await until(`the ${kind} to begin`, () => slow.begun);
        matrix.app.clock.advance(LIMIT);
        expect([operation, await told]).toEqual([operation, LATE[operation]]);
        const { handled } = matrix.script;
        slow.goOn();
        // More turns than everything takes that is bound to a handler.
        for (let turn = 0; turn < 20; turn++) await nextTurn();
        expect([operation, matrix.script.handled]).toEqual([operation, handled]);
      }
    },
  );

  it.each(GUARDED)('[G2] leaves no Observable behind that goes on for ever: %s', async (operation) => {
    const matrix = await Matrix.start(stage, transport, { session: LIMITS });
    let [begun, ended] = [false, false];
    const handler: Act = () => {
      begun = true;
      return interval(1).pipe(finalize(() => (ended = true)));
    };
    const told = matrix.outcome(operation, { handler });
    await until('the handler to begin', () => begun);
    matrix.app.clock.advance(LIMIT);
    expect(await told).toContain(LATE[operation]);
    await until('the Observable to be let go', () => ended);
  });

  it.each(KINDS)(
    'keeps messages of a session in order, where a %s is slow with the first one',
    async (kind) => {
      const matrix = await Matrix.start(stage, transport, { session: LIMITS });
      const client = await matrix.client();
      const slow = new Slow();
      let count = 0;
      const first =
        (act: Act, others: Act): Act =>
        (input) =>
          count++ === 0 ? act(input) : others(input);
      const order: unknown[] = [];
      const { script, app } = matrix;
      script.operation = 'call';
      script.acts.set(`${kind} method`, first(slow.act(PASS[kind] as Act), PASS[kind] as Act));
      script.acts.set('handler', ({ value }) => {
        order.push(value);
        if (kind !== 'filter') return value;
        throw exceptionAt('method', '410::gone');
      });
      const { clientId } = client;
      const replies = client.send(
        [1, 2, 3].map((data) => ({ channel: '/service/matrix', clientId, data, id: `${data}` })),
      );
      await until('the first to begin', () => slow.begun);
      expect(order).toEqual(kind === 'filter' ? [1] : []);
      // Connects overtake them, and another session is not held up.
      await matrix.newClient().join();
      expect(order).toHaveLength(kind === 'filter' ? 1 : 0);
      slow.goOn();
      const ids = (await replies).filter((reply) => 'successful' in reply && !('data' in reply));
      expect(ids.map(({ id }) => id)).toEqual(['1', '2', '3']);
      expect(order).toEqual([1, 2, 3]);
      script.acts.clear();
      expect(app.log.takeErrors()).toEqual([]);
    },
  );

  it('ends neither the process nor the session, whatever rejects when it is too late', async () => {
    const matrix = await Matrix.start(stage, transport, { session: LIMITS });
    for (const kind of KINDS) {
      const slow = new Slow();
      const rejects = slow.act(() => Promise.reject(new Error(SECRET)));
      const fails: Act = () => throwError(() => errorAt('class'));
      const told = matrix.outcome('call', {
        [`${kind} class`]: rejects,
        ...(kind === 'filter' && { handler: fails }),
      });
      await until(`the ${kind} to begin`, () => slow.begun);
      matrix.app.clock.advance(LIMIT);
      expect(await told).toBe(LATE['call']);
      slow.goOn();
      await until('the log to tell of it', () => matrix.app.log.takeErrors().length > 0);
      expect(await matrix.outcome('call', { handler: () => of(1) })).toBe('passed [1]');
    }
  });
});
