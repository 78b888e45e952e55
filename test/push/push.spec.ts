import type { CometAuditEvent, CometSession } from '../../src/index.js';
import type { CometPushOptions } from '../../src/push/index.js';
import { HTTP_KINDS } from '../support/comet-app.js';
import { bearer } from '../support/identity.js';
import { NestStage } from '../nest/support/nest-stage.js';
import { BILLING, push, startPush } from './push.stage.js';

const SENT = { status: 202, body: { accepted: 1 } };
const GOAL = { channel: '/news/sport', data: { text: 'goal' } };

describe.each(HTTP_KINDS)('a push over HTTP on %s', (http) => {
  const stage = new NestStage();

  it('reaches the subscribers of its channel', async () => {
    const app = await startPush(stage, http);
    const client = await app.socket().join();
    await client.subscribe('/news/*');
    expect(await push(app, GOAL)).toMatchObject(SENT);
    expect(await client.receive()).toEqual([GOAL]);
  });

  it('reaches users, and nobody else', async () => {
    const app = await startPush(stage, http);
    const [alice, bob] = [app.socket(), app.socket()];
    await alice.join({ ext: { auth: { token: 'alice.' } } });
    await bob.join({ ext: { auth: { token: 'bob.' } } });
    expect(await push(app, { channel: '/inbox', data: null, userIds: ['alice'] })).toMatchObject(SENT);
    expect(await alice.receive()).toEqual([{ channel: '/inbox', data: null }]);
    await bob.sync();
    expect(bob.pushed()).toEqual([]);
  });

  it('does not tell who is there', async () => {
    const app = await startPush(stage, http);
    const alice = await app.socket().join({ ext: { auth: { token: 'alice.' } } });
    await alice.subscribe('/news/sport');
    const answers = await Promise.all([
      ...['alice', 'nobody'].map((user) => push(app, { channel: '/inbox', data: 1, userIds: [user] })),
      ...['/news/sport', '/news/nobody'].map((channel) => push(app, { channel, data: 1 })),
    ]);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
  });

  it('of a batch is sent whole, or not at all', async () => {
    const app = await startPush(stage, http);
    const client = await app.socket().join();
    await client.subscribe('/**');
    await client.subscribe('/news/**');
    const numbers = [1, 2, 3].map((data) => ({ channel: '/news/sport', data }));
    expect(await push(app, { messages: numbers })).toMatchObject({ status: 202, body: { accepted: 3 } });
    expect(await client.receive(3)).toEqual(numbers);
    const mixed = [...numbers, { channel: '/alerts', data: 4 }, ...numbers];
    expect(await push(app, { messages: mixed })).toMatchObject({
      status: 403,
      body: { message: 'messages.3.channel: 403:denied_by_not_granting:publish_denied' },
    });
    await client.sync();
    expect(client.pushed()).toEqual([]);
  });

  it('T31: is for services with the scope only', async () => {
    const app = await startPush(stage, http);
    const client = await app.socket().join();
    await client.subscribe('/news/**');
    const insufficient = 'Bearer error="insufficient_scope"';
    expect(await push(app, GOAL, {})).toMatchObject({
      status: 401,
      challenge: 'Bearer scope="comet:publish"',
    });
    expect(await push(app, GOAL, bearer('alice.comet+publish'))).toMatchObject({
      status: 403,
      challenge: `${insufficient}, error_description="tokens of a service only", scope="comet:publish"`,
    });
    expect(await push(app, GOAL, bearer('service/billing.other'))).toMatchObject({
      status: 403,
      challenge: `${insufficient}, scope="comet:publish"`,
    });
    await client.sync();
    expect(client.pushed()).toEqual([]);
  });

  it('T27: goes only where the rules let its service publish', async () => {
    const app = await startPush(stage, http);
    const denied = (why: string) => ({
      status: 403,
      body: { message: `channel: 403:${why}:publish_denied` },
    });
    expect(await push(app, { channel: '/alerts', data: 1 })).toMatchObject(denied('denied_by_not_granting'));
    expect(await push(app, { channel: '/alerts', data: 1, userIds: ['alice'] })).toMatchObject(
      denied('denied_by_not_granting'),
    );
    expect(await push(app, { channel: '/user/alice/inbox', data: 1 })).toMatchObject(
      denied('denied_by_security_policy'),
    );
  });

  it('T29: belongs to the tenant of its token, whatever the body says', async () => {
    const app = await startPush(stage, http);
    const client = await app.socket().join();
    await client.subscribe('/news/**');
    expect(await push(app, { ...GOAL, tenant: 'acme' })).toMatchObject({
      status: 400,
      body: { message: ['tenant is that of the access token: leave it out.'] },
    });
    expect(await push(app, GOAL, bearer('acme~service/billing.comet+publish'))).toMatchObject(SENT);
    await client.sync();
    expect(client.pushed()).toEqual([]);
  });

  it('is narrowed by authorizers, which are asked in the name of the service', async () => {
    const app = await startPush(stage, http);
    const asked: Pick<CometSession, 'principal' | 'local'>[] = [];
    app.service.channel('/news/**').addAuthorizer(({ channel, session: { principal, local } }) => {
      asked.push({ principal, local });
      return channel.endsWith('/sport') ? 'grant' : { deny: 'sports only' };
    });
    expect(await push(app, GOAL)).toMatchObject(SENT);
    expect(await push(app, { channel: '/news/weather', data: 1 })).toMatchObject({
      status: 403,
      body: { message: 'channel: 403:sports only:create_denied' },
    });
    expect(asked[0]).toMatchObject({ principal: { kind: 'service', serviceId: 'billing' }, local: false });
    expect(app.service.counts).toMatchObject({ sessions: 0, deadlines: 0 });
  });

  it('is refused if an authorizer fails', async () => {
    const app = await startPush(stage, http);
    app.service.channel('/news/**').addAuthorizer(() => Promise.reject(new Error('a bug')));
    expect(await push(app, GOAL)).toMatchObject({ status: 403 });
    expect(app.log.takeErrors().join()).toContain('authorisation failed');
  });

  it('is recorded in the audit', async () => {
    const events: CometAuditEvent[] = [];
    const app = await startPush(stage, http, { audit: { record: (event) => events.push(event) } });
    await push(app, { messages: [GOAL, { channel: '/inbox', data: 'private', userIds: ['alice'] }] });
    await push(app, { channel: '/alerts', data: 1 });
    await push(app, GOAL, bearer('alice.comet+publish'));
    await push(app, GOAL, {});
    const billing = expect.objectContaining({ serviceId: 'billing' }) as unknown;
    const address = '127.0.0.1';
    const reason = '403:denied_by_not_granting:publish_denied';
    expect(events.filter(({ type }) => type.startsWith('push'))).toEqual([
      { type: 'push_ok', principal: billing, address, channel: '/news/sport' },
      { type: 'push_ok', principal: billing, address, channel: '/inbox' },
      { type: 'push_denied', principal: billing, address, channel: '/alerts', reason },
      {
        type: 'push_denied',
        principal: expect.objectContaining({ userId: 'alice' }) as unknown,
        address,
        reason: 'insufficient_scope',
      },
      { type: 'push_denied', address, reason: 'Unauthorized' },
    ]);
    expect(JSON.stringify(events)).not.toMatch(/private|goal|comet\+publish/);
  });

  it('can be moved, and asks for another scope', async () => {
    const app = await startPush(stage, http, {}, { path: 'api/send', scope: 'send' });
    expect(await push(app, GOAL, BILLING, '/api/send')).toMatchObject({
      status: 403,
      challenge: 'Bearer error="insufficient_scope", scope="send"',
    });
    expect(await push(app, GOAL, bearer('service/news.send.comet+publish'), '/api/send')).toMatchObject(SENT);
    expect((await push(app, GOAL)).status).toBe(404);
  });
});

