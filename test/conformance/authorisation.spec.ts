import type { BayeuxClient } from '../support/bayeux.client.js';
import { overEveryTransport, withIssuer } from '../support/bench.js';
import { presenting } from '../support/identity.js';

const BY_POLICY = { successful: false, error: '403:denied_by_security_policy:subscribe_denied' };
const NOT_GRANTED = { successful: false, error: '403:denied_by_not_granting:subscribe_denied' };

describe('authorisation', () => {
  const issuer = withIssuer();
  overEveryTransport((bench) => {
    const joinAs = async (user: string, claims: Record<string, unknown> = {}): Promise<BayeuxClient> =>
      bench.client().join(presenting(await bench.token(user, { claims })));

    it.each(['/user/alice', '/user/alice/x', '/user/alice/*', '/user/alice/**', '/user/alice/x/y/**'])(
      'a user may subscribe to their own %s without any rule',
      async (subscription) => {
        await bench.startSecured();
        const alice = await joinAs('alice');
        const own = subscription !== '/user/alice';
        expect(await alice.subscribe(subscription)).toMatchObject(own ? { successful: true } : BY_POLICY);
      },
    );

    it.each([
      '/user/bob/x',
      '/user/bob/**',
      '/user/bob',
      '/user/*',
      '/user/**',
      '/**',
      '/user/Alice/x',
      '/user/alice2/x',
    ])('a plain user may not subscribe to %s, even where a rule opens everything', async (subscription) => {
      await bench.startSecured({ rules: [{ channel: '/**', subscribe: true, publish: true }] });
      const alice = await joinAs('alice');
      expect(await alice.subscribe(subscription)).toMatchObject(BY_POLICY);
      expect(await alice.subscribe(['/news', subscription])).toMatchObject(BY_POLICY);
      expect(bench.app.service.counts.channels).toBe(0);
    });

    it('nobody may publish to another user, even where a rule opens everything', async () => {
      await bench.startSecured({ rules: [{ channel: '/**', subscribe: true, publish: true }] });
      const [alice, bob] = [await joinAs('alice'), await joinAs('bob')];
      await bob.subscribe('/user/bob/**');
      expect(await alice.publish('/user/bob/x', 'hello')).toMatchObject({
        successful: false,
        error: '403:denied_by_security_policy:publish_denied',
      });
      await bob.catchUp();
      expect(bob.pushed()).toEqual([]);
    });

    it('nor, without a rule, to themselves', async () => {
      await bench.startSecured();
      const alice = await joinAs('alice');
      expect(await alice.publish('/user/alice/x', 1)).toMatchObject({
        error: '403:denied_by_not_granting:publish_denied',
      });
    });

    it.each(['/news', '/news/*', '/*', '/a/b/**'])('without a rule, %s is closed', async (subscription) => {
      await bench.startSecured();
      const alice = await joinAs('alice');
      expect(await alice.subscribe(subscription)).toMatchObject(NOT_GRANTED);
    });

    it('a wildcard must lie within what a rule permits', async () => {
      await bench.startSecured({ rules: [{ channel: '/news/*', subscribe: true }] });
      const alice = await joinAs('alice');
      expect(await alice.subscribe('/news/sport')).toMatchObject({ successful: true });
      expect(await alice.subscribe('/news/*')).toMatchObject({ successful: true });
      expect(await alice.subscribe('/news/**')).toMatchObject(NOT_GRANTED);
      expect(await alice.subscribe('/news/sport/football')).toMatchObject(NOT_GRANTED);
    });

    it('a wildcard must not reach into what a rule denies', async () => {
      await bench.startSecured({
        rules: [
          { channel: '/news/**', subscribe: true },
          { channel: '/news/drafts/**', effect: 'deny', subscribe: true },
        ],
      });
      const alice = await joinAs('alice');
      expect(await alice.subscribe('/news/sport')).toMatchObject({ successful: true });
      for (const name of ['/news/**', '/news/drafts/x', '/news/drafts/**']) {
        expect(await alice.subscribe(name)).toMatchObject(BY_POLICY);
      }
    });

    it('{userId} in a rule stands for the user', async () => {
      await bench.startSecured({
        rules: [{ channel: '/inbox/{userId}/**', subscribe: true, publish: true }],
      });
      const alice = await joinAs('alice');
      expect(await alice.subscribe('/inbox/alice/**')).toMatchObject({ successful: true });
      expect(await alice.subscribe('/inbox/bob/x')).toMatchObject(NOT_GRANTED);
      expect(await alice.publish('/inbox/alice/x', 1)).toMatchObject({ successful: true });
      expect(await alice.receive()).toEqual([{ channel: '/inbox/alice/x', data: 1 }]);
    });

    it('a rule may ask for a scope or a kind', async () => {
      await bench.startSecured({
        rules: [
          { channel: '/news', subscribe: true, publish: { scope: 'news:write' } },
          { channel: '/ops', publish: { kind: 'service' } },
        ],
      });
      const [reader, writer] = [
        await joinAs('alice'),
        await joinAs('bob', { scope: 'news:read news:write' }),
      ];
      const robot = await joinAs('robot', { client_id: 'robot' });
      const denied = { error: '403:denied_by_not_granting:publish_denied' };
      expect(await reader.publish('/news', 1)).toMatchObject(denied);
      expect(await writer.publish('/news', 1)).toMatchObject({ successful: true });
      expect(await writer.publish('/ops', 1)).toMatchObject(denied);
      expect(await robot.publish('/ops', 1)).toMatchObject({ successful: true });
    });

    it.each([
      ['auth0|alice', 'auth0~7calice'],
      ['*', '~2a'],
      ['a/b', 'a~2fb'],
      ['**', '~2a~2a'],
      ['ä', '~c3~a4'],
    ])('a user called %j owns the tree %s and no other', async (user, segment) => {
      await bench.startSecured();
      const client = await joinAs(user);
      expect(await client.subscribe(`/user/${segment}/**`)).toMatchObject({ successful: true });
      for (const name of ['/user/*', '/user/**', '/user/a/b']) {
        expect(await client.subscribe(name)).toMatchObject(BY_POLICY);
      }
      expect(await bench.app.service.sendMessage(user, '/x', 'yours')).toEqual({ sessions: 1 });
      expect(await client.receive()).toEqual([{ channel: '/x', data: 'yours' }]);
    });

    it('sendMessage reaches all sessions of the user, on every transport, subscribed or not', async () => {
      await bench.startSecured();
      const token = presenting(await bench.token('alice'));
      const sessions = [
        await bench.client().join(token),
        await bench.otherClient().join(token),
        await bench.client().join(token),
      ];
      const bob = await joinAs('bob');
      expect(await bench.app.service.sendMessage('alice', '/eXo/portal/notification', { n: 1 })).toEqual({
        sessions: 3,
      });
      for (const session of sessions) {
        expect(await session.receive()).toEqual([{ channel: '/eXo/portal/notification', data: { n: 1 } }]);
      }
      await bob.catchUp();
      expect(bob.pushed()).toEqual([]);
      expect(await bench.app.service.sendMessage('carol', '/x', 1)).toEqual({ sessions: 0 });
    });

    it('a service has no user’s tree and gets no user’s messages, whatever it is called', async () => {
      await bench.startSecured();
      const service = await joinAs('alice', { client_id: 'alice' });
      expect(await service.subscribe('/user/alice/x')).toMatchObject(BY_POLICY);
      expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 0 });
    });

    it('an anonymous session has no tree either', async () => {
      await bench.startSecured({ auth: { anonymous: true } });
      const client = await bench.client().join();
      expect(await client.subscribe('/user/alice/x')).toMatchObject(BY_POLICY);
      expect(await client.subscribe('/user//x')).toMatchObject({ error: '403::subscription_invalid' });
      expect(await client.subscribe('/news')).toMatchObject(NOT_GRANTED);
    });
  }, issuer);
});
