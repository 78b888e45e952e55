import type { BayeuxOptions } from '../../src/bayeux/bayeux-options.js';
import type { AuditEvent } from '../../src/bayeux/audit.js';
import { LocalSession } from '../../src/bayeux/local-session.js';
import type { JsonObject } from '../../src/bayeux/message.js';
import { TokenBucket } from '../../src/bayeux/rate-limit.js';
import type { Session } from '../../src/bayeux/session.js';
import { connect, type Harness, harness, message, user } from './support/core.harness.js';
import { type FakeLink, poll, socket } from './support/fake.link.js';

const OK = { successful: true };
const TOO_MANY = { successful: false, error: '429::too_many_messages' };
const SLOW: Partial<BayeuxOptions> = { rate: { perSecond: 10, burst: 5 } };

/** How a server answers to the same message said so many times, each in a frame of its own. */
function say(from: Harness, link: ReturnType<typeof socket>, what: JsonObject, times: number): string[] {
  for (let time = 0; time < times; time++) void from.request(link, [what]);
  return link.take().map(({ error }) => error ?? 'ok');
}

describe('TokenBucket', () => {
  it('[L5] gives so many at once, and the next ones evenly', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect([99, 100, 199, 200].map((now) => bucket.take(now))).toEqual([false, true, false, true]);
    expect([9_000, 9_000, 9_000, 9_000].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
  });
});

describe('[L5] T72 a client that says too much', () => {
  it('is told so for each message past its share, and slowed down as much', () => {
    const events: AuditEvent[] = [];
    const subject = harness({ options: SLOW, audit: { record: (event) => events.push(event) } });
    const { session, link } = subject.overSocket();
    const publish = message(session, '/a', { id: '7' });
    expect(say(subject, link, publish, 7)).toEqual([
      ...Array<string>(5).fill('ok'),
      ...Array<string>(2).fill(TOO_MANY.error),
    ]);
    expect(link.rest).toBe(200);
    const limited = events.filter(({ type }) => type === 'rate_limited');
    expect(limited).toEqual(
      Array(2).fill(expect.objectContaining({ principal: session.principal, reason: 'messages' })),
    );
    subject.clock.advance(200);
    expect(say(subject, link, publish, 3)).toEqual(['ok', 'ok', TOO_MANY.error]);
  });

  it('is told what it was, and nobody gets it', () => {
    const subject = harness({ options: SLOW });
    const { session, link } = subject.overSocket();
    const other = subject.overSocket();
    void subject.request(other.link, [message(other.session, '/meta/subscribe', { subscription: '/a' })]);
    other.link.take();
    const batch = [1, 2, 3, 4, 5, 6].map((data) => message(session, '/a', { id: String(data), data }));
    void subject.request(link, [
      ...batch,
      message(session, '/meta/subscribe', { id: '7', subscription: '/b' }),
    ]);
    expect(link.take()).toEqual([
      ...[1, 2, 3, 4, 5].map((id) => ({ channel: '/a', id: String(id), ...OK })),
      { channel: '/a', id: '6', ...TOO_MANY },
      { channel: '/meta/subscribe', id: '7', subscription: '/b', ...TOO_MANY },
    ]);
    subject.clock.turn();
    expect(other.link.takeData()).toEqual([1, 2, 3, 4, 5]);
    expect(subject.server.counts.channels).toBe(1);
  });

  it('may connect and leave nevertheless', () => {
    const subject = harness({ options: SLOW });
    const { session, link } = subject.overSocket();
    say(subject, link, message(session, '/a'), 6);
    expect(say(subject, link, connect(session, { advice: { timeout: 0 } }), 10)).toEqual(
      Array(10).fill('ok'),
    );
    expect(say(subject, link, message(session, '/meta/disconnect'), 1)).toEqual(['ok']);
  });

  it('is told in requests as well, which are answered as a whole', () => {
    const subject = harness({ options: SLOW });
    const { session } = subject.overPoll();
    const request = poll();
    void subject.request(
      request,
      Array.from({ length: 6 }, () => message(session, '/a')),
    );
    expect(request.written).toMatchObject([[OK, OK, OK, OK, OK, TOO_MANY]]);
  });

  it.each<[string, JsonObject, string]>([
    ['messages without a session', { channel: '/a', data: 1 }, '402::session_unknown'],
    [
      'messages of a session that does not exist',
      { channel: '/a', clientId: 'none' },
      '402::session_unknown',
    ],
    ['connects without a session', { channel: '/meta/connect', clientId: 'none' }, '402::session_unknown'],
    ['messages without a channel', {}, '400::channel_missing'],
    ['what is no message', 0 as never, '400::message_invalid'],
  ])('counts %s with the socket', (_, what, error) => {
    const subject = harness({ options: SLOW });
    const link = socket();
    expect(say(subject, link, what, 7)).toEqual([
      ...Array<string>(5).fill(error),
      ...Array<string>(2).fill(TOO_MANY.error),
    ]);
    expect(link.rest).toBe(200);
  });

  it('counts empty frames with the socket, too', () => {
    const subject = harness({ options: SLOW });
    const { link } = subject.overSocket();
    // The handshake was the first.
    for (let time = 0; time < 5; time++) subject.server.heard(link);
    expect(link.rest).toBe(100);
  });

  it('does not count what comes without a session against the session, nor over HTTP', () => {
    const subject = harness({ options: SLOW });
    const { session, link } = subject.overSocket();
    say(subject, link, {}, 9);
    expect(say(subject, link, message(session, '/a'), 5)).toEqual(Array(5).fill('ok'));
    const request = poll();
    void subject.request(
      request,
      Array.from({ length: 7 }, () => ({})),
    );
    expect(request.take().map(({ error }) => error)).toEqual(Array(7).fill('400::channel_missing'));
  });

  it('gets no new share by shaking hands again', () => {
    const subject = harness({ options: { rate: { perSecond: 10, burst: 50 } } });
    const spend = (from: Session, link: FakeLink): number =>
      say(subject, link, message(from, '/a'), 60).filter((outcome) => outcome === 'ok').length;
    const { session, link } = subject.overSocket();
    expect(spend(session, link)).toBe(50);
    // On the same socket, whose first session lives on.
    const second = subject.handshake(link);
    expect(spend(second, link)).toBe(0);
    second.end('kick');
    // Elsewhere, once it has ended: what a page needs to open is left to it.
    const other = socket();
    const third = subject.handshake(other);
    expect(spend(third, other)).toBe(20);
    third.end('kick');
    subject.clock.advance(3_000);
    const later = socket();
    expect(spend(subject.handshake(later), later)).toBe(30);
    // Others, and a session beside it, have shares of their own.
    const neighbour = socket();
    expect(spend(subject.handshake(neighbour, user('bob')), neighbour)).toBe(50);
  });

  it('is sent away if it is a handshake, and not told to stop for good', () => {
    const subject = harness({ options: SLOW });
    const link = socket();
    say(subject, link, {}, 5);
    expect(say(subject, link, { channel: '/meta/handshake' }, 1)).toEqual([]);
    expect({ ends: link.ends, refusals: link.refusals }).toEqual({ ends: ['limited'], refusals: 0 });
  });

  it('may say what it likes where there is no limit, or if it is a session of the server', async () => {
    const without = harness({ options: { rate: { perSecond: 0, burst: 1 } } });
    const { session, link } = without.overSocket();
    expect(say(without, link, message(session, '/a'), 20)).toEqual(Array(20).fill('ok'));
    expect(link.rest).toBe(0);
    const local = new LocalSession(harness({ options: SLOW }).server, 'local');
    for (let time = 0; time < 20; time++) await local.publish('/a', time);
  });
});

