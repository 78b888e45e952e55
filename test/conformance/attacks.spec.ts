import { CometService, type CometAuditEvent } from '../../src/index.js';
import * as api from '../../src/index.js';
import { onServer, overEveryTransport, withIssuer } from '../support/bench.js';
import { ask } from '../support/http.js';
import { bearer, presenting } from '../support/identity.js';

const UNKNOWN = { successful: false, error: '402::session_unknown' };
const FOREIGN = { origin: 'https://portal.example.com.evil.example' };

describe('attacks on the endpoint', () => {
  const issuer = withIssuer();

  overEveryTransport((bench) => {
    const rules = [{ channel: '/news', subscribe: true, publish: true }];

    it('T24: nothing is done for a client that has not shaken hands', async () => {
      await bench.startSecured({ rules });
      const witness = await bench.client().join(presenting(await bench.token('alice')));
      await witness.subscribe('/news', presenting(await bench.token('alice')));
      const client = bench.client();
      for (const clientId of ['', 'x', 'x'.repeat(32)]) {
        client.clientId = clientId;
        expect(await client.connect()).toMatchObject(UNKNOWN);
        expect(await client.subscribe('/news')).toMatchObject(UNKNOWN);
        expect(await client.publish('/news', 'forged')).toMatchObject(UNKNOWN);
        expect(await client.disconnect()).toMatchObject(UNKNOWN);
      }
      await witness.catchUp();
      expect(witness.pushed()).toEqual([]);
      expect(bench.app.service.counts).toMatchObject({ sessions: 1, channels: 1 });
    });

    it('T24: nor with a good token and no handshake', async () => {
      await bench.startSecured({ rules });
      const client = bench.client();
      client.clientId = 'x'.repeat(32);
      const token = presenting(await bench.token('alice'));
      expect(await client.connect(token)).toMatchObject(UNKNOWN);
      expect(await client.subscribe('/news', token)).toMatchObject(UNKNOWN);
      expect(await client.publish('/news', 'forged', token)).toMatchObject(UNKNOWN);
    });

    it('T22: an id that the client has chosen is not used, and one that was left is dead', async () => {
      await bench.startSecured({ rules });
      const token = presenting(await bench.token('alice'));
      const client = bench.client();
      await client.handshake({ clientId: 'my-own-id', ...token });
      expect(client.clientId).not.toContain('my-own-id');
      const left = client.clientId;
      expect(await client.disconnect(token)).toMatchObject({ successful: true });
      client.clientId = left;
      expect(await client.connect(token)).toMatchObject(UNKNOWN);
      expect(await client.publish('/news', 1, token)).toMatchObject(UNKNOWN);
      client.clientId = 'my-own-id';
      expect(await client.connect(token)).toMatchObject(UNKNOWN);
    });
  }, issuer);

  onServer((bench) => {
    it('T22: no two ids are the same, nor alike', async () => {
      await bench.start();
      const ids = Array.from({ length: 100_000 }, () => bench.app.server.ids.clientId());
      expect(new Set(ids).size).toBe(ids.length);
      // Half of 128 bits would do to tell them apart.
      expect(new Set(ids.map((id) => id.slice(0, 11))).size).toBe(ids.length);
      expect(new Set(ids.map((id) => id.slice(-11))).size).toBe(ids.length);
    });

    it('T18: cookie and id of a victim are of no use to a page of another site, and nobody looks at them', async () => {
      const events: CometAuditEvent[] = [];
      await bench.startSecured({
        origins: ['https://portal.example.com'],
        audit: { record: (event) => events.push(event) },
      });
      const victim = bench.polling();
      await victim.join(presenting(await bench.token('alice')));
      const held = await bench.hold(victim);
      events.length = 0;
      const headers = { ...FOREIGN, cookie: victim.cookie ?? '' };
      expect(headers.cookie).not.toBe('');
      const thief = bench.polling(headers);
      const stolen = { channel: '/meta/connect', clientId: victim.clientId, connectionType: 'long-polling' };
      const { status, text } = await thief.post(JSON.stringify([stolen])).answer;
      expect({ status, text }).toEqual({ status: 403, text: '' });
      await expect(bench.socket(headers).open()).rejects.toMatchObject({ status: 403 });
      expect(held.answered).toBe(false);
      // No event about the session: it was not looked for.
      const denied = { type: 'origin_denied', address: '127.0.0.1' };
      expect(events).toEqual([denied, denied]);
    });

    it('T20: a page of another site cannot post what is no JSON, whatever cookie comes along', async () => {
      await bench.startSecured();
      const victim = bench.polling();
      await victim.join(presenting(await bench.token('alice')));
      const text = JSON.stringify([{ channel: '/meta/disconnect', clientId: victim.clientId }]);
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
      ]) {
        const headers = { 'content-type': type, cookie: victim.cookie ?? '' };
        expect((await bench.polling().post(text, headers).answer).status).toBe(415);
      }
      expect(
        (await ask(`${bench.app.url}?jsonp=f&message=${text}`, { method: 'GET', body: '' }).answer).status,
      ).toBe(405);
      expect(bench.app.service.counts.sessions).toBe(1);
    });

    it('T53: no address gives away a token, and nobody pushes without one', async () => {
      await bench.startSecured({ rules: [{ channel: '/**', publish: true }] });
      const { origin } = new URL(bench.app.url);
      for (const path of [
        '/continuation/gettoken/alice',
        '/continuation/sendprivatemessage/alice',
        '/continuation/sendbroadcastmessage',
        '/cometd/gettoken/alice',
        '/push',
      ]) {
        for (const method of ['GET', 'POST']) {
          const answer = await ask(origin + path, { method, headers: bearer('x'), body: '' }).answer;
          expect([404, 405, 415]).toContain(answer.status);
          expect(answer.text).not.toMatch(/token["':]|eyJ/);
        }
      }
    });

    it('T53: a user and a token of the original let nobody in', async () => {
      await bench.startSecured();
      const client = bench.polling();
      const members = { exoId: 'alice', exoToken: 'token-of-alice' };
      expect(await client.handshake(members)).toMatchObject({ error: '401::authentication_required' });
    });
  }, issuer);

  it('T53: nothing in the API makes or gives tokens of users', () => {
    const names = [...Object.keys(api), ...Object.getOwnPropertyNames(CometService.prototype)];
    expect(names.filter((name) => /(?:get|create|issue|mint)\w*token/i.test(name))).toEqual([]);
  });
});
