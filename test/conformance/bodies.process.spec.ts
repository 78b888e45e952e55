import { APP_PROCESS_HOOK, AppProcess } from '../support/app-process.js';
import { ask } from '../support/http.js';
import { RawHttp2 } from '../support/raw-http2.js';
import { RawSocket } from '../support/raw-socket.js';
import { until } from '../support/until.js';

const MEGABYTE = 1_048_576;
const PIECES = '1\r\n \r\n'.repeat(40_000);
const CHUNKED =
  'POST /cometd HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';

async function handshake(origin: string): Promise<number> {
  const answer = await ask(`${origin}/cometd`, {
    headers: { 'content-type': 'application/json' },
    body: '[{"channel":"/meta/handshake","version":"1.0"}]',
  }).answer;
  return answer.status;
}

describe('a process with little memory', () => {
  let process: AppProcess | undefined;
  const sockets: { destroy(): void }[] = [];
  beforeAll(async () => {
    process = await AppProcess.start({
      http: ['express', 'fastify-h2c'],
      node: ['--max-old-space-size=96'],
    });
  }, APP_PROCESS_HOOK);
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterAll(() => process?.stop());

  it('[W4] T59: outlives bodies in pieces of one byte', async () => {
    const { origins } = process as AppProcess;
    const url = origins['express'] ?? '';
    const attackers = await Promise.all(Array.from({ length: 40 }, () => RawSocket.open(url)));
    sockets.push(...attackers);
    for (const socket of attackers) socket.write(CHUNKED + PIECES);
    // None is at its end before all are in its middle.
    for (const socket of attackers) socket.write(`${PIECES.slice(0, 60_000)}2\r\n[]\r\n0\r\n\r\n`);
    await until(
      'all to be answered',
      () => attackers.every(({ text }) => text.startsWith('HTTP/1.1 4')),
      45_000,
    );
    expect(await handshake(url)).toBe(200);
    expect((await process?.state())?.heap).toBeLessThan(80 * MEGABYTE);
  });

  it('[W3] T58: outlives what is wrong over HTTP/2', async () => {
    const { origins } = process as AppProcess;
    const url = `${origins['fastify-h2c'] ?? ''}/cometd`;
    for (let times = 0; times < 20; times++) {
      const raw = await RawHttp2.open(url);
      sockets.push(raw);
      const type = ['content-type', 'application/json'] as const;
      const streams = Array.from({ length: 50 }, (_, number) =>
        raw.begin('/cometd', [type, ['authorization', `Bearer ${number}`], ['content-length', '1000000']]),
      );
      for (const stream of streams) raw.data(stream, '[');
      for (const stream of streams.slice(25)) raw.reset(stream, 8);
      raw.goAway();
      if (times % 2 === 0) raw.destroy();
    }
    await process?.until('the streams to be gone', ({ counts }) => counts[1]?.deadlines === 0);
    const fresh = await RawHttp2.open(url);
    sockets.push(fresh);
    const stream = fresh.begin('/cometd', [['content-type', 'application/json']]);
    fresh.data(stream, '[{"channel":"/meta/handshake","version":"1.0"}]', true);
    await until('a handshake', () => fresh.text.includes('"clientId"'));
    expect(process?.alive).toBe(true);
  });
});
