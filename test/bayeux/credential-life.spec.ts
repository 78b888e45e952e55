import type { AuditEvent } from '../../src/bayeux/audit.js';
import { DEFAULT_BAYEUX_OPTIONS, type ExpiryOptions } from '../../src/bayeux/bayeux-options.js';
import type { Authority, Principal } from '../../src/bayeux/ports.js';
import type { Session } from '../../src/bayeux/session.js';
import {
  ALLOWED,
  connect,
  deferred,
  DENIED,
  harness,
  type Harness,
  message,
  push,
  settled,
  user,
} from './support/core.harness.js';
import { type FakeLink, poll, socket } from './support/fake.link.js';

const LIFE = 60_000;
const LEAD = 6_000;
const GRACE = 5_000;
const MAX_INTERVAL = 10_000;
const DAY = 86_400_000;
const EXPIRED = { successful: false, error: '401::token_expired' };
const REFRESH = { ext: { auth: { refresh: true } } };
const AUTH = '/service/comet/auth';

interface Lives extends Harness {
  readonly audited: AuditEvent[];
  /** A principal whose token is issued now. */
  alice(life?: number, more?: Partial<Principal>): Principal;
  /** A session over a socket whose client refreshes its token, with a connect that is held. */
  refreshing(principal?: Principal): { session: Session; link: FakeLink };
}

function lives(
  expiry: Partial<ExpiryOptions> = {},
  { random = () => 0, ...ports }: { random?: () => number; authority?: Authority } = {},
  more: Partial<typeof DEFAULT_BAYEUX_OPTIONS> = {},
): Lives {
  const audited: AuditEvent[] = [];
  const options = {
    ...{ timeout: 300_000, interval: 0, maxInterval: MAX_INTERVAL, ...more },
    expiry: {
      ...DEFAULT_BAYEUX_OPTIONS.expiry,
      refreshLead: LEAD,
      grace: GRACE,
      maxSessionAge: 0,
      ...expiry,
    },
  };
  const audit = {
    record(event: AuditEvent): void {
      if (event.type !== 'handshake_ok') audited.push(event);
    },
  };
  const made = harness({ ...ports, options, random, audit });
  const alice = (life = LIFE, claims: Partial<Principal> = {}): Principal => {
    const issuedAt = made.clock.wallTime();
    return user('alice', { issuedAt, expiresAt: issuedAt + life, ...claims });
  };
  const refreshing = (principal = alice()): { session: Session; link: FakeLink } => {
    const link = socket();
    void made.request(link, [{ channel: '/meta/handshake', ...REFRESH }], principal);
    const { clientId = '' } = link.take().at(-1) ?? {};
    const session = made.server.sessions.find(clientId);
    if (!session) throw new Error('The handshake has failed.');
    void made.request(link, [connect(session)]);
    void made.request(link, [connect(session, { id: 'held' })]);
    link.take();
    return { session, link };
  };
  return { ...made, audited, alice, refreshing };
}

/** What was written since, without the ids of sessions. */
function said(link: FakeLink): unknown[] {
  return link.take();
}

