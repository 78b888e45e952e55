import type { Random } from '../../../test/bayeux/support/random.js';
import { Opcode } from '../../../test/support/raw-websocket.js';
import type { Wire } from './wire.js';
import { badToken, hostileMessages, request, type Shape } from './http.shapes.js';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const HANDSHAKE = '[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["websocket"]}]';

type Headers = Readonly<Record<string, string | number | undefined>>;

/** An upgrade that is good but for what is given. */
function upgrade(headers: Headers = {}, line = 'GET /cometd HTTP/1.1', body = ''): string {
  const good = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': 13,
    'Sec-WebSocket-Key': KEY,
  };
  return request(line, { ...good, ...headers }, body);
}

/** Handshakes over a WebSocket; the client id of its session, once it has come. */
async function* session(wire: Wire, token: string | undefined): AsyncGenerator<string | Buffer, string> {
  yield upgrade();
  const ext = token === undefined ? '' : `"ext":{"auth":{"token":"${token}"}},`;
  yield frame(Opcode.text, HANDSHAKE.replace('"version"', `${ext}"version"`));
  return (await wire.until(/"clientId":"([^"]+)"/))?.[1] ?? '';
}

/** A frame as clients send it: masked, with zeros unless told otherwise. */
function frame(opcode: number, payload: string | Buffer = '', first = 0x80, mask = 0x80): Buffer {
  const body = Buffer.from(payload);
  const length =
    body.length < 126
      ? [mask | body.length]
      : body.length < 65_536
        ? [mask | 126, body.length >> 8, body.length & 0xff]
        : [mask | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (body.length >> shift) & 0xff)];
  return Buffer.concat([Buffer.from([first | opcode, ...length, ...(mask ? [0, 0, 0, 0] : [])]), body]);
}

/** As many frames as go into 64 KB. */
const plenty = (of: Buffer): Buffer => Buffer.concat(Array<Buffer>(Math.floor(65_536 / of.length)).fill(of));

/** The same again and again, on a socket without a session. */
const flood = (pick: (random: Random) => Buffer): Shape =>
  function* (random) {
    yield upgrade();
    const chunk = pick(random);
    for (let count = 0; count < 32; count++) yield chunk;
  };

/** Those that need a session. */
export const SESSION_SHAPES: readonly string[] = ['deaf subscriber', 'loud session', 'greedy session'];