describe('CometPushModule', () => {
  const stage = new NestStage();

  it('[L1] T68: looks at no more tokens of an address than may be bad, and takes pushes of services it knows', async () => {
    const events: CometAuditEvent[] = [];
    const audit = { record: (event: CometAuditEvent) => void events.push(event) };
    const app = await startPush(stage, 'express', { limits: { badHandshakes: 3 }, audit });
    expect(await push(app, GOAL)).toMatchObject(SENT);
    const outcomes: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      outcomes.push((await push(app, GOAL, bearer(`_bad${attempt}`))).status);
    }
    expect(outcomes).toEqual([401, 401, 401, 429, 429]);
    expect(events.filter(({ type }) => type === 'push_denied')).toHaveLength(5);
    expect(await push(app, GOAL)).toMatchObject(SENT);
  });

  it.each(['cometd', 'cometd/push'])('does not start below the endpoint, at %s', async (path) => {
    await expect(startPush(stage, 'express', {}, { path })).rejects.toThrow("write for example path: 'push'");
  });

  it.each([
    [{ path: '/push' }, "path: 'push'"],
    [{ path: 'push/:id' }, "path: 'push'"],
    [{ scope: 'a b' }, '@RequireScopes'],
    [{ maxBatch: 0 }, 'maxBatch: 100'],
    [{ keyTtl: 1.5 }, 'keyTtl: 3600000'],
    [{ maxKey: 1 }, 'maxKey is no option'],
  ])('refuses %j', async (options, sentence) => {
    await expect(async () => startPush(stage, 'express', {}, options as CometPushOptions)).rejects.toThrow(
      sentence,
    );
  });
});
