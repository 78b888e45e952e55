import { connect, harness, message, push, user } from './support/core.harness.js';
import { poll, socket } from './support/fake.link.js';

describe('what waits for a session on a socket', () => {
  it('goes out once at the end of the turn, all of it in one array', () => {
    const { overSocket, clock } = harness();
    const { session, link } = overSocket();
    push(session, 1, 2, 3);
    expect(link.written).toEqual([]);
    clock.turn();
    expect(link.written).toHaveLength(1);
    expect(link.takeData()).toEqual([1, 2, 3]);
    clock.turn();
    expect(link.written).toEqual([]);
  });

  it('is flushed by one task a turn, however many sessions have something', () => {
    const { overSocket, clock } = harness();
    const sessions = ['alice', 'bob', 'carol'].map((name) => overSocket(user(name)));
    for (const { session } of sessions) push(session, 1, 2);
    expect(clock.pendingTasks).toBe(1);
    clock.turn();
    for (const { link } of sessions) expect(link.written).toHaveLength(1);
  });

  it('travels ahead of the replies of a request that is handled in the same turn', () => {
    const { overSocket, request, clock } = harness();
    const { session, link } = overSocket();
    push(session, 'first');
    void request(link, [message(session, '/news', { id: 'reply' })]);
    expect(link.written).toHaveLength(1);
    expect(link.take()).toEqual([
      { channel: '/push', data: 'first' },
      { channel: '/news', id: 'reply', successful: true },
    ]);
    clock.turn();
    expect(link.written).toEqual([]);
  });

  it('may be more than the queue takes, as long as the client reads', () => {
    const { overSocket, clock, server } = harness({
      options: { queue: { maxMessages: 10, maxBytes: 10_000 } },
    });
    const { session, link } = overSocket();
    const burst = Array.from({ length: 1_000 }, (_, number) => number);
    push(session, ...burst);
    clock.turn();
    expect(link.takeData()).toEqual(burst);
    expect(server.counts.sessions).toBe(1);
  });

  it('ends the session when the client does not read and the queue is full', () => {
    const { overSocket, clock, server, log } = harness({
      options: { queue: { maxMessages: 10, maxBytes: 10_000 } },
    });
    const { session, link } = overSocket();
    link.congested = true;
    push(session, ...Array.from({ length: 11 }, (_, number) => number));
    clock.turn();
    expect(link.written).toEqual([]);
    expect(link.ends).toEqual(['overflow']);
    expect(session.endedBy).toBe('overflow');
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
    expect(log.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(JSON.stringify(log)).not.toContain(session.id);
  });

  it('ends the session when its bytes are too many, and no other session notices', () => {
    const { overSocket, clock } = harness({ options: { queue: { maxMessages: 10, maxBytes: 1_000 } } });
    const slow = overSocket();
    const quick = overSocket(user('bob'));
    slow.link.congested = true;
    for (const { session } of [slow, quick]) push(session, 'x'.repeat(600), 'x'.repeat(600));
    clock.turn();
    expect(slow.session.endedBy).toBe('overflow');
    expect(quick.session.endedBy).toBeUndefined();
    expect(quick.link.takeData()).toHaveLength(2);
  });

  it('is kept back while the link is congested, and goes on when a receipt says that something has left', () => {
    const { overSocket, clock } = harness();
    const { session, link } = overSocket(user('alice'), true);
    push(session, 1);
    clock.turn();
    expect(link.takeData()).toEqual([1]);

    link.congested = true;
    push(session, 2);
    clock.turn();
    push(session, 3);
    clock.turn();
    expect(link.written).toEqual([]);

    link.congested = false;
    link.settle(true);
    clock.turn();
    expect(link.takeData()).toEqual([2, 3]);
  });

  it('waits again, in order, when a write has failed', () => {
    const { overSocket, clock, server, request } = harness();
    const { session, link } = overSocket(user('alice'), true);
    push(session, 1, 2);
    clock.turn();
    push(session, 3);
    clock.turn();
    expect(link.takeData()).toEqual([1, 2, 3]);
    push(session, 4);

    server.closed(link);
    link.settle(false);
    link.settle(false);
    clock.turn();

    const next = socket();
    void request(next, [connect(session, { advice: { timeout: 0 } })]);
    expect(next.takeData()).toEqual([1, 2, 3, 4]);
  });

  it('keeps its order when only the younger of two writes failed', () => {
    const { overSocket, clock, server, request } = harness();
    const { session, link } = overSocket(user('alice'), true);
    push(session, 1);
    clock.turn();
    push(session, 2);
    clock.turn();
    link.settle(true);
    link.settle(false);
    server.closed(link);

    const next = socket();
    void request(next, [connect(session, { advice: { timeout: 0 } })]);
    expect(next.takeData()).toEqual([2]);
  });

  it('is taken over by a newer socket, which gets what the older one has not sent', () => {
    const { overSocket, clock, request } = harness();
    const { session, link } = overSocket(user('alice'), true);
    push(session, 1, 2);
    clock.turn();
    push(session, 3);
    link.take();

    const next = socket();
    void request(next, [connect(session, { advice: { timeout: 0 } })]);
    expect(link.ends).toEqual(['superseded']);
    expect(link.bindings.at(-1)).toBeUndefined();
    expect(next.takeData()).toEqual([1, 2, 3]);

    // What becomes of the older socket's writes afterwards changes nothing.
    link.settle(true);
    push(session, 4);
    clock.turn();
    expect(next.takeData()).toEqual([4]);
    expect(link.written).toEqual([]);
  });

  it('goes over to requests when a poll comes', () => {
    const { overSocket, clock, request } = harness();
    const { session, link } = overSocket(user('alice'), true);
    push(session, 1);
    clock.turn();
    const response = poll();
    void request(response, [connect(session)]);
    expect(link.ends).toEqual(['superseded']);
    expect(response.takeData()).toEqual([1]);
  });
});

describe('what waits for a session on polls', () => {
  it('is answered with the held connect at the end of the turn', () => {
    const { overPoll, clock } = harness();
    const { session, held } = overPoll();
    push(session, 1, 2);
    expect(held.written).toEqual([]);
    clock.turn();
    expect(held.written).toHaveLength(1);
    expect(held.take().map(({ channel }) => channel)).toEqual(['/push', '/push', '/meta/connect']);
  });

  it('waits for the next connect, which it does not let be held', () => {
    const { overPoll, clock, request } = harness();
    const { session } = overPoll();
    push(session, 1);
    clock.turn();
    push(session, 2, 3);
    clock.turn();
    const next = poll();
    void request(next, [connect(session)]);
    expect(next.takeData()).toEqual([2, 3]);
  });

  it('waits again when the client has gone before it got its response', () => {
    const { overPoll, clock, request, server } = harness();
    const { session } = overPoll();
    push(session, 1);
    clock.turn();
    const lost = poll(true);
    push(session, 2);
    void request(lost, [connect(session)]);
    expect(lost.takeData()).toEqual([2]);
    lost.settle(false);
    server.closed(lost);
    push(session, 3);
    const next = poll();
    void request(next, [connect(session)]);
    expect(next.takeData()).toEqual([2, 3]);
  });

  it('counts while responses are under way, so that opening many and reading none is bounded', () => {
    const { overPoll, clock, request } = harness({
      options: { queue: { maxMessages: 4, maxBytes: 10_000 } },
    });
    const { session } = overPoll();
    clock.advance(30_000);
    for (const number of [1, 2]) {
      push(session, number, number);
      void request(poll(true), [connect(session)]);
    }
    push(session, 3);
    expect(session.endedBy).toBe('overflow');
  });

  it('does not go to the older of two connects', () => {
    const { overPoll, clock, request } = harness();
    const { session, held } = overPoll();
    const newer = poll();
    void request(newer, [connect(session)]);
    expect(held.ends).toEqual(['superseded']);
    expect(held.written).toEqual([]);
    push(session, 1);
    clock.turn();
    expect(newer.takeData()).toEqual([1]);
  });
});
