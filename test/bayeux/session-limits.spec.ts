import type { Principal } from '../../src/bayeux/ports.js';
import { Delivery } from '../../src/bayeux/delivery.js';
import { connect, harness, message, settled, user } from './support/core.harness.js';
import { poll, socket } from './support/fake.link.js';

describe('sessions of one user', () => {
  const options = { maxSessionsPerUser: 2 };

  it('are limited, and those of other users are not counted', () => {
    const { overSocket, request, server } = harness({ options });
    overSocket();
    overSocket();
    overSocket(user('bob'));
    const third = socket();
    void request(third, [{ channel: '/meta/handshake' }], user('alice'));
    expect(third.take()).toMatchObject([
      { successful: false, error: '403::too_many_sessions', advice: { reconnect: 'none' } },
    ]);
    expect(server.counts.sessions).toBe(3);
  });

  it('make room if their client has gone, the oldest first', () => {
    const { overSocket, handshake, server } = harness({ options });
    const [first, second] = [overSocket(), overSocket()];
    server.closed(first.link);
    server.closed(second.link);
    handshake(socket());
    expect(first.session.endedBy).toBe('timeout');
    expect(second.session.endedBy).toBeUndefined();
  });

  it('do not make room while their client is there, on a socket or on a held connect', () => {
    const { overSocket, overPoll, request } = harness({ options });
    const one = overSocket();
    const two = overPoll();
    const third = poll();
    void request(third, [{ channel: '/meta/handshake' }], user('alice'));
    expect(third.take()).toMatchObject([{ error: '403::too_many_sessions' }]);
    expect([one.session.endedBy, two.session.endedBy]).toEqual([undefined, undefined]);
  });

  it('do not make room before their first connect: a flood of handshakes does not push each other out', () => {
    const { handshake, request } = harness({ options });
    const sessions = [handshake(poll()), handshake(poll())];
    const third = poll();
    void request(third, [{ channel: '/meta/handshake' }], user('alice'));
    expect(third.take()).toMatchObject([{ error: '403::too_many_sessions' }]);
    expect(sessions.map(({ endedBy }) => endedBy)).toEqual([undefined, undefined]);
  });

  it('count for services by their identity, and not at all for anonymous clients', () => {
    const anonymous: Principal = { kind: 'anonymous', tenant: '', userId: null, identity: '' };
    const service = (name: string): Principal => ({ ...anonymous, kind: 'service', identity: name });
    const { overSocket, request, server } = harness({
      options: { maxSessionsPerUser: 1 },
    });
    overSocket(service('billing'));
    overSocket(service('mail'));
    overSocket(anonymous);
    overSocket(anonymous);
    const again = socket();
    void request(again, [{ channel: '/meta/handshake' }], service('mail'));
    expect(again.take()).toMatchObject([{ error: '403::too_many_sessions' }]);
    expect(server.counts.sessions).toBe(4);
  });

  it('count within their tenant', () => {
    const { overSocket } = harness({ options: { maxSessionsPerUser: 1 } });
    overSocket(user('alice', { tenant: 'red' }));
    const { session } = overSocket(user('alice', { tenant: 'blue' }));
    expect(session.endedBy).toBeUndefined();
  });

  it('are counted before they are admitted, so that many handshakes at once do not pass the limit', async () => {
    const { request, server } = harness({
      options,
      listener: { admit: () => Promise.resolve(), removed: () => undefined },
    });
    const links = Array.from({ length: 5 }, () => socket());
    for (const link of links) void request(link, [{ channel: '/meta/handshake' }], user('alice'));
    await settled();
    expect(links.flatMap((link) => link.take()).filter(({ successful }) => successful)).toHaveLength(2);
    expect(server.counts.sessions).toBe(2);
  });
});

