import type { CometModuleOptions } from '../../src/index.js';
import { type Bench, onHttp2Servers, onServer } from '../support/bench.js';
import { ask, type HttpExchange } from '../support/http.js';
import { RawHttp2 } from '../support/raw-http2.js';
import { RawSocket } from '../support/raw-socket.js';
import { until, within } from '../support/until.js';

const HANDSHAKE = JSON.stringify([{ channel: '/meta/handshake', version: '1.0', id: '1' }]);
const JSON_TYPE = { 'content-type': 'application/json' };
const CHUNKED =
  'POST /cometd HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A body that has begun and does not end. */
function begin(bench: Bench, headers: Record<string, string> = {}, part = '['): HttpExchange {
  const exchange = ask(bench.app.url, { headers: { ...JSON_TYPE, ...headers } });
  exchange.write(part);
  return exchange;
}

async function handshake(bench: Bench, headers: Record<string, string> = {}): Promise<number> {
  const { status } = await ask(bench.app.url, { headers: { ...JSON_TYPE, ...headers }, body: HANDSHAKE })
    .answer;
  return status;
}

const counted = async (bench: Bench, bodies: number, more: () => void): Promise<void> => {
  const before = reading(bench);
  more();
  await until('bodies to be read', () => reading(bench) === before + bodies);
};

/** Bytes that are counted, of bodies of one byte. */
const reading = (bench: Bench): number => Math.floor(bench.app.bodyBytes / 4_096);

