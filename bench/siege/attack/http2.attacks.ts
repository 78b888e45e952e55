import { type ClientHttp2Session, connect as h2Connect, constants } from 'node:http2';
import { connect } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../../test/bayeux/support/random.js';
import type { Mark } from '../control.js';
import { badToken, hostileMessages } from './http.shapes.js';

type Attack = (session: ClientHttp2Session, random: Random) => Promise<void> | void;

/** A request over a stream of its own. Nothing that becomes of it fails. */
function ask(
  session: ClientHttp2Session,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body?: string,
  end = true,
) {
  const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
  const stream = session.request(
    { ':method': 'POST', ':path': '/cometd', 'content-type': 'application/json', ...given },
    { endStream: false },
  );
  stream.on('error', () => undefined);
  stream.resume();
  if (body !== undefined) stream.write(body);
  if (end) stream.end();
  return stream;
}

/** What is done over a connection with HTTP/2. */
const ATTACKS: Readonly<Record<string, Attack>> = {
  'h2 rapid reset'(session) {
    for (let count = 0; count < 500 && !session.destroyed; count++) {
      ask(session, {}, '[', false).close(constants.NGHTTP2_CANCEL);
    }
  },
  async 'h2 messages'(session, random) {
    for (let count = 0; count < 20 && !session.destroyed; count++) {
      const authorization = random.pick([undefined, `Bearer ${badToken(random)}`]);
      const origin = random.pick([undefined, 'http://evil.example', 'null']);
      ask(
        session,
        { authorization, origin, ':path': random.pick(['/cometd', '/', '/nothing']) },
        hostileMessages(random),
      );
      await pause(random.below(20));
    }
  },
  /** Bodies that stop in the middle, and streams that go away then. */
  async 'h2 torn bodies'(session, random) {
    const streams = Array.from({ length: 50 }, () => ask(session, { 'content-length': '60000' }, '[', false));
    for (let count = 0; count < 50; count++) {
      for (const stream of streams) if (stream.writable) stream.write('[');
      await pause(5);
    }
    for (const stream of streams) stream.close(random.pick([0, 2, 8, 13]));
  },
  /** A connection that goes in the middle of many requests. */
  async 'h2 goaway'(session, random) {
    for (let count = 0; count < 30; count++) ask(session, { ':method': 'PUT' }, 'x', random.below(2) === 0);
    await pause(random.below(100));
    session.goaway(random.below(14));
  },
  async 'h2 settings and pings'(session) {
    for (let count = 0; count < 300 && !session.destroyed; count++) {
      session.settings({ initialWindowSize: 1 + count }, () => undefined);
      session.ping(() => undefined);
      if (count % 50 === 0) await pause(1);
    }
  },
  async 'h2 odd headers'(session, random) {
    for (let count = 0; count < 20 && !session.destroyed; count++) {
      ask(session, {
        ':method': random.pick(['GET', 'POST', 'OPTIONS', 'HEAD', 'FOO']),
        ':path': random.pick(['/cometd', '/%', '//', '*', '/cometd?jsonp=x', 'x']),
        ':authority': random.pick([undefined, 'evil.example', '']),
        host: random.pick([undefined, 'h']),
        cookie: Array.from({ length: random.below(50) }, (_, index) => `c${index}=${'v'.repeat(20)}`),
        'content-encoding': random.pick([undefined, 'gzip', 'x']),
        te: random.pick([undefined, 'trailers']),
        expect: random.pick([undefined, '100-continue']),
        'x-large': 'y'.repeat(random.below(3_000)),
      });
    }
    await pause(50);
  },
};

/** Their names. */
export const HTTP2_ATTACKS: readonly string[] = Object.keys(ATTACKS);

/** Attacks over one connection, for a few seconds at most; resolves when that is gone. */
export async function attackHttp2(
  name: string,
  { port }: Mark,
  from: string,
  random: Random,
  gone: AbortSignal,
): Promise<void> {
  const under = connect({ host: '127.0.0.1', port, localAddress: from });
  under.on('error', () => undefined);
  const socket = tlsConnect({ socket: under, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  const stop = (): void => void socket.destroy();
  gone.addEventListener('abort', stop, { once: true });
  socket.once('secureConnect', () => {
    if (socket.alpnProtocol !== 'h2') return void socket.destroy();
    const session = h2Connect(`https://127.0.0.1:${port}`, { createConnection: () => socket });
    session.on('error', () => undefined);
    const attack = async (): Promise<void> => {
      await ATTACKS[name]?.(session, random);
      await pause(random.below(1_000));
    };
    void attack()
      .catch(() => undefined)
      .finally(() => {
        if (random.below(2) === 0) socket.destroy();
        else session.destroy();
      });
  });
  await closed;
  gone.removeEventListener('abort', stop);
}