describe('a token on its way to its end', () => {
  it('is told of ahead, to the millisecond, and once', () => {
    const { clock, refreshing } = lives();
    const { link } = refreshing();
    clock.advance(LIFE - LEAD - 1);
    expect(said(link)).toEqual([]);
    clock.advance(1);
    expect(said(link)).toEqual([{ channel: AUTH, data: { type: 'expiring', expires_in: 6 } }]);
  });

  it.each([
    ['a quarter of what is left, if that is less', LEAD, 8_000, 2_000],
    ['not at all with a lead of 0', 0, 8_000, undefined],
  ])('is told of %s', (_, refreshLead, life, ahead) => {
    const { clock, alice, refreshing } = lives({ refreshLead });
    const { link } = refreshing(alice(life));
    clock.advance(life - (ahead ?? 1) - 1);
    expect(said(link)).toEqual([]);
    clock.advance(1);
    expect(said(link)).toHaveLength(ahead === undefined ? 0 : 1);
  });

  it('[A8] is told of by the end that it states, and is good until the one that allows for other clocks', () => {
    const { clock, request, alice, refreshing } = lives();
    const now = clock.wallTime();
    const { session, link } = refreshing(alice(LIFE, { statedExpiry: now + LIFE - 5_000 }));
    void request(
      link,
      [message(session, AUTH, { data: {} })],
      alice(LIFE, { statedExpiry: now + LIFE - 5_000 }),
    );
    expect(said(link)).toMatchObject([{ ext: { auth: { expires_in: 55, refresh_before: 49 } } }]);
    clock.advance(LIFE - 5_000 - LEAD - 1);
    expect(said(link)).toEqual([]);
    clock.advance(1);
    expect(said(link)).toEqual([{ channel: AUTH, data: { type: 'expiring', expires_in: 6 } }]);
    clock.advance(LEAD + 5_000 - 1);
    void request(link, [message(session, '/a')]);
    expect(said(link)).toMatchObject([{ successful: true }]);
    clock.advance(1);
    void request(link, [message(session, '/a')]);
    expect(said(link)).toMatchObject([EXPIRED]);
  });

  it('[A8] says 0 where only the allowance is left, and never more than is left', () => {
    const { clock, request, alice, refreshing } = lives();
    const now = clock.wallTime();
    for (const [statedExpiry, left] of [
      [now - 2_000, 0],
      [now + 2 * LIFE, 60],
    ] as const) {
      const principal = alice(LIFE, { statedExpiry });
      const { session, link } = refreshing(principal);
      void request(link, [message(session, AUTH)], principal);
      expect(said(link)).toMatchObject([{ ext: { auth: { expires_in: left } } }]);
    }
  });

  it('lets messages through in its grace, and nothing that the client asks for', () => {
    const { clock, request, refreshing, audited } = lives({ refreshLead: 0 });
    const { session, link } = refreshing();
    void request(link, [message(session, '/meta/subscribe', { subscription: '/a' })]);
    link.take();
    clock.advance(LIFE - 1);
    void request(link, [message(session, '/a')]);
    expect(said(link)).toMatchObject([{ data: {} }, { successful: true }]);
    clock.advance(1);
    for (const channel of ['/a', '/service/x', '/meta/subscribe'])
      void request(link, [message(session, channel, { subscription: '/b' })]);
    expect(said(link)).toMatchObject([EXPIRED, EXPIRED, EXPIRED]);
    void request(link, [message(session, '/meta/unsubscribe', { subscription: '/a' })]);
    expect(said(link)).toMatchObject([{ successful: true }]);
    clock.advance(GRACE - 1);
    push(session, 1);
    clock.turn();
    expect(link.takeData()).toEqual([1]);
    expect(audited.map(({ type }) => type)).toEqual(['token_expired']);
  });

  it('T32: suspends its session then, in which nothing leaves, until maxInterval after that', () => {
    const { clock, server, request, refreshing, audited, removed } = lives({ refreshLead: 0 });
    const { session, link } = refreshing();
    clock.advance(LIFE + GRACE - 1);
    expect(said(link)).toEqual([]);
    clock.advance(1);
    expect(said(link)).toMatchObject([
      { id: 'held', ...EXPIRED, advice: { reconnect: 'retry', interval: 1_000, timeout: 300_000 } },
    ]);
    push(session, 1);
    clock.advance(5_000);
    void request(link, [connect(session)]);
    void request(link, [message(session, '/a')]);
    expect(said(link)).toMatchObject([{ channel: '/meta/connect', ...EXPIRED }, EXPIRED]);
    clock.advance(MAX_INTERVAL - 5_000 - 1);
    expect(removed).toEqual([]);
    clock.advance(1);
    expect(session.endedBy).toBe('token_expired');
    expect(said(link)).toEqual([]);
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
    expect(audited.map(({ type }) => type)).toEqual(['token_expired', 'session_suspended']);
  });

  it('ends its session with the grace, if none is suspended', () => {
    const { clock, refreshing } = lives({ refreshLead: 0, suspend: false });
    const { session, link } = refreshing();
    clock.advance(LIFE + GRACE);
    expect(session.endedBy).toBe('token_expired');
    expect(said(link)).toMatchObject([
      { id: 'held', ...EXPIRED, advice: { reconnect: 'handshake', interval: 0 } },
    ]);
  });

  it('tells a client that does not refresh to handshake', () => {
    const { clock, overSocket, alice, request } = lives({ refreshLead: 0 });
    const { session, link } = overSocket(alice());
    void request(link, [connect(session)]);
    clock.advance(LIFE + GRACE);
    expect(said(link)).toMatchObject([{ ...EXPIRED, advice: { reconnect: 'handshake', interval: 0 } }]);
  });

  it('[N4] T75 ends within a minute after the wall clock was set forward beyond its end', () => {
    const { clock, refreshing, alice, audited } = lives();
    const { session } = refreshing(alice(DAY));
    clock.stepWall(DAY);
    clock.advance(60_000);
    expect(session.credential?.suspended).toBe(true);
    expect(audited.map(({ type }) => type)).toEqual(['token_expired', 'session_suspended']);
  });

  it('[N4] T75 ends at the next request after the wall clock was set forward beyond its end', () => {
    const { clock, request, refreshing, alice } = lives();
    const { session, link } = refreshing(alice(DAY));
    clock.stepWall(DAY);
    void request(link, [message(session, '/a')]);
    expect(said(link)).toMatchObject([EXPIRED]);
  });

  it.each([
    ['back', -3_600_000],
    ['forward, but not to its end', LIFE / 4],
  ])('[N4] T75 does not live longer as the wall clock was set %s, and right again', (_, step) => {
    const { clock, refreshing } = lives();
    const { session } = refreshing();
    clock.stepWall(step);
    clock.advance(1_500);
    clock.stepWall(-step);
    clock.advance(LIFE + GRACE - 1_501);
    expect(session.credential?.suspended).toBe(false);
    clock.advance(1);
    expect(session.credential?.suspended).toBe(true);
  });

  it('[N4] T75 does not live longer as the wall clock stays an hour behind', () => {
    const { clock, refreshing } = lives();
    const { session } = refreshing();
    clock.stepWall(-3_600_000);
    clock.advance(LIFE + GRACE);
    expect(session.credential?.suspended).toBe(true);
  });

  it('[N4] T75 is told what is left by the time that has passed', () => {
    const { clock, refreshing } = lives();
    const { session } = refreshing();
    clock.stepWall(-3_600_000);
    clock.advance(LIFE / 2);
    expect(session.credential?.describe()).toMatchObject({ expires_in: LIFE / 2_000 });
  });

  it('T35: is looked at with every request, as deadlines come late where a machine has slept', () => {
    const { clock, request, refreshing } = lives();
    const { session, link } = refreshing();
    clock.sleep(LIFE);
    void request(link, [message(session, '/a')]);
    expect(said(link)).toMatchObject([EXPIRED]);
    clock.sleep(GRACE);
    push(session, 1);
    void request(link, [connect(session)]);
    expect(said(link)).toMatchObject([{ channel: '/meta/connect', ...EXPIRED }]);
    clock.sleep(MAX_INTERVAL);
    void request(link, [connect(session)]);
    expect(said(link)).toMatchObject([EXPIRED, { error: '402::session_unknown' }]);
    expect(session.endedBy).toBe('token_expired');
  });

  it('T35: does not come early, 30 days ahead', () => {
    const { clock, alice, refreshing } = lives({}, {}, { timeout: 40 * DAY });
    const { session, link } = refreshing(alice(30 * DAY));
    clock.advance(30 * DAY - LEAD - 1);
    expect(said(link)).toEqual([]);
    clock.advance(LEAD + GRACE);
    expect(session.credential?.suspended).toBe(false);
    clock.advance(1);
    expect(session.credential?.suspended).toBe(true);
  });

  it('T35: of 10,000 at once spreads them over time, whether they refresh or not', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const { clock, server, request, alice } = lives(
      { refreshLead: 0 },
      { random },
      { rehandshakeSpread: 4_999, maxSessionsPerUser: 10_000 },
    );
    const links = Array.from({ length: 10_000 }, (_, index) => {
      const link = socket();
      void request(link, [{ channel: '/meta/handshake', ...(index % 2 === 0 && REFRESH) }], alice());
      const session = server.sessions.find(link.take()[0]?.clientId ?? '') as Session;
      void request(link, [connect(session), connect(session)]);
      link.take();
      return link;
    });
    clock.advance(LIFE + GRACE);
    const perSecond: Record<string, number> = {};
    for (const link of links) {
      const { reconnect = '', interval = -1 } = link.take()[0]?.advice ?? {};
      const second = `${reconnect} ${Math.floor(interval / 1_000)}`;
      perSecond[second] = (perSecond[second] ?? 0) + 1;
    }
    // Each of them over five seconds, the first of which those that refresh spend on that.
    expect(Object.keys(perSecond).sort()).toEqual(
      [0, 1, 2, 3, 4].flatMap((second) => [`handshake ${second}`, `retry ${second + 1}`]).sort(),
    );
    expect(Math.max(...Object.values(perSecond))).toBeLessThan(1_200);
    clock.advance(MAX_INTERVAL);
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
  });

  it('T34: answers a client that connects without end once a second', () => {
    const { clock, request, refreshing } = lives({ refreshLead: 0 });
    const { session } = refreshing();
    clock.advance(LIFE + GRACE);
    let answers = 0;
    let last = poll();
    void request(last, [connect(session)]);
    for (let passed = 0; passed < MAX_INTERVAL; passed += 100) {
      if (last.take().length > 0) {
        answers++;
        last = poll();
        void request(last, [connect(session)]);
      }
      clock.advance(100);
    }
    expect(session.endedBy).toBe('token_expired');
    expect(answers).toBe(9);
  });
});

