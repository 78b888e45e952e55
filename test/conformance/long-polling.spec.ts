import { onEveryServer } from '../support/bench.js';
import { ask } from '../support/http.js';
import { statusOf } from '../support/polling.client.js';
import { RawSocket } from '../support/raw-socket.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { until } from '../support/until.js';

const AT_ONCE = { advice: { timeout: 0 } };
const HANDSHAKE = JSON.stringify([{ channel: '/meta/handshake', version: '1.0', id: '1' }]);

describe('long-polling', () => {
  onEveryServer((bench) => {
    it.each(['', '/', '/handshake', '/connect', '/a/b/c', '?x=1', '/connect?x=1'])(
      'L-01: serves its path and everything below it: %j',
      async (suffix) => {
        await bench.start();
        expect(await statusOf(bench.polling().post(HANDSHAKE, {}, suffix))).toBe(200);
      },
    );

    it.each(['x', '.json', '%2f', '-2/handshake'])(
      'L-01: leaves paths that only begin like it to the application: %j',
      async (suffix) => {
        await bench.start();
        expect(await statusOf(bench.polling().post(HANDSHAKE, {}, suffix))).toBe(404);
      },
    );

    it('L-01: serves another path if it is given one', async () => {
      await bench.start({ path: '/push/v1' });
      expect(bench.app.url).toMatch(/\/push\/v1$/);
      await bench.client().join();
      await bench.polling().join();
      expect(bench.app.service.counts.sessions).toBe(2);
    });

    it('L-14: answers with JSON that nobody may keep or guess the type of', async () => {
      await bench.start();
      const { headers } = await bench.polling().post(HANDSHAKE).answer;
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        vary: 'Origin',
      });
    });

    it.each([
      'application/json',
      'application/json;charset=UTF-8',
      'Application/JSON ; charset=utf-8',
      'application/json; charset="UTF8"',
    ])('S-07: takes the content type %s', async (type) => {
      await bench.start();
      expect(await statusOf(bench.polling().post(HANDSHAKE, { 'content-type': type }))).toBe(200);
    });

    it.each(['br', 'gzip', 'identity, gzip', 'x-made-up', 'deflate'])(
      '[W9] S-07: refuses a body in the coding %j, and says which would do',
      async (coding) => {
        await bench.start();
        const { status, headers } = await bench.polling().post(HANDSHAKE, { 'content-encoding': coding })
          .answer;
        expect({ status, accepts: headers['accept-encoding'] }).toEqual({ status: 415, accepts: 'identity' });
        expect(bench.app.service.counts.sessions).toBe(0);
      },
    );

    it.each(['identity', 'Identity', ''])('[W9] S-07: takes a body in the coding %j', async (coding) => {
      await bench.start();
      expect(await statusOf(bench.polling().post(HANDSHAKE, { 'content-encoding': coding }))).toBe(200);
    });

    it('[W9] refuses a transfer coding besides chunked', async () => {
      await bench.start();
      const headers = { 'transfer-encoding': 'gzip, chunked' };
      expect(await statusOf(bench.polling().post(HANDSHAKE, headers))).toBe(501);
    });

    it.each(['iso-8859-1', 'UTF-16', 'us-ascii', '"utf-7"'])(
      '[W9] S-07: refuses the character set %s',
      async (charset) => {
        await bench.start();
        const type = { 'content-type': `application/json; charset=${charset}` };
        expect(await statusOf(bench.polling().post(HANDSHAKE, type))).toBe(415);
      },
    );

    it.each([
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonp',
      'text/plain, application/json',
      '',
    ])('S-07, T20: refuses the content type %j', async (type) => {
      await bench.start();
      const { status, text } = await bench.polling().post(HANDSHAKE, { 'content-type': type }).answer;
      expect({ status, text }).toEqual({ status: 415, text: '' });
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD'])('L-03: refuses %s', async (method) => {
      await bench.start();
      const { status, headers, text } = await ask(bench.app.url, { method, body: '' }).answer;
      expect({ status, text }).toEqual({ status: 405, text: '' });
      expect(headers.allow).toBe('POST, OPTIONS');
    });

    it('L-08: gives a cookie with a good handshake that came without one', async () => {
      await bench.start();
      const client = bench.polling();
      const first = await client.post(HANDSHAKE).answer;
      expect(first.headers['set-cookie']).toEqual([
        expect.stringMatching(/^BAYEUX_BROWSER=[\w.-]{76}; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      const second = await client.post(HANDSHAKE).answer;
      expect(second.headers['set-cookie']).toBeUndefined();
    });

    it('L-08: gives none with anything else', async () => {
      await bench.start();
      const client = await bench.polling().join();
      client.cookie = undefined;
      const { headers } = await client.askConnect({ advice: { timeout: 0 } }).answer;
      expect(headers['set-cookie']).toBeUndefined();
      const failed = await client.post('[{"channel":"/meta/handshake","minimumVersion":"2"}]').answer;
      expect(failed.headers['set-cookie']).toBeUndefined();
    });

    it('L-08: replaces a cookie that was not issued here', async () => {
      await bench.start();
      const cookie = 'a=b; BAYEUX_BROWSER=chosen-by-somebody; c=d';
      const { headers } = await bench.polling().post(HANDSHAKE, { cookie }).answer;
      expect(headers['set-cookie']?.[0]).toMatch(/^BAYEUX_BROWSER=[\w.-]{76};/);
    });

    it('L-08: marks the cookie as secure where a trusted proxy says so', async () => {
      await bench.start({
        trustProxy: ['127.0.0.1'],
        cookie: { sameSite: 'None', name: 'B', path: '/push' },
      });
      const { headers } = await bench.polling().post(HANDSHAKE, { 'x-forwarded-proto': 'https' }).answer;
      expect(headers['set-cookie']?.[0]).toMatch(
        /^B=[\w.-]{76}; Path=\/push; HttpOnly; Secure; SameSite=None$/,
      );
    });

    it('L-08: and believes nobody else', async () => {
      await bench.start();
      const { headers } = await bench.polling().post(HANDSHAKE, { 'x-forwarded-proto': 'https' }).answer;
      expect(headers['set-cookie']?.[0]).not.toContain('Secure');
    });

    it('L-13: what comes with a response that had to wait for another one comes once', async () => {
      await bench.start({ session: { maxProcessing: 90_000 } }, [ServiceGateway]);
      const client = await bench.polling().join();
      await client.subscribe('/a');
      const { clientId } = client;
      const pipe = await RawSocket.open(bench.app.url);
      const before = bench.clock.armed;
      pipe.post(bench.app.url, JSON.stringify([{ channel: '/service/slow', clientId, data: 1 }]));
      await until('the call to arrive', () => bench.clock.armed > before);
      await bench.app.service.broadcast('/a', 'once');
      const due = bench.clock.earliest ?? 0;
      bench.clock.advance(1);
      // On the same connection, so that its response waits for that of the call.
      pipe.post(bench.app.url, JSON.stringify([{ channel: '/meta/connect', clientId, ...AT_ONCE }]));
      await until('the connect to arrive', () => bench.clock.earliest !== due);
      bench.app.get(ServiceGateway).release();
      await until('both responses', () => pipe.text.includes('/meta/connect'));
      expect(pipe.text).toContain('once');
      await client.sync();
      expect(client.pushed()).toEqual([]);
      pipe.destroy();
    });

    it('L-11: requests carry what waits, ahead of their replies', async () => {
      await bench.start();
      const client = await bench.polling().join();
      await client.subscribe('/a');
      await bench.app.service.broadcast('/a', 1);
      const replies = await client.exchange(
        JSON.stringify([{ channel: '/b', clientId: client.clientId, data: 1, id: '5' }]),
      );
      expect(replies).toEqual([
        { channel: '/a', data: 1 },
        { channel: '/b', id: '5', successful: true },
      ]);
    });

    it('a body in many parts is read whole', async () => {
      await bench.start();
      const exchange = ask(bench.app.url, { headers: { 'content-type': 'application/json' } });
      const body = Buffer.from('[{"channel":"/meta/handshake","id":"ä€𝄞"}]');
      for (const byte of body) exchange.write(Buffer.of(byte));
      exchange.end();
      const { status, text } = await exchange.answer;
      expect(status).toBe(200);
      expect(text).toContain('405::message_id_invalid');
    });

    it('a client that vanishes within its body leaves nothing', async () => {
      await bench.start();
      const exchange = ask(bench.app.url, { headers: { 'content-type': 'application/json' } });
      exchange.write('[{"channel":"/meta/hand');
      exchange.abort();
      await expect(exchange.answer).rejects.toThrow();
      expect(await statusOf(bench.polling().post(HANDSHAKE))).toBe(200);
      expect(bench.app.service.counts.sessions).toBe(1);
    });
  });
});
