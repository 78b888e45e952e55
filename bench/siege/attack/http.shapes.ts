import type { Random } from '../../../test/bayeux/support/random.js';
import type { Wire } from './wire.js';

/**
 * What is sent on one connection, part after part; how it is cut and how it ends is up to others. `token` is a good one,
 * for those who have one.
 */
export type Shape = (
  random: Random,
  wire: Wire,
  token: string | undefined,
) => Iterable<string | Buffer> | AsyncIterable<string | Buffer>;

const PATHS = [
  '/cometd',
  '/',
  '/nothing',
  '/cometd/',
  '/cometd/connect',
  '/api/whoami',
  '/cometd?jsonp=x',
  '/%',
  '//',
  '*',
];
const METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'TRACE',
  'CONNECT',
  'QUERY',
  'FOO',
];
const VERSIONS = ['1.1', '1.0', '1.1', '2.0', '0.9', '9.9'];
const CODINGS = ['gzip', 'br', 'deflate', 'zstd', 'x', 'gzip, gzip', 'identity, gzip', ''];
const TYPES = [
  'application/json',
  'application/json; charset=utf-7',
  'text/plain',
  'multipart/form-data',
  '',
];
const HANDSHAKE =
  '[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]';

/** A request of its parts; a member that is `undefined` is left out. */
export function request(
  line: string,
  headers: Readonly<Record<string, string | number | undefined>>,
  body = '',
): string {
  const all: typeof headers = { Host: '127.0.0.1', ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`],
  );
  return `${line}\r\n${lines.join('')}\r\n${body}`;
}

/** A POST of messages. */
export function post(
  body: string,
  headers: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const length = Buffer.byteLength(body);
  return request(
    'POST /cometd HTTP/1.1',
    { 'Content-Type': 'application/json', 'Content-Length': length, ...headers },
    body,
  );
}

/** Something that looks like a signed token, of no issuer. */
export function badToken(random: Random): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = {
    alg: random.pick(['RS256', 'none', 'HS256', 'ES256']),
    typ: 'at+jwt',
    kid: `k${random.below(1e6)}`,
  };
  const claims = { sub: `u${random.below(1e6)}`, exp: 4e9, pad: 'x'.repeat(random.below(4_000)) };
  return random.pick([
    `${part(head)}.${part(claims)}.${part(random.next())}`,
    `t${random.below(2 ** 31)}`,
    '...',
    '',
  ]);
}

/** Messages that are refused in one way or another, or cost something. */
export function hostileMessages(random: Random): string {
  const token = badToken(random);
  const nobody = `"clientId":"${random.below(2 ** 31).toString(36)}"`;
  return random.pick([
    (): string => HANDSHAKE,
    () => `[${Array.from({ length: 30 }, () => HANDSHAKE.slice(1, -1)).join(',')}]`,
    () => `[{"channel":"/meta/handshake","version":"1.0","ext":{"auth":{"token":"${token}"}}}]`,
    () =>
      `[{"channel":"/meta/connect",${nobody},"connectionType":"long-polling","ext":{"auth":{"token":"${token}"}}}]`,
    () => `[{"channel":"/service/comet/auth",${nobody},"data":{"token":"${token}"}}]`,
    () =>
      `[${Array.from({ length: 1_000 }, () => `{"channel":"/a",${nobody}}`)
        .join(',')
        .slice(0, 60_000)}`,
    () => `[${'0,'.repeat(30_000)}0]`,
    () => `[${'{},'.repeat(20_000)}{}]`,
    () => `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
    () => `[{"channel":"/a","data":"${'x'.repeat(random.below(200_000))}"}]`,
    () => `[{"channel":"/meta/subscribe",${nobody},"subscription":[${'"/a/*",'.repeat(3_000)}"/a"]}]`,
    () => `\ufeff${HANDSHAKE}`,
    () => '[{"channel":"/meta/handshake","version":"1.0","__proto__":{"x":1},"n":1e400}]',
    () => '{',
  ])();
}