describe('sessions in all', () => {
  it('are limited: past it the transport asks the client to come again later', () => {
    const { overSocket, request, clock, server } = harness({ options: { maxSessions: 1 } });
    const { session } = overSocket();
    const other = socket();
    void request(other, [{ channel: '/meta/handshake' }], user('bob'));
    expect(other.ends).toEqual(['unavailable']);
    expect(other.written).toEqual([]);
    session.end('kick');
    const again = socket();
    void request(again, [{ channel: '/meta/handshake' }], user('bob'));
    expect(again.take()).toMatchObject([{ successful: true }]);
    clock.advance(60_000);
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
  });
});

describe('subscriptions of a session', () => {
  it('are limited, all or nothing, and what it holds already does not count twice', () => {
    const { overSocket, request, server } = harness({ options: { maxSubscriptions: 2 } });
    const { session, link } = overSocket();
    const subscribe = (subscription: unknown) => {
      void request(link, [message(session, '/meta/subscribe', { subscription })]);
      return link.take()[0]?.error;
    };
    expect(subscribe(['/a', '/b', '/c'])).toBe('403::too_many_subscriptions');
    expect(server.counts.channels).toBe(0);
    expect(subscribe(['/a', '/b'])).toBeUndefined();
    expect(subscribe(['/a', '/b'])).toBeUndefined();
    expect(subscribe('/c')).toBe('403::too_many_subscriptions');
    void request(link, [message(session, '/meta/unsubscribe', { subscription: '/a' })]);
    link.take();
    expect(subscribe('/c')).toBeUndefined();
    session.end('kick');
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
  });

  it('count an array that repeats itself once', () => {
    const { overSocket, request } = harness({ options: { maxSubscriptions: 2 } });
    const { session, link } = overSocket();
    void request(link, [message(session, '/meta/subscribe', { subscription: ['/a', '/a', '/a'] })]);
    expect(link.take()).toMatchObject([{ successful: true }]);
  });
});

describe('draining', () => {
  it('answers held connects with a retry, each after another while', () => {
    const numbers = [0.1, 0.9];
    const { overPoll, server } = harness({
      random: () => numbers.shift() ?? 0,
      options: { rehandshakeSpread: 4_000 },
    });
    const [alice, bob] = [overPoll(), overPoll(user('bob'))];
    server.drain();
    const advice = [alice, bob].map(({ held }) => held.take()[0]?.advice);
    expect(advice).toEqual([
      { reconnect: 'retry', interval: 400, timeout: 30_000 },
      { reconnect: 'retry', interval: 3_600, timeout: 30_000 },
    ]);
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
  });

  it('writes what waits on sockets before it lets go of them', () => {
    const { overSocket, server } = harness();
    const { link } = overSocket();
    server.deliver({
      to: 'user',
      tenant: '',
      userId: 'alice',
      delivery: new Delivery('/push', 'last words'),
    });
    server.drain();
    expect(link.takeData()).toEqual(['last words']);
    expect(link.ends).toEqual(['shutdown']);
  });

  it('lets no handshake in, and sends those who come back away after a while', () => {
    const { overSocket, request, server, clock } = harness({ options: { rehandshakeSpread: 4_000 } });
    const { session } = overSocket();
    clock.advance(600_000);
    server.drain();
    const newcomer = socket();
    void request(newcomer, [{ channel: '/meta/handshake' }], user('bob'));
    expect(newcomer.ends).toEqual(['unavailable']);
    const late = poll();
    void request(late, [connect(session)]);
    expect(late.take()).toMatchObject([
      { error: '402::session_unknown', advice: { reconnect: 'handshake', interval: 2_000 } },
    ]);
  });
});

describe('a client that comes back after a restart', () => {
  it('is asked to wait a while in the first minute, and not afterwards', () => {
    const { request, clock } = harness({ options: { rehandshakeSpread: 4_000 } });
    const interval = () => {
      const link = poll();
      void request(link, [{ channel: '/meta/connect', clientId: 'of the server before' }]);
      return link.take()[0]?.advice?.interval;
    };
    expect(interval()).toBe(2_000);
    clock.advance(59_999);
    expect(interval()).toBe(2_000);
    clock.advance(1);
    expect(interval()).toBe(0);
  });
});
