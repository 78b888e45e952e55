import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, overEveryTransport, withIssuer } from '../support/bench.js';
import { bearer, presenting } from '../support/identity.js';
import type { Members } from '../support/message.js';

const AT_ONCE = { advice: { timeout: 0 } };
const UNKNOWN = { successful: false, error: '402::session_unknown' };

/** Alice's session with a held connect; whatever is tried with its id, it must not notice. */
async function unnoticed(bench: Bench, steal: (victim: BayeuxClient) => Promise<void>): Promise<void> {
  const alice = await bench.client().join(presenting(await bench.token('alice')));
  await alice.subscribe('/user/alice/**');
  const held = await bench.hold(alice);
  await steal(alice);
  expect(held.answered).toBe(false);
  expect(await bench.app.service.broadcast('/user/alice/x', 'secret')).toEqual({ sessions: 1 });
  expect(await alice.receive()).toEqual([{ channel: '/user/alice/x', data: 'secret' }]);
}

/** Everything one could want to do with a session that is not one's own. */
async function tryEverything(thief: BayeuxClient, members: Members = {}): Promise<void> {
  expect(await thief.connect({ ...AT_ONCE, ...members })).toMatchObject({
    ...UNKNOWN,
    advice: { reconnect: 'handshake', interval: 0 },
  });
  expect(await thief.subscribe('/news', members)).toMatchObject(UNKNOWN);
  expect(await thief.unsubscribe('/user/alice/**', members)).toMatchObject(UNKNOWN);
  expect(await thief.publish('/news', 'forged', members)).toMatchObject(UNKNOWN);
  expect(await thief.publish('/service/echo', 'forged', members)).toMatchObject(UNKNOWN);
  expect(await thief.disconnect(members)).toMatchObject(UNKNOWN);
  expect(thief.pushed()).toEqual([]);
}

describe('T21: a clientId in wrong hands', () => {
  const issuer = withIssuer();
  overEveryTransport((bench) => {
    const rules = [{ channel: '/news', subscribe: true, publish: true }];

    it.each(['same', 'other'] as const)('opens nothing without proof, on the %s transport', async (which) => {
      await bench.startSecured({ rules });
      await unnoticed(bench, async (victim) => {
        const thief = which === 'same' ? bench.client() : bench.otherClient();
        thief.clientId = victim.clientId;
        await tryEverything(thief);
      });
    });

    it.each(['same', 'other'] as const)(
      'opens nothing for another user, on the %s transport',
      async (which) => {
        await bench.startSecured({ rules });
        await unnoticed(bench, async (victim) => {
          const token = await bench.token('mallory');
          const thief = which === 'same' ? bench.client() : bench.otherClient();
          thief.clientId = victim.clientId;
          await tryEverything(thief, presenting(token));
        });
      },
    );

    it('opens nothing for another user with a token in the header', async () => {
      await bench.startSecured({ rules });
      await unnoticed(bench, async (victim) => {
        const thief = bench.client(bearer(await bench.token('mallory')));
        thief.clientId = victim.clientId;
        await tryEverything(thief);
      });
    });

    it('opens nothing in another browser', async () => {
      await bench.startSecured({ rules });
      await unnoticed(bench, async (victim) => {
        const mallory = bench.polling();
        await mallory.join(presenting(await bench.token('mallory')));
        const thief = bench.client({ cookie: mallory.cookie ?? '' });
        thief.clientId = victim.clientId;
        await tryEverything(thief);
      });
    });

    it('opens nothing for a service of the same name', async () => {
      await bench.startSecured({ rules });
      await unnoticed(bench, async (victim) => {
        const token = await bench.token('alice', { claims: { client_id: 'alice' } });
        const thief = bench.client();
        thief.clientId = victim.clientId;
        await tryEverything(thief, presenting(token));
      });
    });

    it('opens nothing for another subject that the issuer calls by the same name', async () => {
      await bench.startSecured({ rules, auth: { userClaim: 'nickname' } });
      const named = (subject: string): Promise<string> =>
        bench.token(subject, { claims: { nickname: 'alice' } });
      const victim = await bench.client().join(presenting(await named('subject-1')));
      const thief = bench.client();
      thief.clientId = victim.clientId;
      expect(await thief.connect(presenting(await named('subject-2')))).toMatchObject(UNKNOWN);
      expect(await thief.connect({ ...AT_ONCE, ...presenting(await named('subject-1')) })).toMatchObject({
        successful: true,
      });
    });

    it('opens nothing with a token that is not good', async () => {
      await bench.startSecured({ rules });
      await unnoticed(bench, async (victim) => {
        const thief = bench.client();
        thief.clientId = victim.clientId;
        const forged = bench.secret(await issuer().forge('alice', bench.clock.wallTime()));
        expect(await thief.connect(presenting(forged))).toMatchObject({
          successful: false,
          error: '401::invalid_token',
        });
        expect(await thief.disconnect(presenting(forged))).toMatchObject({ error: '401::invalid_token' });
      });
    });

    it('is answered like one that does not exist', async () => {
      await bench.startSecured({ rules });
      await unnoticed(bench, async (victim) => {
        const thief = bench.client();
        thief.clientId = victim.clientId;
        const real = await thief.connect({ id: '1' });
        thief.clientId = 'x'.repeat(32);
        expect(await thief.connect({ id: '1' })).toEqual(real);
      });
    });

    it('opens nothing from within a session of one’s own', async () => {
      await bench.startSecured({ rules });
      await unnoticed(bench, async (victim) => {
        const token = await bench.token('mallory');
        const mallory = await bench.client().join(presenting(token));
        const replies = await mallory.send([
          { channel: '/news', clientId: mallory.clientId, data: 1 },
          { channel: '/meta/disconnect', clientId: victim.clientId },
        ]);
        expect(replies).toMatchObject([{ successful: true }, UNKNOWN]);
      });
    });
  }, issuer);
});