/** Requests over HTTP/1, and what is none. */
export const HTTP_SHAPES: Readonly<Record<string, Shape>> = {
  /** Any method on any path, with all that could be wrong about it. */
  *request(random) {
    for (let count = 1 + random.below(5); count > 0; count--) {
      const body = 'x'.repeat(random.below(3_000));
      yield request(
        `${random.pick(METHODS)} ${random.pick(['', 'http://h', 'http://127.0.0.1:1'])}${random.pick(PATHS)} HTTP/${random.pick(VERSIONS)}`,
        {
          Host: random.pick(['127.0.0.1', 'a, b', '', undefined, 'x'.repeat(300)]),
          Origin: random.pick([undefined, 'http://evil.example', 'null', 'x']),
          Authorization: random.pick([undefined, `Bearer ${badToken(random)}`, 'Basic x', 'Bearer']),
          Cookie: random.pick([undefined, `BAYEUX_BROWSER=${random.below(1e6)}; a=${'b'.repeat(500)}`]),
          'X-Forwarded-For': random.pick([undefined, '127.0.0.1', 'x, , 1.2.3.4:5', '[::1]:1']),
          Expect: random.pick([undefined, '100-continue', 'x']),
          'Content-Length': random.pick([
            body.length,
            body.length + 1,
            body.length - 1,
            -1,
            '1e3',
            undefined,
          ]),
        },
        body,
      );
    }
  },
  /** Messages that are refused, or taken, on a connection that is kept. */
  *messages(random) {
    for (let count = 1 + random.below(8); count > 0; count--) {
      yield post(hostileMessages(random), {
        Authorization: random.pick([undefined, `Bearer ${badToken(random)}`]),
      });
    }
  },
  /** Handshakes without a token, one after the other, as fast as they go. */
  *handshakes() {
    for (let count = 0; count < 50; count++) yield post(HANDSHAKE);
  },
  /** A body in chunks of a byte that has no end. */
  *'endless chunks'(random) {
    const path = random.pick(['/cometd', '/cometd/backchannel-logout', '/', '/nothing']);
    const headers = { 'Content-Type': random.pick(TYPES), 'Transfer-Encoding': 'chunked' };
    yield request(`POST ${path} HTTP/1.1`, headers);
    for (let chunk = 0; chunk < 200; chunk++) yield '1\r\n[\r\n'.repeat(400);
  },
  /** A body of which less comes than was said, or more. */
  *'wrong length'(random) {
    yield post(HANDSHAKE, { 'Content-Length': random.pick([HANDSHAKE.length + 1, 1, 0, 65_536, 1e15]) });
    yield 'x'.repeat(random.below(100_000));
  },
  /** A request that is refused by its head, and a body behind it all the same. */
  *'refused body'(random) {
    yield request(`${random.pick(['POST', 'PUT'])} /cometd HTTP/1.1`, {
      'Content-Type': random.pick(TYPES),
      'Content-Encoding': random.pick(CODINGS),
      Origin: random.pick([undefined, 'http://evil.example']),
      'Content-Length': 10_000_000,
    });
    for (let part = 0; part < 50; part++) yield Buffer.alloc(60_000);
  },
  /** Heads that are too large, that never end, and lines of nothing. */
  *head(random) {
    yield 'POST /cometd HTTP/1.1\r\nHost: h\r\n';
    const line = random.pick([`X: ${'y'.repeat(2_000)}\r\n`, 'Cookie: a=b\r\n', 'x\r\n', ' folded\r\n']);
    for (let count = random.below(200); count > 0; count--) yield line;
    yield random.pick(['', '\r\n']);
  },
  *preflight(random) {
    yield request('OPTIONS /cometd HTTP/1.1', {
      Origin: random.pick(['http://evil.example', 'null', 'http://127.0.0.1']),
      'Access-Control-Request-Method': random.pick(['POST', 'x'.repeat(1_000)]),
      'Access-Control-Request-Headers': random.pick(['traceparent,baggage', 'a,'.repeat(3_000), '\u00e4']),
    });
  },
  /** Logout tokens of nobody. */
  *logout(random) {
    for (let count = 0; count < 20; count++) {
      const body = `logout_token=${badToken(random)}`;
      yield request(
        'POST /cometd/backchannel-logout HTTP/1.1',
        {
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': body.length,
        },
        body,
      );
    }
  },
  /** Logins that are begun and not gone through with. */
  *login() {
    for (let count = 0; count < 20; count++) yield request('GET /auth/login HTTP/1.1', {});
  },
  *noise(random) {
    yield random.pick([
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00',
      '',
      '\r\n'.repeat(1_000),
      'GET /\r\n',
    ]);
    yield Buffer.from(Array.from({ length: random.below(2_000) }, () => random.below(256)));
  },
  *silence() {
    yield '';
  },
};
