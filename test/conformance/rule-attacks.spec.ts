import type { BayeuxClient } from '../support/bayeux.client.js';
import { Bench, DEFAULT_TRANSPORTS, withIssuer } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import { ServiceGateway } from '../support/service.gateway.js';

const OPEN_TO_ALL = { channel: '/**', subscribe: true, publish: true } as const;

const refused = (why: string, operation = 'subscribe') => ({
  successful: false,
  error: `403:${why}:${operation}_denied`,
});
const BY_POLICY = refused('denied_by_security_policy');
const NOT_GRANTED = refused('denied_by_not_granting');

describe('attacks on channels', () => {
  const issuer = withIssuer();

  describe.each(DEFAULT_TRANSPORTS)('over %s', (transport) => {
    const bench = new Bench('express', transport, issuer);
    afterEach(() => bench.finish());

    const joinAs = async (user: string, claims: Record<string, unknown> = {}): Promise<BayeuxClient> =>
      bench.client().join(presenting(await bench.token(user, { claims })));

    it("T25: nobody subscribes to another user's tree, by whatever name, alone or among good ones", async () => {
      await bench.startSecured({ rules: [OPEN_TO_ALL] });
      const alice = await joinAs('alice');
      const names = [
        ...['/user/bob/inbox', '/user/*', '/user/**', '/**', '/user/bob', '/user/bob/**', '/user/../bob'],
        ...['/user/alice', '/user/Alice/x', '/user/alice2/x', '/user/./bob'],
      ];
      for (const name of names) {
        expect(await alice.subscribe(name)).toMatchObject(BY_POLICY);
        expect(await alice.subscribe(['/news', '/user/alice/inbox', name])).toMatchObject(BY_POLICY);
      }
      for (const name of ['/user//bob', '/user/bob/', '//user/bob', '/user/%62ob/../*', '/user/bob/**/x']) {
        expect(await alice.subscribe(['/news', name])).toMatchObject({
          error: '403::subscription_invalid',
        });
      }
      expect(bench.app.service.counts.channels).toBe(0);
    });

    it('T25: names that differ in case are other channels, which need a rule of their own', async () => {
      await bench.startSecured({ rules: [{ channel: '/news', subscribe: true }] });
      const alice = await joinAs('alice');
      for (const name of ['/USER/alice/x', '/User/bob/x', '/NEWS', '/*']) {
        expect(await alice.subscribe(name)).toMatchObject(NOT_GRANTED);
      }
    });

    it('T26: a sub that would be a pattern or another name opens nothing, and one too long is refused', async () => {
      await bench.startSecured({ rules: [{ channel: '/in/{userId}/**', subscribe: true, publish: true }] });
      const bob = await joinAs('bob');
      await bob.subscribe(['/in/bob/**', '/user/bob/**']);
      for (const sub of ['*', '**', 'bob/x', '../bob', '~62ob', 'bob\u200b', 'BOB']) {
        const mallory = await joinAs(sub);
        for (const name of ['/in/bob/x', '/in/*', '/in/**', '/in/../in/bob']) {
          expect(await mallory.subscribe(name)).toMatchObject({ successful: false });
        }
        expect(await mallory.subscribe('/user/bob/x')).toMatchObject(BY_POLICY);
        expect(await mallory.publish('/in/bob/x', sub)).toMatchObject({ successful: false });
        await mallory.disconnect();
      }
      const long = await bench.token('x'.repeat(300));
      expect(await bench.client().handshake(presenting(long))).toMatchObject({
        successful: false,
        error: '401::invalid_token',
      });
      await bob.catchUp();
      expect(bob.pushed()).toEqual([]);
    });

    it('T27: what is not granted is not done: publishing, meta channels, services, new channels', async () => {
      await bench.startSecured(
        {
          rules: [
            {
              channel: '/chat/*',
              subscribe: true,
              publish: { scope: ['chat', 'write'] },
              create: { scope: 'open' },
            },
            { channel: '/service/record', call: { scope: 'record' } },
          ],
        },
        [ServiceGateway],
      );
      const owner = await joinAs('owner', { scope: 'open' });
      const reader = await joinAs('reader', { scope: 'chat record' });
      const writer = await joinAs('writer', { scope: 'chat write' });
      const create = refused('denied_by_not_granting', 'create');
      expect(await reader.subscribe('/chat/a')).toMatchObject(create);
      expect(await writer.publish('/chat/a', 'too early')).toMatchObject(create);
      expect(await owner.subscribe('/chat/a')).toMatchObject({ successful: true });
      expect(await reader.subscribe('/chat/a')).toMatchObject({ successful: true });
      expect(await reader.publish('/chat/a', 'one scope')).toMatchObject(
        refused('denied_by_not_granting', 'publish'),
      );
      expect(await writer.publish('/chat/a', 'both')).toMatchObject({ successful: true });
      expect(await reader.publish('/user/reader/x', 1)).toMatchObject(
        refused('denied_by_not_granting', 'publish'),
      );
      expect(await reader.publish('/meta/x', 1)).toMatchObject(
        refused('denied_by_security_policy', 'publish'),
      );
      expect((await writer.call('/service/record', 'writer')).reply).toMatchObject(
        refused('denied_by_not_granting', 'call'),
      );
      expect((await reader.call('/service/record', 'reader')).reply).toMatchObject({ successful: true });
      expect(bench.app.get(ServiceGateway).recorded).toEqual(['reader']);
      expect(await reader.receive()).toEqual([{ channel: '/chat/a', data: 'both' }]);
    });

    it('T28: a rule that denies wins over a broader one, and over wildcards that reach into it', async () => {
      await bench.startSecured({
        rules: [OPEN_TO_ALL, { channel: '/admin/**', effect: 'deny', unless: { scope: 'admin' } }],
      });
      const alice = await joinAs('alice', { scope: 'user' });
      const root = await joinAs('root', { scope: 'admin' });
      for (const name of ['/admin/log', '/admin/*', '/admin/**', '/admin/a/b/**']) {
        expect(await alice.subscribe(['/news', name])).toMatchObject(BY_POLICY);
        expect(await root.subscribe(name)).toMatchObject({ successful: true });
      }
      expect(await alice.publish('/admin/log', 1)).toMatchObject(
        refused('denied_by_security_policy', 'publish'),
      );
      await root.catchUp();
      expect(root.pushed()).toEqual([]);
    });

    it.each([
      ['that is its own client', { client_id: 'alice' }],
      ['marked as of the client credentials grant', { client_id: 'x', gty: 'client-credentials' }],
      ['marked as of an application', { client_id: 'x', idtyp: 'app' }],
    ])("T30: a service whose subject is a user's id (%s) is not that user", async (_, claims) => {
      await bench.startSecured({ rules: [{ channel: '/in/{userId}/**', subscribe: true, publish: true }] });
      const service = await joinAs('alice', claims);
      const alice = await joinAs('alice');
      await alice.subscribe('/in/alice/**');
      expect(await service.subscribe('/user/alice/**')).toMatchObject(BY_POLICY);
      expect(await service.subscribe('/in/alice/x')).toMatchObject(NOT_GRANTED);
      expect(await service.publish('/in/alice/x', 'forged')).toMatchObject({ successful: false });
      expect(await bench.app.service.sendMessage('alice', '/private', 1)).toEqual({ sessions: 1 });
      expect(await alice.receive()).toEqual([{ channel: '/private', data: 1 }]);
      await service.catchUp();
      expect(service.pushed()).toEqual([]);
    });

    it("[A1] T60 a user's token without a sub opens no session, and the log says what to mend", async () => {
      await bench.startSecured({
        rules: [{ channel: '/**', subscribe: true, publish: { kind: 'service' } }],
      });
      const claims = { sub: undefined, azp: 'web', sid: 's', preferred_username: 'ann', scope: 'openid' };
      const reply = await bench.client().handshake(presenting(await bench.token('ann', { claims })));
      expect(reply).toMatchObject({ successful: false, error: '401::invalid_token' });
      expect(bench.app.service.counts.sessions).toBe(0);
      expect(bench.app.log.text).toMatch(/refused: .*no sub.*auth\.kind/);
    });

    it('T31: a service does what rules leave to services, a user what they leave to users', async () => {
      await bench.startSecured({
        rules: [
          { channel: '/talk', subscribe: { kind: 'user' }, publish: { kind: 'user' } },
          { channel: '/feed/{serviceId}', publish: { kind: 'service' } },
        ],
      });
      const alice = await joinAs('alice');
      const robot = await joinAs('robot', { client_id: 'robot' });
      const publishing = refused('denied_by_not_granting', 'publish');
      expect(await robot.subscribe('/talk')).toMatchObject(NOT_GRANTED);
      expect(await robot.publish('/talk', 1)).toMatchObject(publishing);
      expect(await robot.publish('/feed/robot', 1)).toMatchObject({ successful: true });
      expect(await robot.publish('/feed/alice', 1)).toMatchObject(publishing);
      expect(await alice.publish('/talk', 1)).toMatchObject({ successful: true });
      expect(await alice.publish('/feed/alice', 1)).toMatchObject(publishing);
      expect(await alice.publish('/feed/robot', 1)).toMatchObject(publishing);
    });
  });
});