describe('bodies of requests', () => {
  onServer((bench) => {
    it('[W4] T59: one that does not end in its time is given up', async () => {
      await bench.start();
      const exchange = begin(bench);
      await until('the body to be read', () => bench.clock.armed > 0);
      bench.clock.advance(9_999);
      expect(await handshake(bench)).toBe(200);
      bench.clock.advance(1);
      const { status, text, headers } = await exchange.answer;
      expect({ status, text, connection: headers.connection }).toEqual({
        status: 408,
        text: '',
        connection: 'close',
      });
      exchange.abort();
    });

    it('[W4] T59: one that trickles in time is read', async () => {
      await bench.start({ limits: { bodyTimeout: 500 } });
      const exchange = begin(bench, {}, HANDSHAKE.slice(0, 5));
      await until('the body to be read', () => bench.clock.armed > 0);
      bench.clock.advance(499);
      exchange.write(HANDSHAKE.slice(5));
      exchange.end();
      expect((await exchange.answer).status).toBe(200);
    });

    const SMALL: Partial<CometModuleOptions> = {
      trustProxy: ['127.0.0.1'],
      limits: { messageBytes: 1_024, bodyBytesPerAddress: 15_000, bodyBytes: 27_000 },
    };

    it('[W4] T59: bodies of one address find so much room, and those in one piece need none', async () => {
      await bench.start(SMALL);
      const mine = { 'x-forwarded-for': '192.0.2.1' };
      const held: HttpExchange[] = [];
      await counted(bench, 3, () => {
        for (let times = 0; times < 3; times++) held.push(begin(bench, mine));
      });
      const { status, headers } = await begin(bench, mine).answer;
      expect({ status, retry: headers['retry-after'], connection: headers.connection }).toEqual({
        status: 429,
        retry: '5',
        connection: 'close',
      });
      expect(await handshake(bench, mine)).toBe(200);
      const other = begin(bench, { 'x-forwarded-for': '192.0.2.2' }, HANDSHAKE);
      other.end();
      expect((await other.answer).status).toBe(200);
      // What ends gives its room back, however it ends.
      held[0]?.abort();
      held[1]?.end();
      expect((await held[1]?.answer)?.status).toBe(400);
      await until('room', () => reading(bench) === 1);
      await counted(bench, 2, () => held.push(begin(bench, mine), begin(bench, mine)));
      for (const exchange of held) exchange.abort();
      await until('all room', () => bench.app.bodyBytes === 0);
    });

    it('[W4] T59: those of an IPv6 network count together', async () => {
      await bench.start(SMALL);
      await counted(bench, 3, () => {
        for (const host of [1, 2, 3]) begin(bench, { 'x-forwarded-for': `2001:db8::${host}` });
      });
      expect((await begin(bench, { 'x-forwarded-for': '2001:db8::4' }).answer).status).toBe(429);
    });

    it('[W4] T59: all together find so much room', async () => {
      await bench.start(SMALL);
      await counted(bench, 6, () => {
        for (let host = 1; host <= 6; host++) begin(bench, { 'x-forwarded-for': `192.0.2.${host}` });
      });
      const { status, headers } = await begin(bench, { 'x-forwarded-for': '192.0.2.9' }).answer;
      expect({ status, retry: headers['retry-after'] }).toEqual({ status: 503, retry: '5' });
      expect(await handshake(bench, { 'x-forwarded-for': '192.0.2.9' })).toBe(200);
    });

    it('[W4] T59: requests that bring nothing of their bodies count, too', async () => {
      await bench.start(SMALL);
      const sockets = await Promise.all(Array.from({ length: 4 }, () => RawSocket.open(bench.app.url)));
      for (const socket of sockets) socket.write(CHUNKED);
      await until('one to be refused', () => sockets.some(({ text }) => text.startsWith('HTTP/1.1 429')));
      expect(sockets.filter(({ text }) => text !== '')).toHaveLength(1);
      for (const socket of sockets) socket.destroy();
    });

    it('[W4] T59: a first piece that comes after its head is counted as all others are', async () => {
      await bench.start({ limits: { messageBytes: 1_024, bodyBytesPerAddress: 10_000 } });
      const sockets = await Promise.all([1, 2].map(() => RawSocket.open(bench.app.url)));
      await counted(bench, 2, () => {
        for (const socket of sockets) socket.write(CHUNKED);
      });
      const before = bench.app.bodyBytes;
      sockets[0]?.write(`3e8\r\n${' '.repeat(1_000)}\r\n`);
      await until('the piece', () => bench.app.bodyBytes >= before + 1_000);
      sockets[1]?.write(`3e8\r\n${' '.repeat(1_000)}\r\n`);
      await until('a refusal', () => sockets[1]?.text.startsWith('HTTP/1.1 429') === true);
      for (const socket of sockets) socket.destroy();
    });

    it('[W4] T59: a body in pieces of one byte costs what its bytes weigh', async () => {
      await bench.start();
      const socket = await RawSocket.open(bench.app.url);
      socket.write(CHUNKED + '1\r\n \r\n'.repeat(30_000));
      await until('the pieces', () => bench.app.bodyBytes >= 30_000);
      expect(bench.app.bodyBytes).toBeLessThanOrEqual(65_536 + 4_096);
      socket.write(`${'1\r\n \r\n'.repeat(1_000)}2\r\n[]\r\n0\r\n\r\n`);
      await until('an answer', () => socket.text.startsWith('HTTP/1.1 400'));
      expect(bench.app.bodyBytes).toBe(0);
      socket.destroy();
    });

    const REFUSED: readonly (readonly [what: string, head: string, status: number])[] = [
      ['of a foreign origin', 'POST /cometd HTTP/1.1\r\nOrigin: https://evil.example', 403],
      ['of another method', 'PUT /cometd HTTP/1.1', 405],
      ['of another type', 'POST /cometd HTTP/1.1\r\nContent-Type: text/plain', 415],
      [
        'of another coding',
        'POST /cometd HTTP/1.1\r\nContent-Type: application/json\r\nContent-Encoding: br',
        415,
      ],
      ['that tells what it may do', 'OPTIONS /cometd HTTP/1.1', 200],
      ['for the metadata', 'POST /.well-known/oauth-protected-resource/cometd HTTP/1.1', 405],
      ['for the metadata, which it gets', 'GET /.well-known/oauth-protected-resource/cometd HTTP/1.1', 200],
      ['for logouts, that is no form', 'POST /cometd/backchannel-logout HTTP/1.1', 400],
      [
        'for logouts, in another coding',
        'POST /cometd/backchannel-logout HTTP/1.1\r\nContent-Encoding: gzip',
        415,
      ],
      ['for logouts, that is no POST', 'PUT /cometd/backchannel-logout HTTP/1.1', 405],
    ];
    const OFFERING: Partial<CometModuleOptions> = {
      auth: {
        issuer: 'https://issuer.example',
        resource: 'https://push.example.com/cometd',
        backchannelLogout: { clientIds: ['portal'] },
      },
    };

    it('[W4] T59: a client that goes on sending after its answer is let go', async () => {
      await bench.start(OFFERING);
      for (const [what, head, code] of REFUSED) {
        const socket = await RawSocket.open(bench.app.url);
        socket.write(`${head}\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n`);
        socket.write('5\r\nhello\r\n');
        // It is answered at once, and the server sends nothing more.
        const text = await within(`an answer to a request ${what}`, socket.readToEnd());
        const [status = ''] = text.split('\r\n', 1);
        expect(`${what}: ${status}`).toContain(`${what}: HTTP/1.1 ${code} `);
        expect(text).toContain('\r\nConnection: close\r\n');
        await until('the rest to be read', () => bench.app.bodyBytes > 0);
        bench.clock.advance(2_000);
        expect(bench.app.bodyBytes).toBe(0);
        await until('the connection to end', () => bench.app.connections === 0);
        socket.destroy();
      }
    });

    it('[W4] T59: so is one that sends too much in that time', async () => {
      await bench.start();
      const socket = await RawSocket.open(bench.app.url);
      socket.write('PUT /cometd HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n');
      const flood = setInterval(() => socket.write('x'.repeat(65_536)), 1);
      await until('the connection to end', () => bench.app.connections === 0);
      clearInterval(flood);
      socket.destroy();
      expect(bench.app.bodyBytes).toBe(0);
    });

    it('[W4] T59: an answer with a small body that comes after it keeps its order', async () => {
      await bench.start();
      const socket = await RawSocket.open(bench.app.url);
      socket.write('PUT /cometd HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello');
      expect(await within('the end', socket.readToEnd())).toMatch(/^HTTP\/1\.1 405 /);
      await until('all to be read', () => bench.app.bodyBytes === 0);
      socket.destroy();
    });

    it('[W4] a room that a single body does not find is refused at the start', async () => {
      const limits = { messageBytes: 100_000, bodyBytesPerAddress: 100_000 };
      await expect(bench.start({ limits })).rejects.toThrow('write 104096 or more');
    });

    it('[W4] T59: closing the application ends what is still being read', async () => {
      await bench.start();
      const exchange = begin(bench);
      await until('the body to be read', () => bench.app.bodyBytes > 0);
      await within('the application to close', bench.app.close());
      expect(bench.app.service.counts.deadlines).toBe(0);
      exchange.abort();
    });
  });

  onHttp2Servers((bench) => {
    it('[W4] T59: one connection has no more room than its address', async () => {
      await bench.start({ limits: { bodyBytesPerAddress: 80_000 } });
      const raw = await RawHttp2.open(bench.app.url);
      for (let times = 0; times < 1_000; times++)
        raw.begin('/cometd', [['content-type', 'application/json']]);
      await until('so many to be read', () => bench.app.bodyBytes > 70_000);
      expect(await handshake(bench)).toBe(200);
      expect(bench.app.bodyBytes).toBeLessThanOrEqual(80_000);
      raw.destroy();
      await until('all to be dropped', () => bench.app.bodyBytes === 0);
    });

    it('[W4] T59: a body that does not end in its time is given up', async () => {
      await bench.start();
      const exchange = begin(bench);
      await until('the body to be read', () => bench.clock.armed > 0);
      bench.clock.advance(10_000);
      expect((await exchange.answer).status).toBe(408);
    });
  });
});
