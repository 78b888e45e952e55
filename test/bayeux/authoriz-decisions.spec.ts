import fc from 'fast-check';
import type { Authorization, AuthorizationRequest } from '../../src/bayeux/channel-settings.js';
import type { Decision } from '../../src/bayeux/ports.js';
import { matches, subscriptionName, witnesses } from '../property/support/channel.model.js';
import { check } from '../property/support/seeded.js';
import { ALLOWED, DENIED, harness } from './support/core.harness.js';
import { holds } from './support/template-model.js';

type Answers = Readonly<Record<AuthorizationRequest['operation'], Authorization>>;

/** One authorizer: where it sits, what it says, and whether it says so at once. */
interface Guard {
  readonly name: string;
  readonly answers: Answers;
  readonly later: boolean;
}

const answer: fc.Arbitrary<Authorization> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Authorization>('grant') },
  { weight: 3, arbitrary: fc.constant<Authorization>('ignore') },
  { weight: 1, arbitrary: fc.constant<Authorization>('deny') },
  { weight: 1, arbitrary: fc.constantFrom<Authorization>({ deny: 'one' }, { deny: 'two' }) },
);

const place = fc.oneof(subscriptionName, fc.constantFrom('/{x}', '/a/{x}', '/{x}/b', '/{x}/{y}'));

const guards: fc.Arbitrary<Guard[]> = fc.array(
  fc.record({
    name: place,
    answers: fc.record({ create: answer, subscribe: answer, publish: answer }),
    later: fc.boolean(),
  }),
  { maxLength: 6 },
);

/** What authorizers decide, as it is written down: all are heard, one that denies refuses, one that covers has to grant. */
function model(all: readonly Guard[], operation: keyof Answers, target: string): Set<string | undefined> {
  const concerned = all.flatMap((guard) => {
    const channels = witnesses(target, guard.name.replace(/[{}]/g, '')).filter((channel) =>
      matches(target, channel),
    );
    const held = channels.filter((channel) => holds(guard.name, channel)).length;
    return held === 0 ? [] : [{ answer: guard.answers[operation], covers: held === channels.length }];
  });
  if (concerned.length === 0) return new Set([undefined]);
  const reasons = concerned.flatMap(({ answer: said }) => {
    if (said === 'deny') return ['denied_by_security_policy'];
    return typeof said === 'object' ? [said.deny] : [];
  });
  if (reasons.length > 0) return new Set(reasons);
  const granted = concerned.some(({ answer: said, covers }) => covers && said === 'grant');
  return new Set([granted ? undefined : 'denied_by_not_granting']);
}

/** Why something is refused, after what; `undefined` if it is not. */
const refusalOf = (decision: Decision): [why: string | undefined, operation: string | undefined] =>
  decision.allowed ? [undefined, undefined] : [decision.why, decision.operation];

async function decided(
  all: readonly Guard[],
  operation: 'subscribe' | 'publish' | 'call',
  target: string,
  exists: boolean,
) {
  const { server, overSocket, clock } = harness();
  for (const { name, answers, later } of all) {
    server.channels.open('', name).authorizers.add((request) => {
      const said = answers[request.operation];
      return later ? Promise.resolve(said) : said;
    });
  }
  if (exists) server.channels.open('', target);
  const { session } = overSocket();
  const armed = clock.armed;
  const decision = await server.decide(operation, session, target);
  expect(clock.armed).toBe(armed);
  return refusalOf(decision);
}

describe('authorizers, wherever they sit and whatever they say', () => {
  it('permit a subscription as the model does', async () => {
    await check(
      fc.asyncProperty(guards, subscriptionName, fc.boolean(), async (all, target, exists) => {
        const [why, operation] = await decided(all, 'subscribe', target, exists);
        const known = exists || all.some(({ name }) => name === target);
        const creating = known ? new Set([undefined]) : model(all, 'create', target);
        const refusedToCreate = !creating.has(undefined);
        expect([...(refusedToCreate ? creating : model(all, 'subscribe', target))]).toContain(why);
        expect(operation).toBe(refusedToCreate ? 'create' : undefined);
      }),
      200,
    );
  });

  it('permit a call as they permit publishing, and have nothing created', async () => {
    const services = fc.constantFrom('/service/a', '/service/{x}', '/service/*', '/service/**', '/**', '/a');
    const around = fc.array(
      fc.record({
        name: services,
        answers: fc.record({
          create: fc.constant<Authorization>('deny'),
          subscribe: fc.constant<Authorization>('deny'),
          publish: answer,
        }),
        later: fc.boolean(),
      }),
      { maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(around, async (all) => {
        const [why, operation] = await decided(all, 'call', '/service/a', false);
        expect([...model(all, 'publish', '/service/a')]).toContain(why);
        expect(operation).toBeUndefined();
      }),
      { seed: 20_300_101, numRuns: 200 },
    );
  });
});

describe('the rules and the authorizers', () => {
  const rules = (subscribe: () => Decision | Promise<Decision>) => ({
    authority: { anonymous: undefined, subscribe, publish: subscribe, call: subscribe },
  });

  it('are asked in this order, and authorizers only what rules permit', async () => {
    const order: string[] = [];
    const { server, overSocket } = harness(
      rules(() => {
        order.push('rules');
        return order.length === 1 ? DENIED : Promise.resolve(ALLOWED);
      }),
    );
    server.channels.open('', '/a').authorizers.add(() => {
      order.push('authorizer');
      return 'grant';
    });
    const { session } = overSocket();
    expect(await server.decide('subscribe', session, '/a')).toEqual(DENIED);
    expect(await server.decide('subscribe', session, '/a')).toEqual(ALLOWED);
    expect(order).toEqual(['rules', 'rules', 'authorizer']);
  });

  it('have one time limit together', async () => {
    let answered = (): void => undefined;
    const { server, overSocket, clock, log } = harness({
      ...rules(() => new Promise((resolve) => (answered = () => resolve(ALLOWED)))),
      options: { hookTimeout: 1_000 },
    });
    server.channels.open('', '/a').authorizers.add(() => new Promise(() => undefined));
    const { session } = overSocket();
    const decision = server.decide('publish', session, '/a');
    clock.advance(900);
    answered();
    await Promise.resolve();
    clock.advance(100);
    expect(await decision).toEqual({ allowed: false, why: 'denied_by_security_policy' });
    expect(log.map(({ level }) => level)).toEqual(['error', 'debug']);
  });

  it('cost no promise where all answer at once', () => {
    const { server, overSocket } = harness();
    server.channels.open('', '/a').authorizers.add(() => 'grant');
    expect(server.decide('publish', overSocket().session, '/a')).toEqual(ALLOWED);
  });

  it('do not hear of channels of other tenants', () => {
    const { server, overSocket } = harness();
    server.channels.open('red', '/a').authorizers.add(() => 'deny');
    expect(server.decide('publish', overSocket().session, '/a')).toEqual(ALLOWED);
    check(
      fc.property(subscriptionName, (name) => {
        expect(server.channels.authorizing('', name)).toEqual([]);
      }),
      50,
    );
  });
});