/** Upgrades of every kind, and what is sent over WebSockets. */
export const UPGRADE_SHAPES: Readonly<Record<string, Shape>> = {
  /** Something else than WebSocket, anywhere: what asks for it is an ordinary request. */
  *'other upgrade'(random) {
    const names = ['x', 'h2c', 'TLS/1.0', 'websocket, h2c', 'h2c, websocket', 'WebSocket', 'websocket', ''];
    const body = 'x'.repeat(random.below(100));
    yield upgrade(
      {
        Upgrade: random.pick(names),
        Connection: random.pick(['Upgrade', 'keep-alive, Upgrade', 'Upgrade, HTTP2-Settings', 'close']),
        'HTTP2-Settings': random.pick([undefined, 'AAMAAABkAAQCAAAAAAIAAAAA']),
        'Content-Length': body.length,
      },
      `${random.pick(['GET', 'POST', 'OPTIONS'])} ${random.pick(['/x', '/', '/cometd', '/nothing'])} HTTP/1.${random.below(2)}`,
      body,
    );
    yield random.pick(['', 'y', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n']);
  },
  /** Something else, and nothing more: how it ends is what counts. */
  *'unknown upgrade'() {
    yield request('GET /x HTTP/1.1', { Connection: 'Upgrade', Upgrade: 'x' });
  },
  /** One that is refused, and then a byte that nobody reads. */
  *'refused upgrade'(random) {
    yield upgrade({
      Origin: random.pick([undefined, 'http://evil.example', 'null']),
      Authorization: random.pick([undefined, `Bearer ${badToken(random)}`]),
      'Sec-WebSocket-Version': random.pick([13, 12, 'x', undefined]),
      'Sec-WebSocket-Key': random.pick([KEY, 'x', undefined]),
      'Sec-WebSocket-Extensions': random.pick([undefined, 'permessage-deflate; x=y', ',,']),
      'Sec-WebSocket-Protocol': random.pick([undefined, 'a, a', '"']),
      'Content-Length': random.pick([undefined, 5]),
    });
    yield 'x';
  },
  /** WebSockets that never say anything. */
  *'silent socket'() {
    yield upgrade();
  },
  *'socket messages'(random) {
    yield upgrade();
    for (let count = 1 + random.below(10); count > 0; count--)
      yield frame(Opcode.text, hostileMessages(random));
  },
  'handshake flood': flood(() => plenty(frame(Opcode.text, HANDSHAKE))),
  'number flood': flood(() => plenty(frame(Opcode.text, '[0]'))),
  'empty flood': flood((random) => plenty(frame(random.pick([Opcode.text, 0x2, Opcode.pong])))),
  'ping flood': flood(() => plenty(frame(Opcode.ping, 'x'.repeat(100)))),
  /** One message in fragments that has no end. */
  *'fragment flood'(random) {
    yield Buffer.concat([Buffer.from(upgrade()), frame(Opcode.text, '[', 0)]);
    const part = plenty(frame(Opcode.continuation, random.pick(['', '[', ' ']), 0));
    for (let count = 0; count < 32; count++) yield part;
  },
  *'bad frames'(random) {
    yield upgrade();
    yield random.pick([
      (): Buffer => frame(Opcode.text, HANDSHAKE, 0x80, 0),
      () => frame(random.pick([0x3, 0xb, 0xf]), 'x'),
      () => frame(Opcode.text, 'x', 0xf0),
      () => frame(Opcode.close, Buffer.from([3, 237, 0xff])),
      () => frame(Opcode.close, 'x'.repeat(200)),
      () => frame(Opcode.text, Buffer.from([0xff, 0xfe])),
      () => Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1]),
      () => frame(Opcode.text, 'x'.repeat(200_000)),
    ])();
  },
  /** A session that has much sent to it and reads nothing. */
  async *'deaf subscriber'(random, wire, token) {
    const clientId = yield* session(wire, token);
    wire.stopReading();
    const publish = JSON.stringify({
      channel: random.pick(['/service/echo', '/a']),
      clientId,
      data: 'x'.repeat(10_000),
    });
    yield frame(Opcode.text, `[{"channel":"/meta/subscribe","clientId":"${clientId}","subscription":"/**"}]`);
    yield frame(
      Opcode.text,
      `[{"channel":"/meta/connect","clientId":"${clientId}","connectionType":"websocket"}]`,
    );
    for (let count = 0; count < 100; count++) yield frame(Opcode.text, `[${publish},${publish}]`);
  },
  /** A session that says too much. */
  async *'loud session'(random, wire, token) {
    const clientId = yield* session(wire, token);
    const channel = random.pick(['/service/echo', `/a/${'b/'.repeat(10)}c`]);
    const message = `{"channel":"${channel}","clientId":"${clientId}","data":1}`;
    const batch = frame(Opcode.text, `[${Array<string>(500).fill(message).join(',')}]`);
    for (let count = 0; count < 30; count++) yield batch;
  },
  /** A session that subscribes to as much as it may, and more. */
  async *'greedy session'(random, wire, token) {
    const clientId = yield* session(wire, token);
    for (let count = 0; count < 20; count++) {
      const names = Array.from(
        { length: 60 },
        () => `"/a/${random.below(1e9)}/${random.pick(['*', '**', 'b'])}"`,
      );
      const subscribe = `{"channel":"/meta/subscribe","clientId":"${clientId}","subscription":[${names.join(',')}]}`;
      yield frame(Opcode.text, `[${Array<string>(20).fill(subscribe).join(',')}]`);
    }
  },
};