describe('a newer token', () => {
  it('T32: resumes the session, which gets all that waits, once and in order', () => {
    const { clock, request, alice, refreshing, audited } = lives({ refreshLead: 0 });
    const { session } = refreshing();
    clock.advance(LIFE + GRACE);
    push(session, 1, 2);
    clock.advance(MAX_INTERVAL - 1);
    const back = poll();
    void request(back, [connect(session)], alice());
    expect(back.take()).toMatchObject([
      { data: 1 },
      { data: 2 },
      {
        channel: '/meta/connect',
        successful: true,
        advice: { reconnect: 'retry', interval: 0 },
        ext: { auth: { expires_in: 60, refresh_before: 60 } },
      },
    ]);
    clock.advance(MAX_INTERVAL - 1);
    expect(session.endedBy).toBeUndefined();
    clock.advance(1);
    expect(session.endedBy).toBe('timeout');
    const types = audited.map(({ type }) => type);
    expect(types).toEqual(['token_expired', 'session_suspended', 'refresh_ok', 'session_resumed']);
  });

  it('answers the connect that is held for being too early', () => {
    const { clock, request, alice, refreshing } = lives({ refreshLead: 0 });
    const { session, link } = refreshing();
    clock.advance(LIFE + GRACE);
    push(session, 1);
    void request(link, [connect(session, { id: '2' })]);
    expect(said(link)).toMatchObject([{ id: 'held', ...EXPIRED }]);
    void request(link, [message(session, AUTH, { id: '3' })], alice());
    expect(said(link)).toMatchObject([
      { data: 1 },
      { id: '2', successful: true },
      { id: '3', channel: AUTH, successful: true, ext: { auth: { expires_in: 60 } } },
    ]);
  });

  it.each<[string, boolean, (now: number) => Partial<Principal>]>([
    ['issued later, with a shorter life', true, (now) => ({ issuedAt: now, expiresAt: now + 5_000 })],
    [
      'issued earlier, with a longer life',
      false,
      (now) => ({ issuedAt: now - 60_000, expiresAt: now + DAY }),
    ],
    ['issued at once, with a longer life', true, (now) => ({ issuedAt: now - 20_000, expiresAt: now + DAY })],
    ['issued at once, with a shorter life', false, (now) => ({ issuedAt: now - 20_000, expiresAt: now + 1 })],
    ['that is the same', false, (now) => ({ issuedAt: now, expiresAt: now + DAY, tokenRef: 'first' })],
    ['that has expired meanwhile', false, (now) => ({ issuedAt: now, expiresAt: now })],
    ['of unknown issue, with a longer life', true, (now) => ({ expiresAt: now + DAY })],
    ['of unknown issue, with a shorter life', false, (now) => ({ expiresAt: now + 1_000 })],
    ['that never ends', true, () => ({})],
  ])('%s is taken: %s', (_, taken, claims) => {
    const { clock, request, alice, refreshing } = lives();
    const first = alice(LIFE, { tokenRef: 'first' });
    const { session, link } = refreshing(first);
    clock.advance(20_000);
    const second = user('alice', claims(clock.wallTime()));
    void request(link, [message(session, '/a')], second);
    expect(session.principal).toBe(taken ? second : first);
    expect(link.take().map(({ ext }) => ext !== undefined)).toEqual([taken]);
  });

  it('in the grace may be an older one, if it is good', () => {
    const { clock, request, alice, refreshing } = lives();
    const older = alice(DAY);
    clock.advance(1_000);
    const { session, link } = refreshing(alice());
    clock.advance(LIFE);
    void request(link, [message(session, '/a')], older);
    expect(session.principal).toBe(older);
    expect(said(link).at(-1)).toMatchObject({ channel: '/a', successful: true });
  });

  it('is told to whoever listens to the session, and so is the end of the one before', () => {
    const { clock, request, alice, refreshing } = lives();
    const { session, link } = refreshing();
    const told: unknown[] = [];
    session.mailbox.observers.add({
      tokenExpired: () => void told.push('expired'),
      tokenRenewed: () => void told.push(session.principal),
    });
    clock.advance(LIFE);
    const fresh = alice();
    void request(link, [message(session, AUTH)], fresh);
    expect(told).toEqual(['expired', fresh]);
  });

  it('is told of with the reply to a publish, also if it is none', () => {
    const { request, alice, refreshing } = lives();
    const principal = alice(LIFE, { scopes: ['news', 'chat'] });
    const { session, link } = refreshing(principal);
    void request(link, [message(session, AUTH, { id: '1' })], principal);
    expect(said(link)).toEqual([
      {
        channel: AUTH,
        id: '1',
        successful: true,
        ext: { auth: { expires_in: 60, refresh_before: 54, scope: 'news chat' } },
      },
    ]);
    void request(link, [message(session, AUTH)]);
    expect(said(link)).toMatchObject([{ error: '400::data_missing' }]);
  });

  it.each<[string, Partial<Principal>]>([
    ['another user', { userId: 'bob' }],
    ['another subject or issuer', { identity: 'elsewhere user:alice' }],
    ['another kind', { kind: 'service', userId: null }],
    ['another tenant', { tenant: 'globex' }],
    ['another client', { clientId: 'batch' }],
  ])('T23: of %s is refused, and changes nothing', (_, other) => {
    const { clock, request, alice, refreshing, audited } = lives();
    const principal = alice(LIFE, { clientId: 'portal' });
    const { session, link } = refreshing(principal);
    clock.advance(1_000);
    const foreign = alice(DAY, { clientId: 'portal', ...other });
    void request(link, [message(session, AUTH), connect(session)], foreign);
    expect(said(link)).toMatchObject([
      { error: '403::principal_mismatch' },
      { error: '403::principal_mismatch', advice: { reconnect: 'handshake', interval: 0 } },
    ]);
    expect(session.principal).toBe(principal);
    expect(audited).toMatchObject([{ type: 'refresh_denied', principal, reason: '403::principal_mismatch' }]);
  });

  it('of another client is taken with anyClient', () => {
    const { clock, request, alice, refreshing } = lives({ anyClient: true });
    const { session, link } = refreshing(alice(LIFE, { clientId: 'portal' }));
    clock.advance(1_000);
    void request(link, [message(session, AUTH)], alice(LIFE, { clientId: 'mobile' }));
    expect(said(link)).toMatchObject([{ successful: true }]);
    expect(session.principal.clientId).toBe('mobile');
  });

  it('T33: takes along what it does not grant, and what waits of it', () => {
    let granted: readonly string[] = ['/a', '/b'];
    const { clock, server, request, alice, refreshing } = lives(
      { refreshLead: 0 },
      {
        authority: {
          anonymous: undefined,
          subscribe: (_, name) => (granted.includes(name) ? ALLOWED : DENIED),
          publish: () => ALLOWED,
          call: () => ALLOWED,
        },
      },
    );
    const { session, link } = refreshing();
    void request(link, [message(session, '/meta/subscribe', { subscription: ['/a', '/b'] })]);
    clock.advance(LIFE + GRACE);
    for (const channel of ['/a', '/b'])
      void server.send({ tenant: '', channel, data: 'kept', ext: undefined, lazy: undefined });
    link.take();
    granted = ['/b'];
    void request(link, [connect(session)], alice());
    expect(said(link)).toMatchObject([
      { channel: '/b', data: 'kept' },
      { channel: AUTH, data: { type: 'unsubscribed', channels: ['/a'] } },
      { channel: '/meta/connect', successful: true },
    ]);
    expect([...session.state.subscriptions]).toEqual(['/b']);
  });

  it('T33: lets nothing through while its subscriptions are being decided', async () => {
    const { promise, resolve } = deferred<typeof DENIED>();
    let slow = false;
    const { clock, request, alice, refreshing } = lives(
      { refreshLead: 0 },
      {
        authority: {
          anonymous: undefined,
          subscribe: () => (slow ? promise : ALLOWED),
          publish: () => ALLOWED,
          call: () => ALLOWED,
        },
      },
    );
    const { session, link } = refreshing();
    void request(link, [message(session, '/meta/subscribe', { subscription: '/push' })]);
    clock.advance(LIFE + GRACE);
    link.take();
    push(session, 'secret');
    slow = true;
    void request(link, [connect(session)], alice());
    clock.turn();
    expect(said(link)).toMatchObject([{ channel: '/meta/connect', successful: true }]);
    resolve(DENIED);
    await settled();
    clock.turn();
    expect(link.takeData()).toEqual([{ type: 'unsubscribed', channels: ['/push'] }]);
  });

  it('T33: takes back what was being decided by the token before, and holds up no pushes for it', async () => {
    const { promise, resolve } = deferred<typeof ALLOWED>();
    let granted = true;
    const { clock, request, alice, refreshing } = lives(
      {},
      {
        authority: {
          anonymous: undefined,
          subscribe: (_, name) => (name === '/slow' && granted ? promise : granted ? ALLOWED : DENIED),
          publish: () => ALLOWED,
          call: () => ALLOWED,
        },
      },
    );
    const { session, link } = refreshing();
    void request(link, [message(session, '/meta/subscribe', { subscription: '/slow' })]);
    clock.advance(1_000);
    granted = false;
    void request(link, [connect(session)], alice());
    push(session, 1);
    clock.turn();
    expect(link.takeData()).toEqual([1]);
    resolve(ALLOWED);
    await settled();
    clock.turn();
    expect(said(link)).toMatchObject([{ channel: '/meta/subscribe', successful: false }]);
    expect([...session.state.subscriptions]).toEqual([]);
  });
});

