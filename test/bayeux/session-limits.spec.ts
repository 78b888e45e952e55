import type { AuditEvent } from '../../src/bayeux/audit.js';
import type { Authority, Credential, Principal } from '../../src/bayeux/ports.js';
import { Delivery } from '../../src/bayeux/delivery.js';
import type { BayeuxServer } from '../../src/bayeux/server.js';
import type { Session } from '../../src/bayeux/session.js';
import { ALLOWED, connect, deferred, harness, message, settled, user } from './support/core.harness.js';
import { type FakeLink, poll, socket } from './support/fake.link.js';

const PERMITTING: Authority = {
  anonymous: undefined,
  subscribe: () => ALLOWED,
  publish: () => ALLOWED,
  call: () => ALLOWED,
};

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

describe('anonymous sessions', () => {
  const anonymous: Principal = { kind: 'anonymous', tenant: '', userId: null, identity: '' };
  const crowd = (maxAnonymousPerNetwork: number) => {
    const events: AuditEvent[] = [];
    const { server, clock, log, handshake } = harness({
      options: { maxAnonymousPerNetwork },
      authority: { ...PERMITTING, anonymous },
      audit: { record: (event) => void events.push(event) },
      networkOf: (address) => String(address).split('.')[0] ?? '',
    });
    const greet = (address: string, link = socket(), credential: Credential = { kind: 'none' }): FakeLink => {
      const context = { credential, headers: {}, address };
      void server.handle({ messages: [{ channel: '/meta/handshake' }], context }, link);
      return link;
    };
    const admitted = (link: FakeLink): boolean => link.take().some(({ successful }) => successful === true);
    return { server, clock, log, handshake, events, greet, admitted };
  };

  it('[L2] T69 are limited by network: past it the transport asks to come again later', () => {
    const { greet, admitted, events, log, server } = crowd(2);
    expect([greet('a.1'), greet('a.2')].map(admitted)).toEqual([true, true]);
    for (let times = 0; times < 3; times++) {
      const link = greet('a.3');
      expect([link.ends, link.written]).toEqual([['limited'], []]);
    }
    expect(admitted(greet('b.1'))).toBe(true);
    expect(server.counts.sessions).toBe(3);
    expect(events.filter(({ type }) => type === 'rate_limited')).toMatchObject(
      Array.from({ length: 3 }, () => ({ address: 'a.3', reason: 'anonymous sessions' })),
    );
    expect(log.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: expect.stringContaining('anonymousSessionsPerAddress') as string },
    ]);
  });

  it('[L2] T69 of one socket that shakes hands again and again count until they expire', () => {
    const { greet, admitted, server, clock } = crowd(3);
    const link = socket();
    for (let times = 0; times < 3; times++) expect(admitted(greet('a.1', link))).toBe(true);
    greet('a.1', link);
    expect(link.ends).toEqual(['limited']);
    server.closed(link);
    clock.advance(300_000);
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
    expect([greet('a.1'), greet('a.1'), greet('a.1')].map(admitted)).toEqual([true, true, true]);
  });

  it.each<[string, (session: Session, server: BayeuxServer) => void]>([
    ['is thrown out', (session) => session.end('kick')],
    ['expires', (session) => session.end('timeout')],
    [
      'says good-bye',
      (session, server) => {
        const messages = [{ channel: '/meta/disconnect', clientId: session.id }];
        void server.handle({ messages, context: { credential: { kind: 'none' }, headers: {} } }, poll());
      },
    ],
  ])('[L2] T69 leave room when one %s', (_, end) => {
    const { greet, admitted, server } = crowd(1);
    expect(admitted(greet('a.1'))).toBe(true);
    const [session] = server.sessions.all();
    if (session) end(session, server);
    expect(admitted(greet('a.1'))).toBe(true);
    expect(server.counts.sessions).toBe(1);
  });

  it('[L2] T69 leave room when a hook refuses one, and no hook lets more in', async () => {
    const waiting = deferred<undefined>();
    const { server, request } = harness({
      options: { maxAnonymousPerNetwork: 1 },
      authority: { ...PERMITTING, anonymous },
      listener: { admit: () => waiting.promise, removed: () => undefined },
    });
    const [first, second] = [socket(), socket()];
    void request(first, [{ channel: '/meta/handshake' }]);
    void request(second, [{ channel: '/meta/handshake' }]);
    expect(second.ends).toEqual(['limited']);
    waiting.reject(new Error('no'));
    await settled();
    expect(first.take()).toMatchObject([{ error: '403::handshake_denied' }]);
    expect(server.counts.sessions).toBe(0);
    const third = socket();
    void request(third, [{ channel: '/meta/handshake' }]);
    expect(third.ends).toEqual([]);
  });

  it('[L2] T69 leave those with a token alone, and any number is any number', () => {
    const { greet, admitted } = crowd(1);
    expect(admitted(greet('a.1'))).toBe(true);
    const credential: Credential = { kind: 'principal', principal: user('alice') };
    expect(admitted(greet('a.1', socket(), credential))).toBe(true);
    const open = crowd(0);
    for (let times = 0; times < 600; times++) expect(open.admitted(open.greet('a.1'))).toBe(true);
  });

  it('[L2] T69 let no abandoned session of a neighbour go', () => {
    const { greet, admitted, server } = crowd(1);
    const link = greet('a.1');
    expect(admitted(link)).toBe(true);
    const [session] = server.sessions.all();
    server.closed(link);
    expect(greet('a.2').ends).toEqual(['limited']);
    expect(session?.endedBy).toBeUndefined();
  });
});

describe('sessions of users without an id', () => {
  it('[L2] T69 are limited by their identity', () => {
    const { overSocket, request } = harness({ options: { maxSessionsPerUser: 1 } });
    const nameless = (identity: string): Principal => ({ ...user('x'), userId: null, identity });
    overSocket(nameless('one'));
    overSocket(nameless('two'));
    const again = socket();
    void request(again, [{ channel: '/meta/handshake' }], nameless('one'));
    expect(again.take()).toMatchObject([{ error: '403::too_many_sessions' }]);
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
