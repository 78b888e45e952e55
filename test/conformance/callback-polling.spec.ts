import { ALL_TRANSPORTS, type Bench, onServer } from '../support/bench.js';
import { type CallbackClient, queryOf } from '../support/callback.client.js';
import { ask } from '../support/http.js';
import { statusOf } from '../support/polling.client.js';
import { until } from '../support/until.js';

const HANDSHAKE = JSON.stringify([{ channel: '/meta/handshake', version: '1.0', id: '1' }]);

async function join(bench: Bench): Promise<CallbackClient> {
  await bench.start(ALL_TRANSPORTS);
  return bench.scripts().join();
}

describe('callback-polling', () => {
  onServer((bench) => {
    it('is off unless it is asked for', async () => {
      await bench.start();
      const { status, headers, text } = await bench.scripts().get(queryOf([HANDSHAKE])).answer;
      expect({ status, text }).toEqual({ status: 405, text: '' });
      expect(headers.allow).toBe('POST, OPTIONS');
      const { supportedConnectionTypes } = await bench.polling().handshake();
      expect(supportedConnectionTypes).toEqual(['websocket', 'long-polling']);
      expect(await bench.scripts().get('').answer).toMatchObject({ status: 405 });
    });

    it('is offered last, and leaves other methods as they are', async () => {
      await bench.start(ALL_TRANSPORTS);
      expect(await bench.polling().handshake()).toMatchObject({
        supportedConnectionTypes: ['websocket', 'long-polling', 'callback-polling'],
      });
      for (const method of ['PUT', 'HEAD', 'DELETE']) {
        const { status, headers } = await ask(bench.app.url, { method, body: '' }).answer;
        expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, POST, OPTIONS' });
      }
    });

    it.each(['', '/', '/handshake', '/a/b'])(
      'J-01: serves its path and what is below: %j',
      async (suffix) => {
        await bench.start(ALL_TRANSPORTS);
        const exchange = bench.scripts().get(queryOf([HANDSHAKE]), {}, suffix);
        expect(await statusOf(exchange)).toBe(200);
      },
    );

    it('J-03: answers with a script that nobody may keep, guess the type of, or show', async () => {
      await bench.start(ALL_TRANSPORTS);
      const { status, headers } = await bench.scripts().get(queryOf([HANDSHAKE])).answer;
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'text/javascript; charset=utf-8',
        'content-disposition': 'attachment; filename=f.txt',
        'cache-control': 'no-store',
        'cross-origin-resource-policy': 'same-site',
        'x-content-type-options': 'nosniff',
        vary: 'Origin',
      });
      expect(headers['access-control-allow-origin']).toBeUndefined();
    });

    it('J-03: escapes what ends a line in a script only', async () => {
      const client = await join(bench);
      await client.subscribe('/a');
      const data = 'one\u2028two\u2029three';
      await bench.app.service.broadcast('/a', data);
      const { text } = await client.askConnect().answer;
      expect(text).toContain(String.raw`one\u2028two\u2029three`);
      expect(text).not.toMatch(/[\u2028\u2029]/);
      expect(client.pushed()).toEqual([{ channel: '/a', data }]);
    });

    it('T-03: delivers with connects only', async () => {
      const client = await join(bench);
      await client.subscribe('/a');
      await bench.app.service.broadcast('/a', 1);
      const { clientId } = client;
      const replies = await client.exchange(JSON.stringify([{ channel: '/a', clientId, data: 2, id: '5' }]));
      expect(replies).toEqual([{ channel: '/a', id: '5', successful: true }]);
      await client.sync();
      expect(client.pushed()).toEqual([]);
      expect(await client.exchange(JSON.stringify([{ channel: '/meta/connect', clientId }]))).toMatchObject([
        { channel: '/a', data: 1 },
        { channel: '/a', data: 2 },
        { channel: '/meta/connect', successful: true },
      ]);
    });

    it('a body changes nothing, and a client that goes within it is noticed', async () => {
      const client = await join(bench);
      const before = bench.clock.armed;
      const connect = [{ channel: '/meta/connect', clientId: client.clientId }];
      const exchange = ask(`${bench.app.url}?${queryOf([JSON.stringify(connect)])}`, {
        method: 'GET',
        headers: { 'content-length': 1_000_000 },
      });
      exchange.write('x'.repeat(500_000));
      await until('the connect to be held', () => bench.clock.armed > before);
      exchange.abort();
      await until('the hold to be dropped', () => bench.clock.armed === before);
    });
  });
});
