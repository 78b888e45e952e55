import { CometAuth } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { Bench, DEFAULT_TRANSPORTS } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import type { Members } from '../support/message.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { tenantTokens, tokenAt } from '../support/tenant-tokens.js';

const OPTIONS = {
  auth: { verifier: tenantTokens, tenants: true },
  rules: [
    { channel: '/**', subscribe: true, publish: true },
    { channel: '/news/**', subscribe: true, publish: true },
  ],
};

describe('tenants', () => {
  describe.each(DEFAULT_TRANSPORTS)('over %s', (transport) => {
    const bench = new Bench('express', transport);
    afterEach(() => bench.finish());

    const present = (tenant: string, name: string, kind?: 'user' | 'service'): Members =>
      presenting(bench.secret(tokenAt(tenant, name, kind)));
    const joinAs = (tenant: string, name: string): Promise<BayeuxClient> =>
      bench.client().join(present(tenant, name));
    /** What clients got, once all that was under way has come. */
    const heard = async (...clients: BayeuxClient[]): Promise<unknown[][]> => {
      for (const client of clients) await client.catchUp();
      return clients.map((client) => client.pushed().map(({ data }) => data));
    };

    it('T29: a message stays in the tenant of its sender, on channels and patterns of the same name', async () => {
      await bench.start(OPTIONS);
      const [acme, globex] = [await joinAs('acme', 'alice'), await joinAs('globex', 'alice')];
      const mallory = await joinAs('globex', 'mallory');
      for (const client of [acme, globex]) await client.subscribe(['/news/a', '/news/*', '/news/**']);
      expect(await mallory.publish('/news/a', 'from globex')).toMatchObject({ successful: true });
      expect(await heard(acme, globex)).toEqual([[], ['from globex']]);
      const { service } = bench.app;
      expect(await service.broadcast('/news/a', 'to acme', { tenant: 'acme' })).toEqual({ sessions: 1 });
      expect(await service.broadcast('/news/a', 'to none', { tenant: '' })).toEqual({ sessions: 0 });
      expect(await heard(acme, globex)).toEqual([['to acme'], []]);
    });

    it("T29: a user's messages reach the sessions of their tenant, and not those of a namesake", async () => {
      await bench.start(OPTIONS);
      const [acme, globex] = [await joinAs('acme', 'alice'), await joinAs('globex', 'alice')];
      for (const client of [acme, globex]) {
        expect(await client.subscribe('/user/alice/**')).toMatchObject({ successful: true });
      }
      const { service } = bench.app;
      const sent = await service.sendMessage({ tenant: 'acme', userId: 'alice' }, '/private', 'for acme');
      expect(sent).toEqual({ sessions: 1 });
      await service.broadcast('/user/alice/inbox', 'in her tree', { tenant: 'acme' });
      expect(await heard(acme, globex)).toEqual([['for acme', 'in her tree'], []]);
      expect(service.disconnect({ tenant: 'globex', userId: 'alice' })).toBe(1);
      expect(service.sessionsOfTenant('acme').map(({ alive }) => alive)).toEqual([true]);
      expect(service.sessionsOfTenant('globex')).toEqual([]);
    });

    it('T29: access is withdrawn within the tenant that is named, and nowhere if none is', async () => {
      await bench.start(OPTIONS);
      const [acme, globex] = [await joinAs('acme', 'alice'), await joinAs('globex', 'alice')];
      const auth = bench.app.get(CometAuth);
      // Once it revoked in the tenant without a name, where nobody is, and said that all went well.
      for (const target of [{ userId: 'alice' }, { all: true }] as const) {
        await expect(auth.revoke(target)).rejects.toThrow("{ tenant: 'acme', ");
      }
      expect(await auth.revoke({ tenant: 'acme', userId: 'alice' })).toEqual({ sessions: 1 });
      expect([acme, globex].map(({ clientId }) => bench.app.service.findSession(clientId)?.userId)).toEqual([
        undefined,
        'alice',
      ]);
      expect(await auth.revoke({ tenant: 'globex', all: true })).toEqual({ sessions: 1 });
    });

    it('T29: what a message says of a tenant, in its body or in ext, is not heard', async () => {
      await bench.start(OPTIONS);
      const acme = await joinAs('acme', 'alice');
      await acme.subscribe('/news/a');
      const claims = { tenant: 'acme', ext: { tenant: 'acme', auth: { tenant: 'acme' } } };
      const mallory = bench.client();
      await mallory.handshake({ ...present('globex', 'mallory'), tenant: 'acme' });
      await mallory.connect({ advice: { timeout: 0 } });
      expect(await mallory.subscribe('/news/a', claims)).toMatchObject({ successful: true });
      expect(await mallory.publish('/news/a', 1, claims)).toMatchObject({ successful: true });
      for (const channel of ['/acme/news/a', '/news/a?tenant=acme', 'acme:/news/a']) {
        await mallory.publish(channel, 2, claims);
      }
      await bench.app.service.broadcast('/news/a', 3, { tenant: 'acme' });
      expect(await heard(acme, mallory)).toEqual([[3], [1]]);
      expect(bench.app.service.sessionsOfTenant('acme')).toHaveLength(1);
    });

    it('T29: a token of no tenant, or of one that is not known, is refused', async () => {
      const { log } = await bench.start(OPTIONS);
      for (const tenant of ['', 'umbrella']) {
        expect(await bench.client().handshake(present(tenant, 'alice'))).toMatchObject({
          successful: false,
          error: '401::invalid_token',
          advice: { reconnect: 'none' },
        });
      }
      expect(log.takeErrors()).toEqual([expect.stringContaining('the name of a tenant')]);
    });

    it('T21: T29: nobody goes on with a session of a namesake in another tenant', async () => {
      await bench.start(OPTIONS);
      const acme = await joinAs('acme', 'alice');
      const thief = bench.client();
      thief.clientId = acme.clientId;
      expect(await thief.connect(present('globex', 'alice'))).toMatchObject({
        successful: false,
        error: '402::session_unknown',
      });
      expect(await acme.publish('/news/a', 1)).toMatchObject({ successful: true });
    });

    it('share the rules and the authorizers that name none, and those of a tenant bind it alone', async () => {
      const { service } = await bench.start({
        ...OPTIONS,
        authorizers: [{ channel: '/closed/*', authorize: () => ({ deny: 'closed' }) }],
      });
      service.channel({ tenant: 'acme', name: '/quiet' }).addAuthorizer(() => 'deny');
      const [acme, globex] = [await joinAs('acme', 'alice'), await joinAs('globex', 'alice')];
      for (const client of [acme, globex]) {
        expect(await client.subscribe('/closed/a')).toMatchObject({ error: '403:closed:create_denied' });
      }
      expect(await acme.subscribe('/quiet')).toMatchObject({ successful: false });
      expect(await globex.subscribe('/quiet')).toMatchObject({ successful: true });
    });

    it('are seen by rules', async () => {
      await bench.start({
        ...OPTIONS,
        rules: [
          { channel: '/{tenant}/board', subscribe: true },
          { channel: '/beta', subscribe: { tenant: 'acme' } },
        ],
      });
      const [acme, globex] = [await joinAs('acme', 'alice'), await joinAs('globex', 'alice')];
      for (const name of ['/acme/board', '/beta']) {
        expect(await acme.subscribe(name)).toMatchObject({ successful: true });
        expect(await globex.subscribe(name)).toMatchObject({ successful: false });
      }
    });

    it('have limits of their own for sessions of a user, and services alike for all', async () => {
      await bench.start({ ...OPTIONS, session: { maxPerUser: 1 } }, [ServiceGateway]);
      const [acme, globex] = [await joinAs('acme', 'alice'), await joinAs('globex', 'alice')];
      expect(await bench.client().handshake(present('acme', 'alice'))).toMatchObject({
        error: '403::too_many_sessions',
      });
      for (const client of [acme, globex]) {
        expect((await client.call('/service/who', 0)).answers).toMatchObject([{ userId: 'alice' }]);
      }
    });
  });
});
