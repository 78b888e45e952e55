import { ALL_TRANSPORTS, onServer, withIssuer } from '../support/bench.js';
import { parseScript, queryOf } from '../support/callback.client.js';
import { bearer, presenting } from '../support/identity.js';
import { statusOf } from '../support/polling.client.js';

const UNKNOWN = { successful: false, error: '402::session_unknown' };
const HANDSHAKE = JSON.stringify([{ channel: '/meta/handshake', version: '1.0', id: '1' }]);

describe('callback-polling', () => {
  const issuer = withIssuer();
  onServer((bench) => {
    describe('proof', () => {
      const rules = [{ channel: '/news', subscribe: true }];

      it('a session with a token needs it with every request', async () => {
        await bench.startSecured({ ...ALL_TRANSPORTS, rules });
        const client = await bench.scripts().join(presenting(await bench.token('alice')));
        expect(await client.subscribe('/news')).toMatchObject({ successful: true });
        const held = await bench.hold(client);
        await bench.app.service.sendMessage('alice', '/x', 1);
        await held.reply;
        expect(client.pushed()).toEqual([{ channel: '/x', data: 1 }]);
        client.credentials = {};
        expect(await client.connect()).toMatchObject(UNKNOWN);
        client.credentials = presenting(await bench.token('mallory'));
        expect(await client.connect()).toMatchObject(UNKNOWN);
        expect(await client.disconnect()).toMatchObject(UNKNOWN);
      });

      it('a cookie is none, though it is that of the session', async () => {
        await bench.startSecured({ ...ALL_TRANSPORTS, rules });
        const alice = await bench.polling().join(presenting(await bench.token('alice')));
        const held = await bench.hold(alice);
        const page = bench.scripts({ cookie: alice.cookie ?? '' });
        page.clientId = alice.clientId;
        expect(await page.connect({ advice: { timeout: 0 } })).toMatchObject(UNKNOWN);
        expect(await page.subscribe('/news')).toMatchObject(UNKNOWN);
        expect(await page.disconnect()).toMatchObject(UNKNOWN);
        expect(held.answered).toBe(false);
      });

      it('a cookie is neither given nor remembered', async () => {
        await bench.startSecured({ ...ALL_TRANSPORTS, rules });
        const jar = bench.polling();
        await jar.handshake(presenting(await bench.token('bob')));
        const client = bench.scripts({ cookie: jar.cookie ?? '' });
        await client.join(presenting(await bench.token('alice')));
        jar.clientId = client.clientId;
        expect(await jar.connect()).toMatchObject(UNKNOWN);
        const { headers } = await bench.scripts().get(queryOf([HANDSHAKE])).answer;
        expect(headers['set-cookie']).toBeUndefined();
      });

      it('a header is none, as a proxy may have made it of a cookie', async () => {
        await bench.startSecured({ ...ALL_TRANSPORTS, rules });
        const token = await bench.token('alice');
        expect(await bench.scripts(bearer(token)).handshake()).toMatchObject({
          successful: false,
          error: '401::authentication_required',
        });
        const client = bench.scripts(bearer(token));
        client.clientId = (await bench.polling().join(presenting(token))).clientId;
        expect(await client.connect()).toMatchObject(UNKNOWN);
      });

      it.each(['access_token', 'token'])('a token in the query as %s is refused', async (name) => {
        await bench.startSecured({ ...ALL_TRANSPORTS, rules });
        const token = await bench.token('alice');
        const handshake = JSON.stringify([{ channel: '/meta/handshake', ...presenting(token) }]);
        const { status, text } = await bench.scripts().get(`${queryOf([handshake])}&${name}=${token}`).answer;
        expect(status).toBe(200);
        expect(parseScript(text)).toMatchObject([
          { successful: false, error: '400::token_in_query', advice: { reconnect: 'none' } },
        ]);
        expect(bench.app.service.counts.sessions).toBe(0);
      });
    });

    describe('pages of other sites', () => {
      const LISTED = 'https://portal.example.com';

      it.each(['cross-site', '', 'Same-Site', 'cross-site, same-origin', 'anything'])(
        'T20: are refused by what their browser says: %j',
        async (site) => {
          await bench.start({ ...ALL_TRANSPORTS, origins: [LISTED] });
          const client = bench.scripts({ 'sec-fetch-site': site });
          for (const headers of [{}, { origin: LISTED }]) {
            const { status, text } = await client.get(queryOf([HANDSHAKE]), headers).answer;
            expect({ status, text }).toEqual({ status: 403, text: '' });
          }
          expect(bench.app.service.counts.sessions).toBe(0);
        },
      );

      it('are refused by their origin, where they say it', async () => {
        await bench.start(ALL_TRANSPORTS);
        const client = bench.scripts({ origin: 'https://evil.example', 'sec-fetch-site': 'same-site' });
        expect(await statusOf(client.get(queryOf([HANDSHAKE])))).toBe(403);
      });

      it.each(['same-origin', 'same-site', 'none'])('are not meant: %s', async (site) => {
        await bench.start(ALL_TRANSPORTS);
        await bench.scripts({ 'sec-fetch-site': site }).join();
        expect(bench.app.service.counts.sessions).toBe(1);
      });

      it('may use the other transports as before', async () => {
        await bench.start({ ...ALL_TRANSPORTS, origins: [LISTED] });
        await bench.polling({ origin: LISTED, 'sec-fetch-site': 'cross-site' }).join();
        expect(bench.app.service.counts.sessions).toBe(1);
      });
    });
  }, issuer);
});