describe('the age of a session', () => {
  it('ends it whatever its tokens, and its client is told to handshake', () => {
    const { clock, request, alice, refreshing } = lives({ maxSessionAge: 100_000 }, { random: () => 0.5 });
    const { session, link } = refreshing();
    clock.advance(50_000);
    void request(link, [connect(session)], alice(DAY));
    void request(link, [connect(session)]);
    link.take();
    clock.advance(49_999);
    expect(said(link)).toEqual([]);
    clock.advance(1);
    expect(session.endedBy).toBe('max_age');
    expect(said(link)).toMatchObject([
      { error: '402::session_unknown', advice: { reconnect: 'handshake', interval: 2_500 } },
    ]);
  });

  it('T10: caps a token that is good until the year 9999', () => {
    const { clock, refreshing } = lives({ maxSessionAge: DAY }, {}, { timeout: 2 * DAY });
    const { session } = refreshing(user('alice', { expiresAt: Date.UTC(9999, 0) }));
    clock.advance(DAY - 1);
    expect(session.endedBy).toBeUndefined();
    clock.advance(1);
    expect(session.endedBy).toBe('max_age');
  });

  it('is no matter for anonymous sessions, which have no more deadlines than before', () => {
    const anonymous: Principal = { kind: 'anonymous', tenant: '', userId: null, identity: '' };
    const { clock, request, server } = harness({
      options: { timeout: 2 * DAY },
      authority: {
        anonymous,
        subscribe: () => ALLOWED,
        publish: () => ALLOWED,
        call: () => ALLOWED,
      },
    });
    const link = socket();
    void request(link, [{ channel: '/meta/handshake' }]);
    const [reply] = link.take();
    expect(reply).not.toHaveProperty('ext');
    const session = server.sessions.find(reply?.clientId ?? '') as Session;
    expect(session.credential).toBeUndefined();
    expect(server.counts.deadlines).toBe(1);
    void request(link, [connect(session)]);
    void request(link, [connect(session)]);
    clock.advance(DAY);
    expect(session.endedBy).toBeUndefined();
    session.end('kick');
  });
});

describe('a handshake', () => {
  it('with a token that has expired since it was verified is refused', () => {
    const { clock, request } = lives();
    const link = socket();
    void request(link, [{ channel: '/meta/handshake' }], user('alice', { expiresAt: clock.wallTime() }));
    expect(said(link)).toMatchObject([{ ...EXPIRED, advice: { reconnect: 'none' } }]);
  });

  it('with one that never expires is told its scopes only', () => {
    const { request } = lives();
    const link = socket();
    void request(link, [{ channel: '/meta/handshake' }], user('alice', { scopes: ['news'] }));
    expect(link.take()[0]?.ext).toEqual({ auth: { scope: 'news', refresh: true } });
  });
});