describe('[C7] messages past those that a request may hold', () => {
  it('are answered one by one, and the others are handled', () => {
    const subject = harness({ options: { maxBatch: 2 } });
    const { session, link } = subject.overSocket();
    const said = [1, 2, 3, 4].map((data) => message(session, '/a', { id: String(data), data }));
    const late = connect(session, { id: '5' });
    void subject.request(link, [...said, late, 0 as never, { id: '6' }]);
    const error = '400::batch_too_large';
    expect(link.take()).toMatchObject([
      { id: '1', ...OK },
      { id: '2', ...OK },
      { channel: '/a', id: '3', successful: false, error },
      { channel: '/a', id: '4', successful: false, error },
      { channel: '/meta/connect', id: '5', successful: false, error, advice: { reconnect: 'retry' } },
      { successful: false, error },
      { id: '6', successful: false, error },
    ]);
    expect(link.ends).toEqual([]);
  });

  it('are not a handshake', () => {
    const subject = harness({ options: { maxBatch: 1 } });
    const link = socket();
    void subject.request(link, [{}, { channel: '/meta/handshake' }]);
    const refused = {
      channel: '/meta/handshake',
      error: '400::batch_too_large',
      advice: { reconnect: 'none' },
    };
    expect(link.take()).toMatchObject([{ error: '400::channel_missing' }, refused]);
    expect(subject.server.counts.sessions).toBe(0);
  });

  it('are answered up to an end where no answer can be told from the next', async () => {
    const subject = harness({ options: { maxBatch: 10 } });
    const request = poll();
    const handled = subject.request(
      request,
      Array.from({ length: 30_000 }, () => 0 as never),
    );
    while (subject.server.turns.busy) subject.clock.turn();
    await handled;
    const errors = request.take().map(({ error }) => error);
    expect(errors).toEqual([
      ...Array<string>(10).fill('400::message_invalid'),
      ...Array<string>(10).fill('400::batch_too_large'),
    ]);
  });
});
