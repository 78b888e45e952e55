import type { Decision, Principal } from '../../src/bayeux/ports.js';
import { renew } from '../../src/bayeux/renewal.js';
import { recheckSubscriptions } from '../../src/bayeux/rechecking.js';
import { ALLOWED, deferred, DENIED, harness, message, user } from './support/core.harness.js';

const subscribe = (session: Parameters<typeof message>[0], ...subscription: string[]) => ({
  ...message(session, '/meta/subscribe'),
  subscription,
});

/** An authority that permits the subscriptions of a list, which may change. */
function permitting(permitted: () => readonly string[]) {
  const subscribe = (_: Principal, name: string): Decision => (permitted().includes(name) ? ALLOWED : DENIED);
  return { anonymous: undefined, subscribe, publish: () => ALLOWED, call: () => ALLOWED };
}

describe('subscriptions, when the principal of their session has changed', () => {
  it('are taken back where it may not have them any more, and told', () => {
    let permitted = ['/a', '/b', '/c/*'];
    const { server, overSocket, request } = harness({ authority: permitting(() => permitted) });
    const { session, link } = overSocket();
    const told: string[] = [];
    server.listeners.add({ unsubscribed: (_, name) => void told.push(name) });
    void request(link, [subscribe(session, '/a', '/b', '/c/*')]);
    expect(recheckSubscriptions(server, session)).toEqual([]);
    permitted = ['/b'];
    expect(recheckSubscriptions(server, session)).toEqual(['/a', '/c/*']);
    expect(told).toEqual(['/a', '/c/*']);
    expect([...session.state.subscriptions]).toEqual(['/b']);
    expect(server.subscriptions.size).toBe(1);
  });

  it('are decided side by side by authorizers that take their time, and what is clear goes at once', async () => {
    let permitted = ['/a', '/b', '/c'];
    const { server, overSocket, request, clock } = harness({
      authority: permitting(() => permitted),
      options: { hookTimeout: 1_000 },
    });
    const { session, link } = overSocket();
    void request(link, [subscribe(session, '/a', '/b', '/c')]);
    server.channels.open('', '/a').authorizers.add(() => new Promise(() => undefined));
    server.channels.open('', '/b').authorizers.add(() => new Promise(() => undefined));
    permitted = ['/a', '/b'];
    const removed = recheckSubscriptions(server, session);
    expect([...session.state.subscriptions]).toEqual(['/a', '/b']);
    clock.advance(1_000);
    expect(await removed).toEqual(['/a', '/b', '/c']);
    expect(session.state.subscriptions.size).toBe(0);
  });

  it('are not counted as taken back if they went by themselves', async () => {
    const { server, overSocket, request } = harness();
    const { session, link } = overSocket();
    void request(link, [subscribe(session, '/a')]);
    const answer = deferred<'deny'>();
    server.channels.open('', '/a').authorizers.add(() => answer.promise);
    const removed = recheckSubscriptions(server, session);
    server.unsubscribe(session, '/a');
    answer.resolve('deny');
    expect(await removed).toEqual([]);
  });

  it('of a session that has ended are left alone', () => {
    const { server, overSocket, request } = harness();
    const { session, link } = overSocket();
    void request(link, [subscribe(session, '/a')]);
    session.end('kick');
    expect(recheckSubscriptions(server, session)).toEqual([]);
  });
});

describe('a subscription that is decided while the token is renewed', () => {
  it('is decided again for the principal that the session has then', async () => {
    const asked: (number | undefined)[] = [];
    const first = deferred<Decision>();
    const authority = {
      ...permitting(() => []),
      subscribe: ({ expiresAt }: Principal) => {
        asked.push(expiresAt);
        return asked.length === 1 ? first.promise : Promise.resolve(DENIED);
      },
    };
    const { server, overSocket, request } = harness({ authority });
    const { session, link } = overSocket(user('alice', { expiresAt: 4_000_000_000_000 }));
    const answered = request(link, [subscribe(session, '/a')]);
    renew(server, session, user('alice', { expiresAt: 4_000_000_000_001 }));
    first.resolve(ALLOWED);
    await answered;
    expect(asked).toEqual([4_000_000_000_000, 4_000_000_000_001]);
    expect(server.subscriptions.size).toBe(0);
    session.end('kick');
  });
});

describe('the creation of a channel, where the rules have a say in it', () => {
  const create = (decision: () => Decision | Promise<Decision>) => {
    const asked: unknown[] = [];
    const authority = {
      ...{ anonymous: undefined, subscribe: () => ALLOWED, publish: () => ALLOWED, call: () => ALLOWED },
      create: (_: Principal, name: string, operation: string) => {
        asked.push([operation, name]);
        return decision();
      },
    };
    return { asked, ...harness({ authority }) };
  };

  it('is asked for once per name that has neither subscribers nor settings, and never for calls', async () => {
    const { asked, server, overSocket, request } = create(() => ALLOWED);
    const { session, link } = overSocket();
    void request(link, [subscribe(session, '/a', '/b/*')]);
    server.channels.open('', '/settled');
    server.channels.open(undefined, '/everywhere');
    for (const name of ['/a', '/b/*', '/settled', '/everywhere', '/new']) {
      expect(await server.decide('subscribe', session, name)).toEqual(ALLOWED);
    }
    expect(await server.decide('publish', session, '/b/c')).toEqual(ALLOWED);
    expect(await server.decide('call', session, '/service/a')).toEqual(ALLOWED);
    expect(asked).toEqual([
      ['subscribe', '/a'],
      ['subscribe', '/b/*'],
      ['subscribe', '/new'],
      ['publish', '/b/c'],
    ]);
  });

  it.each([
    ['at once', () => DENIED],
    ['later', () => Promise.resolve(DENIED)],
  ])('refuses what was to be done there, %s', async (_, decision) => {
    const { server, overSocket } = create(decision);
    const { session } = overSocket();
    expect(await server.decide('publish', session, '/a')).toEqual({ ...DENIED, operation: 'create' });
  });

  it('is denied by an exception', () => {
    const { server, overSocket, log } = create(() => {
      throw new Error('no');
    });
    const decision = server.decide('subscribe', overSocket().session, '/a');
    expect(decision).toEqual({ allowed: false, why: 'denied_by_security_policy' });
    expect(log.map(({ level }) => level)).toEqual(['error', 'debug']);
  });
});
