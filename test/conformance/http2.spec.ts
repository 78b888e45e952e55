import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { request } from 'node:https';
import type { CometModuleOptions } from '../../src/index.js';
import { type Bench, onEveryServer, onHttp2Servers, withIssuer } from '../support/bench.js';
import { ask } from '../support/http.js';
import { bearer, presenting } from '../support/identity.js';
import type { PollingClient } from '../support/polling.client.js';
import { RawHttp2 } from '../support/raw-http2.js';
import { until, within } from '../support/until.js';

const HANDSHAKE = JSON.stringify([{ channel: '/meta/handshake', version: '1.0', id: '1' }]);
const JSON_TYPE = { 'content-type': 'application/json' };
const AT_ONCE = { advice: { timeout: 0 } };

/** A connection of Node's client, of which a test sees the streams. */
class Http2Connection {
  readonly session: ClientHttp2Session;
  readonly #path: string;

  constructor(url: string, settings: { initialWindowSize?: number } = {}) {
    const { origin, pathname } = new URL(url);
    this.#path = pathname;
    this.session = connect(origin, { rejectUnauthorized: false, settings });
    this.session.on('error', () => undefined);
  }

  post(fields: Record<string, string | string[]> = {}): ClientHttp2Stream {
    const stream = this.session.request(
      { ':method': 'POST', ':path': this.#path, ...JSON_TYPE, ...fields },
      { endStream: false },
    );
    stream.on('error', () => undefined);
    return stream;
  }

  close(): void {
    this.session.destroy();
  }
}

function goAway(client: RawHttp2): void {
  client.goAway();
  client.destroy();
}

/** The status of a response, and whether it came to its end. */
async function answerOf(
  stream: ClientHttp2Stream,
): Promise<{ status: number; text: string; whole: boolean }> {
  let status = 0;
  let text = '';
  let whole = false;
  stream.on('response', (headers) => (status = headers[':status'] ?? 0));
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  stream.on('end', () => (whole = true));
  await within('a stream to close', new Promise((resolve) => stream.once('close', resolve)));
  return { status, text, whole };
}

describe('HTTP/2', () => {
  const issuer = withIssuer();
  let raw: Http2Connection | undefined;
  let frames: RawHttp2 | undefined;
  afterEach(() => {
    raw?.close();
    frames?.destroy();
  });

  const start = async (bench: Bench, options: Partial<CometModuleOptions> = {}): Promise<Http2Connection> => {
    await bench.start(options);
    return (raw = new Http2Connection(bench.app.url));
  };
  const alive = async (bench: Bench): Promise<void> => {
    expect((await bench.polling().post(HANDSHAKE).answer).status).toBe(200);
  };

  onHttp2Servers((bench) => {
    it('[W3] T58: a token in the header of a request is read', async () => {
      await bench.startSecured({ rules: [{ channel: '/news', subscribe: true }] });
      const client = bench.polling(bearer(await bench.token('alice')));
      await client.join();
      expect(await client.subscribe('/news')).toMatchObject({ successful: true });
      expect(await bench.polling(bearer('no-token')).handshake()).toMatchObject({
        error: '401::invalid_token',
      });
      await bench.polling().handshake();
    });

    it('[W3] T58: two tokens in headers of one request are refused, though HTTP/2 shows one', async () => {
      await bench.startSecured();
      frames = await RawHttp2.open(bench.app.url);
      const { authorization } = bearer(await bench.token('alice'));
      const stream = frames.begin('/cometd', [
        ['content-type', 'application/json'],
        ['authorization', authorization],
        ['authorization', 'Bearer other'],
      ]);
      frames.data(stream, HANDSHAKE, true);
      await until('a reply', () => frames?.text.includes('multiple_credentials') === true);
      expect(bench.app.service.counts.sessions).toBe(0);
    });

    it('[W3] T58: the authority of a request tells which origin is its own', async () => {
      await bench.start();
      const { origin, host } = new URL(bench.app.url);
      expect((await bench.polling().post(HANDSHAKE, { origin }).answer).status).toBe(200);
      const forged = { ':authority': host, origin: 'https://evil.example', host: 'evil.example' };
      expect((await bench.polling().post(HANDSHAKE, forged).answer).status).toBe(403);
      const same = { ':authority': host, origin, host: 'evil.example' };
      expect((await bench.polling().post(HANDSHAKE, same).answer).status).toBe(200);
    });

    it('[W3] T58: cookies that come in several fields are read', async () => {
      await bench.startSecured({ rules: [{ channel: '/news', subscribe: true }] });
      const client = bench.polling();
      await client.handshake(presenting(await bench.token('alice')));
      const cookie = client.cookie ?? '';
      client.cookie = 'a=b; c=d';
      expect(await client.subscribe('/news')).toMatchObject({ error: '402::session_unknown' });
      client.cookie = `a=b; ${cookie}; c=d`;
      expect(await client.subscribe('/news')).toMatchObject({ successful: true });
    });

    it('[W3] T58: several tabs are held, as they share one connection', async () => {
      await bench.start();
      const first = await bench.polling().join();
      const second = bench.polling();
      second.cookie = first.cookie;
      await second.join();
      const held = [await bench.hold(first), await bench.hold(second)];
      await bench.app.service.broadcast('/a', 1);
      expect(held.map(({ answered }) => answered)).toEqual([false, false]);
      bench.clock.advance(30_000);
      for (const { reply } of held) expect(await reply).toMatchObject({ successful: true });
    });

    it.each([
      ['its stream is cancelled', (client: RawHttp2, stream: number) => client.reset(stream, 8)],
      ['its stream is reset without an error', (client: RawHttp2, stream: number) => client.reset(stream, 0)],
      ['its connection goes away', goAway],
      ['its connection breaks', (client: RawHttp2) => client.destroy()],
    ])('[W3] T58: a body is not obeyed if %s, however complete it looks', async (_, cut) => {
      await bench.start();
      frames = await RawHttp2.open(bench.app.url);
      const stream = frames.begin('/cometd', [['content-type', 'application/json']]);
      frames.data(stream, HANDSHAKE);
      await until('the body to wait', () => bench.app.service.counts.deadlines === 1);
      cut(frames, stream);
      await until('the body to be dropped', () => bench.app.service.counts.deadlines === 0);
      await alive(bench);
      expect(bench.app.service.counts.sessions).toBe(1);
    });

    it.each([
      ['its stream is reset', (client: RawHttp2, stream: number) => client.reset(stream, 8)],
      ['its connection goes away', goAway],
      ['its connection breaks', (client: RawHttp2) => client.destroy()],
    ])('[W3] T58: a held connect is dropped when %s, and its messages come with the next', async (_, cut) => {
      await bench.start();
      const client = await bench.polling().join();
      await client.subscribe('/a');
      frames = await RawHttp2.open(bench.app.url);
      const before = bench.clock.armed;
      const stream = frames.begin('/cometd', [
        ['content-type', 'application/json'],
        ['cookie', client.cookie ?? ''],
      ]);
      frames.data(stream, JSON.stringify([{ channel: '/meta/connect', clientId: client.clientId }]), true);
      await until('the connect to be held', () => bench.clock.armed > before);
      cut(frames, stream);
      await until('the connect to be dropped', () => bench.clock.armed === before);
      await bench.app.service.broadcast('/a', 'once');
      await client.connect(AT_ONCE);
      expect(client.pushed()).toEqual([{ channel: '/a', data: 'once' }]);
    });

    it('[W3] T58: what a client had no window for is not lost with its connection', async () => {
      await bench.start();
      const client = await bench.polling().join();
      await client.subscribe('/a');
      raw = new Http2Connection(bench.app.url, { initialWindowSize: 16 });
      const stream = raw.post({ cookie: client.cookie ?? '' });
      const before = bench.clock.armed;
      stream.end(JSON.stringify([{ channel: '/meta/connect', clientId: client.clientId }]));
      await until('the connect to be held', () => bench.clock.armed > before);
      stream.pause();
      const headed = new Promise((resolve) => stream.once('response', resolve));
      await bench.app.service.broadcast('/a', 'x'.repeat(1_000));
      await within('the response to begin', headed);
      raw.close();
      await until(
        'the message to come back',
        () => bench.app.server.sessions.find(client.clientId) !== undefined,
      );
      const received = async (): Promise<number> => {
        await client.connect(AT_ONCE);
        return client.pushed().length;
      };
      expect(await received()).toBe(1);
      expect(await received()).toBe(0);
    });

    it('[W3] T58: a refusal comes whole, and ends a body that goes on', async () => {
      await start(bench);
      const { session } = raw as Http2Connection;
      const big = (raw as Http2Connection).post({ 'content-length': '1000000' });
      big.write('x'.repeat(10_000));
      expect(await answerOf(big)).toEqual({ status: 413, text: '', whole: true });
      const plain = (raw as Http2Connection).post({ 'content-type': 'text/plain' });
      plain.write('x');
      expect(await answerOf(plain)).toEqual({ status: 415, text: '', whole: true });
      const endless = (raw as Http2Connection).post();
      const answered = answerOf(endless);
      endless.write('x'.repeat(70_000));
      expect(await answered).toEqual({ status: 413, text: '', whole: true });
      expect(session.destroyed).toBe(false);
      await alive(bench);
    });

    it('[W3] T58: streams that are opened and reset at once leave nothing', async () => {
      await bench.start();
      frames = await RawHttp2.open(bench.app.url);
      for (let times = 0; times < 200; times++) {
        const stream = frames.begin('/cometd', [['content-type', 'application/json']]);
        frames.data(stream, HANDSHAKE);
        frames.reset(stream, 8);
      }
      await alive(bench);
      await until('all to be dropped', () => bench.app.service.counts.deadlines === 1);
      expect(bench.app.service.counts.sessions).toBe(1);
    });

    it('[W3] T58: a path that is not ASCII is refused, as in HTTP/1.1', async () => {
      await bench.start({ transports: ['long-polling', 'callback-polling'] });
      const message = encodeURIComponent(HANDSHAKE);
      const plain = ask(`${bench.app.url}?jsonp=f&message=${message}`, { method: 'GET', body: '' });
      expect((await plain.answer).status).toBe(200);
      raw = new Http2Connection(bench.app.url);
      const stream = raw.post({ ':method': 'GET', ':path': `/cometd?jsonp=f&x=é&message=${message}` });
      stream.end();
      expect(await answerOf(stream)).toMatchObject({ status: 400 });
      expect(bench.app.service.counts.sessions).toBe(1);
    });

    it('[W3] T58: fields of HTTP/1.1 connections are in no response', async () => {
      const warnings: string[] = [];
      const note = (warning: Error): unknown => warnings.push(warning.name);
      process.on('warning', note);
      await start(bench);
      const stream = (raw as Http2Connection).post({ 'content-length': '1000000' });
      stream.write('x');
      await answerOf(stream);
      const method = 'OPTIONS';
      const { headers } = await ask(bench.app.url, { method, body: '' }).answer;
      expect(headers).not.toHaveProperty('connection');
      await alive(bench);
      process.off('warning', note);
      expect(warnings).toEqual([]);
    });

    it('[W3] T58: closing the application answers held streams, and ends their connections', async () => {
      await bench.start();
      const client = await bench.polling().join();
      const held = await bench.hold(client);
      raw = new Http2Connection(bench.app.url);
      const stream = raw.post();
      stream.write('[');
      const answered = answerOf(stream);
      await alive(bench);
      await within('the application to close', bench.app.close());
      expect(await held.reply).toMatchObject({ successful: true, advice: { reconnect: 'retry' } });
      await answered;
      expect(bench.app.service.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0, sockets: 0 });
    });
  }, issuer);

  onEveryServer(
    (bench) => {
      it('[W3] clients of HTTP/1.1 are served on the port of HTTP/2, also over WebSocket', async () => {
        await bench.startSecured({ rules: [{ channel: '/news', subscribe: true, publish: true }] });
        const { origin } = new URL(bench.app.url);
        const socket = bench.socket({ ...bearer(await bench.token('alice')), origin });
        await socket.join();
        await socket.subscribe('/news');
        const headers = { ...JSON_TYPE, origin };
        const old = request(bench.app.url, { method: 'POST', headers, rejectUnauthorized: false });
        old.end('[]');
        const [answer] = (await once(old, 'response')) as [IncomingMessage];
        expect({ version: answer.httpVersion, status: answer.statusCode }).toEqual({
          version: '1.1',
          status: 400,
        });
        answer.destroy();
        const polling: PollingClient = bench.polling(bearer(await bench.token('bob')));
        await polling.join();
        await polling.publish('/news', 1);
        expect(await socket.receive()).toEqual([{ channel: '/news', data: 1 }]);
      });
    },
    issuer,
    ['fastify-h2'],
  );
});
