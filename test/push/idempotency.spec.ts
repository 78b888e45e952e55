import { DEFAULT_HTTP_KIND } from '../support/comet-app.js';
import { bearer } from '../support/identity.js';
import { until } from '../support/until.js';
import { pending } from '../nest/support/session-view.js';
import { NestStage } from '../nest/support/nest-stage.js';
import { IdempotencyKeys } from '../../src/push/idempotency-keys.js';
import { BILLING, push, startPush } from './push.stage.js';

const GOAL = { channel: '/news/sport', data: 1 };
const HOUR = 3_600_000;

const keyed = (key: string, who = BILLING) => ({ ...who, 'idempotency-key': key });

describe('an Idempotency-Key', () => {
  const stage = new NestStage();

  it('has the same request answered as before, and sends nothing twice', async () => {
    const app = await startPush(stage, DEFAULT_HTTP_KIND);
    const client = await app.socket().join();
    await client.subscribe('/news/**');
    const [first, second] = [await push(app, GOAL, keyed('k1')), await push(app, GOAL, keyed('k1'))];
    expect(first).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect(second).toEqual(first);
    expect(await push(app, { messages: [GOAL] }, keyed('k2'))).toMatchObject({ status: 202 });
    await client.sync();
    expect(client.pushed()).toHaveLength(2);
  });

  it('cannot be used for another request', async () => {
    const app = await startPush(stage, DEFAULT_HTTP_KIND);
    await push(app, GOAL, keyed('k1'));
    expect(await push(app, { ...GOAL, data: 2 }, keyed('k1'))).toMatchObject({ status: 422 });
    expect(await push(app, { ...GOAL, userIds: ['alice'] }, keyed('k1'))).toMatchObject({ status: 422 });
  });

  it('is the service’s own', async () => {
    const app = await startPush(stage, DEFAULT_HTTP_KIND);
    await push(app, GOAL, keyed('k1'));
    const other = keyed('k1', bearer('service/weather.comet+publish'));
    expect(await push(app, { ...GOAL, data: 2 }, other)).toMatchObject({ status: 202 });
  });

  it('is refused while its request is in flight', async () => {
    const app = await startPush(stage, DEFAULT_HTTP_KIND);
    const decision = pending<'grant'>();
    let asked = 0;
    app.service.channel('/news/**').addAuthorizer(() => (asked++, decision.promise));
    const first = push(app, GOAL, keyed('k1'));
    await until('the authorizer to be asked', () => asked > 0);
    expect(await push(app, GOAL, keyed('k1'))).toMatchObject({ status: 409 });
    decision.resolve('grant');
    expect(await first).toMatchObject({ status: 202 });
    expect(await push(app, GOAL, keyed('k1'))).toEqual(await first);
  });

  it('is free again if its request has failed', async () => {
    const app = await startPush(stage, DEFAULT_HTTP_KIND);
    const stop = app.service.channel('/news/**').addAuthorizer(() => 'deny');
    expect(await push(app, GOAL, keyed('k1'))).toMatchObject({ status: 403 });
    stop();
    expect(await push(app, GOAL, keyed('k1'))).toMatchObject({ status: 202 });
  });

  it('is forgotten after a while', async () => {
    const app = await startPush(stage, DEFAULT_HTTP_KIND);
    await push(app, GOAL, keyed('k1'));
    app.clock.advance(HOUR - 1);
    expect(await push(app, { ...GOAL, data: 2 }, keyed('k1'))).toMatchObject({ status: 422 });
    app.clock.advance(1);
    expect(await push(app, { ...GOAL, data: 2 }, keyed('k1'))).toMatchObject({ status: 202 });
  });

  it.each(['', 'a b', 'x'.repeat(256)])('cannot be %j', async (key) => {
    const app = await startPush(stage, DEFAULT_HTTP_KIND);
    expect(await push(app, GOAL, keyed(key))).toMatchObject({ status: 400 });
  });
});

describe('IdempotencyKeys', () => {
  it('keeps so many of a service, and forgets its oldest', () => {
    const keys = new IdempotencyKeys<number>(1_000, 2, () => 0);
    keys.begin('other', 'k1', 'x');
    for (const key of ['k1', 'k2', 'k3']) {
      expect(keys.begin('billing', key, 'x')).toEqual({ kind: 'new' });
      keys.finish('billing', key, 1);
    }
    expect(keys.begin('billing', 'k3', 'x')).toEqual({ kind: 'answered', answer: 1 });
    expect(keys.begin('billing', 'k1', 'y')).toEqual({ kind: 'new' });
    expect(keys.begin('other', 'k1', 'x')).toEqual({ kind: 'in_flight' });
  });

  it('keeps those of so many services, and forgets whom it has not seen for the longest', () => {
    const keys = new IdempotencyKeys<number>(1_000, 2, () => 0);
    for (let number = 0; number < 1_000; number++) keys.begin(`service ${number}`, 'k', 'x');
    expect(keys.begin('service 0', 'k', 'x')).toEqual({ kind: 'in_flight' });
    keys.begin('one more', 'k', 'x');
    expect(keys.begin('service 0', 'k', 'x')).toEqual({ kind: 'in_flight' });
    expect(keys.begin('service 1', 'k', 'x')).toEqual({ kind: 'new' });
  });
});
