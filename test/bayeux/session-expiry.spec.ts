import { connect, harness, message, push } from './support/core.harness.js';
import { poll, socket } from './support/fake.link.js';

const options = { timeout: 20_000, interval: 0, maxInterval: 10_000 };
const NOTHING = { sessions: 0, channels: 0, deadlines: 0 };

describe('a session expires', () => {
  it('when no connect follows its handshake', () => {
    const { handshake, clock, server, removed } = harness({ options });
    const session = handshake(poll());
    clock.advance(9_999);
    expect(session.endedBy).toBeUndefined();
    clock.advance(1);
    expect(session.endedBy).toBe('timeout');
    expect(removed).toEqual([session.id]);
    expect(server.counts).toEqual(NOTHING);
  });

  it('when its client falls silent, and takes its subscriptions with it', () => {
    const { overSocket, request, clock, server } = harness({ options });
    const { session, link } = overSocket();
    void request(link, [message(session, '/meta/subscribe', { subscription: ['/a', '/b/*'] })]);
    expect(server.counts.channels).toBe(2);
    clock.advance(10_000);
    expect(session.endedBy).toBe('timeout');
    expect(server.counts).toEqual(NOTHING);
  });

  it('not while a connect is held, and counts from its answer', () => {
    const { overPoll, clock } = harness({ options });
    const { session, held } = overPoll();
    clock.advance(19_999);
    expect(held.written).toEqual([]);
    clock.advance(1);
    expect(held.take()).toMatchObject([
      { channel: '/meta/connect', successful: true, advice: { reconnect: 'retry' } },
    ]);
    clock.advance(9_999);
    expect(session.endedBy).toBeUndefined();
    clock.advance(1);
    expect(session.endedBy).toBe('timeout');
  });

  it('later with every message, and with no message for ever', () => {
    const { overSocket, request, clock } = harness({ options });
    const { session, link } = overSocket();
    for (let round = 0; round < 5; round++) {
      clock.advance(9_000);
      void request(link, [message(session, '/news')]);
    }
    expect(session.endedBy).toBeUndefined();
    clock.advance(10_000);
    expect(session.endedBy).toBe('timeout');
  });

  it('a while after its connection has gone, held connect or not', () => {
    const { overPoll, server, clock } = harness({ options });
    const { session, held } = overPoll();
    clock.advance(15_000);
    server.closed(held);
    clock.advance(9_999);
    expect(session.endedBy).toBeUndefined();
    clock.advance(1);
    expect(session.endedBy).toBe('timeout');
  });

  it('no later because pushes wait for it', () => {
    const { overPoll, clock } = harness({ options });
    const { session } = overPoll();
    push(session, 1);
    clock.turn();
    push(session, 2);
    clock.advance(9_999);
    expect(session.endedBy).toBeUndefined();
    clock.advance(1);
    expect(session.endedBy).toBe('timeout');
  });

  it.each([
    ['a longer interval than it may', { interval: 3_600_000 }, 10_000 + 10_000],
    ['an interval', { interval: 4_000 }, 4_000 + 10_000],
    ['nonsense', { interval: '9', timeout: -1 }, 20_000 + 10_000],
    ['endless times', { interval: Infinity, timeout: Infinity }, 20_000 + 10_000],
    ['a longer hold than it may', { timeout: 3_600_000 }, 20_000 + 10_000],
    ['a shorter hold', { timeout: 1_000 }, 1_000 + 10_000],
  ])('when its client asked for %s', (_, advice, after) => {
    const { overPoll, request, clock } = harness({ options });
    const { session } = overPoll();
    const asked = 'interval' in advice && advice.interval !== Infinity && advice.interval !== '9';
    void request(poll(), [connect(session, { advice: asked ? { timeout: 0, ...advice } : advice })]);
    clock.advance(after - 1);
    expect(session.endedBy).toBeUndefined();
    clock.advance(1);
    expect(session.endedBy).toBe('timeout');
    expect(clock.armed).toBe(0);
  });
});

describe('a session ends', () => {
  it('by a disconnect, which is answered before the held connect', () => {
    const { overSocket, request, server } = harness({ options });
    const { session, link } = overSocket();
    void request(link, [connect(session, { id: 'held' })]);
    void request(link, [message(session, '/meta/disconnect', { id: 'bye' })]);
    expect(link.take().map(({ id, successful, advice }) => ({ id, successful, advice }))).toEqual([
      { id: 'bye', successful: true, advice: undefined },
      { id: 'held', successful: true, advice: { reconnect: 'none' } },
    ]);
    expect(server.counts).toEqual(NOTHING);
  });

  it('by a kick, which tells the client to stop', () => {
    const { overPoll, server } = harness({ options });
    const { session, held } = overPoll();
    push(session, 'before');
    session.end('kick');
    expect(held.take()).toMatchObject([
      { data: 'before' },
      { channel: '/meta/disconnect', successful: true },
      { channel: '/meta/connect', successful: true, advice: { reconnect: 'none' } },
    ]);
    expect(server.counts).toEqual(NOTHING);
  });

  it('once: whatever comes afterwards changes nothing', () => {
    const { overSocket, request, clock, removed } = harness({ options });
    const { session, link } = overSocket();
    session.end('kick');
    session.end('timeout');
    link.take();
    push(session, 'too late');
    clock.advance(100_000);
    expect(link.written).toEqual([]);
    expect(removed).toEqual([session.id]);
    const late = socket();
    void request(late, [message(session, '/news')]);
    expect(late.take()).toMatchObject([{ successful: false, error: '402::session_unknown' }]);
  });
});
