import type { CometModuleOptions } from '../../src/index.js';
import { type Bench, onEveryServer } from '../support/bench.js';
import { type CallbackClient, queryOf } from '../support/callback.client.js';
import { ask } from '../support/http.js';
import { statusOf } from '../support/polling.client.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { until } from '../support/until.js';

const ON: Partial<CometModuleOptions> = { transports: ['websocket', 'long-polling', 'callback-polling'] };
const TIMEOUT = 30_000;
const HANDSHAKE = JSON.stringify([{ channel: '/meta/handshake', version: '1.0', id: '1' }]);

async function join(bench: Bench): Promise<CallbackClient> {
  await bench.start(ON);
  return bench.scripts().join();
}

describe('callback-polling', () => {
  onEveryServer((bench) => {
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
      await bench.start(ON);
      expect(await bench.polling().handshake()).toMatchObject({
        supportedConnectionTypes: ['websocket', 'long-polling', 'callback-polling'],
      });
      for (const method of ['PUT', 'HEAD', 'DELETE']) {
        const { status, headers } = await ask(bench.app.url, { method, body: '' }).answer;
        expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET, POST, OPTIONS' });
      }
    });

    it('carries a session through its life', async () => {
      await bench.start(ON, [ServiceGateway]);
      const client = bench.scripts();
      expect(await client.handshake()).toMatchObject({ successful: true, advice: { reconnect: 'retry' } });
      expect(await client.connect()).toMatchObject({ successful: true });
      expect(await client.subscribe('/a')).toMatchObject({ successful: true, subscription: '/a' });
      expect(await client.call('/service/echo', 'ä€𝄞')).toMatchObject({ answers: [{ echo: 'ä€𝄞' }] });
      const held = await bench.hold(client);
      expect(await bench.app.service.broadcast('/a', 'pushed')).toEqual({ sessions: 1 });
      expect(await held.reply).toMatchObject({ channel: '/meta/connect', successful: true });
      expect(client.pushed()).toEqual([{ channel: '/a', data: 'pushed' }]);
      expect(await client.unsubscribe('/a')).toMatchObject({ successful: true });
      expect(await client.disconnect()).toMatchObject({ successful: true });
      expect(bench.app.service.counts).toMatchObject({ sessions: 0, deadlines: 0 });
    });

    it.each(['', '/', '/handshake', '/a/b'])(
      'J-01: serves its path and what is below: %j',
      async (suffix) => {
        await bench.start(ON);
        const exchange = bench.scripts().get(queryOf([HANDSHAKE]), {}, suffix);
        expect(await statusOf(exchange)).toBe(200);
      },
    );

    it('J-03: answers with a script that nobody may keep, guess the type of, or show', async () => {
      await bench.start(ON);
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
      const { text } = await client.getConnect().answer;
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

    it('T-03: what the client brings about itself comes with its held connect', async () => {
      const client = await join(bench);
      await client.subscribe('/a');
      const held = await bench.hold(client);
      expect(await client.publish('/a', 'own')).not.toHaveProperty('data');
      await held.reply;
      expect(client.pushed()).toEqual([{ channel: '/a', data: 'own' }]);
    });

    it('J-04: holds a connect until it is due', async () => {
      const client = await join(bench);
      const held = await bench.hold(client);
      expect(bench.clock.advance(TIMEOUT - 1)).toBe(0);
      expect(bench.clock.advance(1)).toBe(1);
      expect(await held.reply).toMatchObject({ successful: true });
    });

    it('J-04: the older of two connects ends with an empty 500 and takes no message', async () => {
      const client = await join(bench);
      await client.subscribe('/a');
      const before = bench.clock.armed;
      const older = client.getConnect();
      await until('a connect to be held', () => bench.clock.armed > before);
      const newer = client.getConnect();
      const { status, text } = await older.answer;
      expect({ status, text }).toEqual({ status: 500, text: '' });
      await bench.app.service.broadcast('/a', 'kept');
      expect(await statusOf(newer)).toBe(200);
      expect(client.pushed()).toEqual([{ channel: '/a', data: 'kept' }]);
    });

    it('J-04: a message for a client that vanished comes with the next connect', async () => {
      const client = await join(bench);
      await client.subscribe('/a');
      const before = bench.clock.armed;
      const poll = client.getConnect();
      await until('the connect to be held', () => bench.clock.armed > before);
      poll.abort();
      await until('the hold to be dropped', () => bench.clock.armed === before);
      await bench.app.service.broadcast('/a', 1);
      expect(await client.receive()).toEqual([{ channel: '/a', data: 1 }]);
    });

    it('J-04: what was written to a connection that went comes again', async () => {
      const client = await join(bench);
      await client.subscribe('/a');
      const before = bench.clock.armed;
      client.getConnect();
      await until('the connect to be held', () => bench.clock.armed > before);
      // In one turn, so that the server writes before it can see that nobody is there.
      const pushed = bench.app.service.broadcast('/a', 'again');
      bench.app.cutConnections();
      expect(await pushed).toEqual({ sessions: 1 });
      expect(await client.receive()).toEqual([{ channel: '/a', data: 'again' }]);
    });

    it('J-04: a client that asks for it acknowledges what it has seen', async () => {
      await bench.start(ON);
      const client = await bench.scripts().join({ ext: { ack: true } });
      await client.subscribe('/a');
      await bench.app.service.broadcast('/a', 1);
      const { ext } = await client.connect({ ext: { ack: 1 } });
      expect(ext).toEqual({ ack: 2 });
      await client.connect({ ext: { ack: 1 }, advice: { timeout: 0 } });
      expect(client.pushed()).toEqual([
        { channel: '/a', data: 1 },
        { channel: '/a', data: 1 },
      ]);
    });

    it('J-04: a session may go on over another transport, and come back', async () => {
      const client = await join(bench);
      await client.subscribe('/a');
      const socket = bench.socket();
      socket.clientId = client.clientId;
      await bench.hold(socket);
      await bench.app.service.broadcast('/a', 1);
      expect(await socket.receive()).toEqual([{ channel: '/a', data: 1 }]);
      await client.sync();
      const held = await bench.hold(client);
      await bench.app.service.broadcast('/a', 2);
      await held.reply;
      expect(client.pushed()).toEqual([{ channel: '/a', data: 2 }]);
    });

    it('a server that is full or going away answers with an empty 503', async () => {
      await bench.start({ ...ON, limits: { sessions: 1 } });
      const client = await bench.scripts().join();
      const { status, headers, text } = await bench.scripts().get(queryOf([HANDSHAKE])).answer;
      expect({ status, text, retry: headers['retry-after'] }).toEqual({ status: 503, text: '', retry: '5' });
      const held = await bench.hold(client);
      bench.app.server.drain();
      expect(await held.reply).toMatchObject({ successful: true, advice: { reconnect: 'retry' } });
      expect(await statusOf(bench.scripts().get(queryOf([HANDSHAKE])))).toBe(503);
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
