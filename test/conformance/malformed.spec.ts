import { onServer } from '../support/bench.js';
import { ask } from '../support/http.js';
import { RawSocket } from '../support/raw-socket.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import type { Bench } from '../support/bench.js';

const MEBIBYTE = 1_048_576;
const publish = (clientId: string, data: string): string =>
  `[{"channel":"/a","clientId":"${clientId}","id":"1","data":${data}}]`;
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

interface Case {
  readonly what: string;
  readonly body: string | Buffer;
  readonly status: number;
  readonly code: number;
}

const CASES: readonly Case[] = [
  { what: 'nothing', body: '', status: 400, code: 1007 },
  { what: 'half an array', body: '[', status: 400, code: 1007 },
  { what: 'no JSON', body: 'hello', status: 400, code: 1007 },
  { what: 'JSON with something behind it', body: '[{}] x', status: 400, code: 1007 },
  { what: 'a number', body: '5', status: 400, code: 1007 },
  { what: 'null', body: 'null', status: 400, code: 1007 },
  { what: 'a text', body: '"[{}]"', status: 400, code: 1007 },
  { what: 'wrong UTF-8', body: Buffer.from([0x5b, 0x22, 0xc3, 0x28, 0x22, 0x5d]), status: 400, code: 1007 },
  {
    what: 'half a UTF-8 character',
    body: Buffer.from([0x5b, 0x22, 0xe2, 0x82, 0x22, 0x5d]),
    status: 400,
    code: 1007,
  },
  {
    what: 'an encoded surrogate',
    body: Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    status: 400,
    code: 1007,
  },
  { what: 'blanks', body: ' \n', status: 400, code: 1007 },
  { what: 'deep nesting', body: publish('x', nested(99)), status: 400, code: 1008 },
  { what: 'deep nesting that is not even closed', body: '['.repeat(30_000), status: 400, code: 1008 },
  {
    what: 'a message of one mebibyte',
    body: publish('x', `"${'x'.repeat(MEBIBYTE)}"`),
    status: 413,
    code: 1009,
  },
  {
    what: 'one byte too many',
    body: publish('x', `"${'x'.repeat(65_536 - 50)}"`).padEnd(65_537),
    status: 413,
    code: 1009,
  },
];

/** A session beside the one that misbehaves, which must not notice anything. */
async function undisturbed(bench: Bench, misbehave: () => Promise<void>): Promise<void> {
  const witness: BayeuxClient = await bench.client().join();
  await witness.subscribe('/witness');
  const held = await bench.hold(witness);
  await misbehave();
  expect(held.answered).toBe(false);
  expect(await bench.app.service.broadcast('/witness', 'still here')).toEqual({ sessions: 1 });
  expect(await witness.receive()).toEqual([{ channel: '/witness', data: 'still here' }]);
}

describe('malformed input', () => {
  onServer((bench) => {
    it.each(CASES)('T47: over HTTP $what is answered with $status', async ({ body, status }) => {
      await bench.start();
      await undisturbed(bench, async () => {
        const answer = await bench.polling().post(body).answer;
        expect({ status: answer.status, text: answer.text }).toEqual({ status, text: '' });
      });
    });

    it.each(CASES)('T47: over WebSocket $what closes with $code', async ({ body, code }) => {
      await bench.start();
      await undisturbed(bench, async () => {
        const client = await bench.socket().join();
        await client.sendRaw(body);
        expect((await client.end()).code).toBe(code);
        expect(client.received.filter(({ successful }) => successful !== true)).toEqual([]);
      });
    });

    it.each(['[]', ' [ ] '])('over HTTP an empty array is answered with 400: %j', async (body) => {
      await bench.start();
      const { status, text } = await bench.polling().post(body).answer;
      expect({ status, text }).toEqual({ status: 400, text: '' });
    });

    it('a binary frame closes with 1003', async () => {
      await bench.start();
      await undisturbed(bench, async () => {
        const client = bench.socket();
        await client.sendRaw(Buffer.from('[{"channel":"/meta/handshake"}]'), true);
        expect(await client.end()).toEqual({ code: 1003, reason: 'binary frame' });
      });
    });

    it('as much as is permitted is taken', async () => {
      await bench.start();
      const client = await bench.polling().join();
      const { clientId } = client;
      const many = Array.from({ length: 100 }, () => ({ channel: '/a', clientId, data: 1 }));
      expect(await client.send(many)).toHaveLength(100);
      expect(await client.exchange(publish(clientId, nested(97)))).toMatchObject([{ successful: true }]);
      const head = publish(clientId, '""').length;
      const largest = publish(clientId, `"${'x'.repeat(65_536 - head)}"`);
      expect(Buffer.byteLength(largest)).toBe(65_536);
      expect(await client.exchange(largest)).toMatchObject([{ successful: true }]);
      const socket = await bench.socket().join();
      const same = largest.replace(clientId, socket.clientId);
      expect(await socket.exchange(same)).toMatchObject([{ successful: true }]);
    });

    it('[W9] one mark of the byte order ahead of the array is ignored, whatever it comes over', async () => {
      await bench.start();
      const client = await bench.client().join();
      const text = publish(client.clientId, '1');
      expect(await client.exchange(`\uFEFF${text}`)).toMatchObject([{ successful: true }]);
      await expect(client.exchange(`\uFEFF\uFEFF${text}`)).rejects.toThrow(/HTTP 400|1007/);
    });

    it('brackets within texts are no nesting', async () => {
      await bench.start();
      const client = await bench.client().join();
      const text = JSON.stringify('[{"\\['.repeat(500));
      expect(await client.exchange(publish(client.clientId, text))).toMatchObject([{ successful: true }]);
    });

    it('a body without a length that grows too big is cut off', async () => {
      await bench.start();
      await undisturbed(bench, async () => {
        const exchange = ask(bench.app.url, { headers: { 'content-type': 'application/json' } });
        exchange.write('[');
        const chunk = ' '.repeat(16_384);
        for (let times = 0; times < 8; times++) exchange.write(chunk);
        expect((await exchange.answer).status).toBe(413);
        exchange.abort();
      });
    });

    it('a client that goes on sending after that is disconnected', async () => {
      await bench.start();
      const socket = await RawSocket.open(bench.app.url);
      socket.write(
        'POST /cometd HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n',
      );
      expect(await socket.readToEnd()).toMatch(/^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/i);
    });

    it('other messages of the same socket are not answered after a bad frame', async () => {
      await bench.start();
      const client = await bench.socket().join();
      const { clientId } = client;
      await client.sendRaw('[');
      await client.sendRaw(JSON.stringify([{ channel: '/a', clientId, data: 1, id: 'late' }]));
      await client.end();
      expect(client.received.filter(({ id }) => id === 'late')).toEqual([]);
    });
  });
});
