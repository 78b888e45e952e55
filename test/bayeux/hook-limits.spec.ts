import type { Authority, MaybePromise } from '../../src/bayeux/ports.js';
import type { ServiceOutcome } from '../../src/bayeux/service.js';
import { TimeLimitError, withTimeLimit } from '../../src/bayeux/maybe-promise.js';
import { ALLOWED, deferred, DENIED, harness, message, settled, user } from './support/core.harness.js';
import { socket } from './support/fake.link.js';
import { VirtualClock } from './support/virtual.clock.js';

type Decide = Authority['subscribe'];

const never = new Promise<never>(() => undefined);

function authority(decide: Decide): Authority {
  return { anonymous: undefined, subscribe: decide, publish: decide, call: decide };
}

const OPERATIONS = [
  ['subscribe', '/meta/subscribe', { subscription: '/news' }],
  ['publish', '/news', {}],
  ['call', '/service/echo', {}],
] as const;

describe('an authority', () => {
  it.each(OPERATIONS)('that throws denies to %s', (operation, channel, more) => {
    const { overSocket, request, log } = harness({
      authority: authority(() => {
        throw new Error('secret reason');
      }),
    });
    const { session, link } = overSocket();
    void request(link, [message(session, channel, more)]);
    const [reply] = link.take();
    expect(reply).toMatchObject({
      successful: false,
      error: `403:denied_by_security_policy:${operation}_denied`,
    });
    expect(JSON.stringify(reply)).not.toContain('secret');
    expect(log.map(({ level }) => level)).toContain('error');
  });

  it.each(OPERATIONS)('that rejects denies to %s', async (operation, channel, more) => {
    const { overSocket, request } = harness({
      authority: authority(() => Promise.reject(new Error('secret reason'))),
    });
    const { session, link } = overSocket();
    await request(link, [message(session, channel, more)]);
    expect(link.take()).toMatchObject([
      { successful: false, error: `403:denied_by_security_policy:${operation}_denied` },
    ]);
  });

  it.each(OPERATIONS)(
    'that never answers denies to %s after `hookTimeout`',
    async (operation, channel, more) => {
      const { overSocket, request, clock } = harness({
        authority: authority(() => never),
        options: { hookTimeout: 1_000 },
      });
      const { session, link } = overSocket();
      const handled = request(link, [message(session, channel, more)]);
      clock.advance(999);
      await settled();
      expect(link.take()).toEqual([]);
      clock.advance(1);
      await handled;
      expect(link.take()).toMatchObject([
        { successful: false, error: `403:denied_by_security_policy:${operation}_denied` },
      ]);
    },
  );

  it.each(OPERATIONS)('that promises "yes" or "no" to %s is believed', async (operation, channel, more) => {
    const answers = [ALLOWED, DENIED];
    const { overSocket, request } = harness({
      authority: authority(() => Promise.resolve(answers.shift() ?? DENIED)),
      services: { call: () => ({ kind: 'done' }) },
    });
    const { session, link } = overSocket();
    await request(link, [message(session, channel, more)]);
    await request(link, [message(session, channel, more)]);
    expect(link.take()).toMatchObject([
      { successful: true },
      { successful: false, error: `403:denied_by_not_granting:${operation}_denied` },
    ]);
  });

  it('that throws for one of several channels leaves none of them subscribed', async () => {
    const { overSocket, request, server } = harness({
      authority: authority((_, channel) => {
        if (channel === '/c') throw new Error('no');
        return Promise.resolve(ALLOWED);
      }),
    });
    const { session, link } = overSocket();
    await request(link, [message(session, '/meta/subscribe', { subscription: ['/a', '/b', '/c'] })]);
    expect(link.take()).toMatchObject([{ successful: false, subscription: ['/a', '/b', '/c'] }]);
    expect(server.counts.channels).toBe(0);
  });

  it('that says yes after the session has ended subscribes nothing', async () => {
    const { promise, resolve } = deferred<typeof ALLOWED>();
    const { overSocket, request, server } = harness({ authority: authority(() => promise) });
    const { session, link } = overSocket();
    const handled = request(link, [message(session, '/meta/subscribe', { subscription: '/a' })]);
    session.end('kick');
    resolve(ALLOWED);
    await handled;
    expect(server.counts.channels).toBe(0);
  });
});

describe('a service', () => {
  const answers: [string, () => MaybePromise<ServiceOutcome>][] = [
    [
      'that throws',
      () => {
        throw new Error('secret reason');
      },
    ],
    ['that rejects', () => Promise.reject(new Error('secret reason'))],
  ];
  it.each(answers)('%s fails its call and tells the peer nothing', async (_, call) => {
    const { overSocket, request, log } = harness({ services: { call } });
    const { session, link } = overSocket();
    await request(link, [message(session, '/service/x', { id: '1' })]);
    expect(link.take()).toEqual([
      { channel: '/service/x', id: '1', successful: false, error: '500::service_failed' },
    ]);
    expect(log.map(({ level }) => level)).toEqual(['error']);
  });

  it('that never answers fails after `maxProcessing`, and the session goes on', async () => {
    const { overSocket, request, clock } = harness({
      services: { call: ({ channel }) => (channel === '/service/stuck' ? never : { kind: 'done' }) },
      options: { maxProcessing: 2_000 },
    });
    const { session, link } = overSocket();
    const handled = request(link, [message(session, '/service/stuck', { id: '1' })]);
    void request(link, [message(session, '/service/next', { id: '2' })]);
    clock.advance(2_000);
    await handled;
    await settled();
    expect(link.take()).toMatchObject([
      { id: '1', successful: false, error: '500::service_failed' },
      { id: '2', successful: true },
    ]);
  });

  it('keeps its session from expiring for `maxProcessing`, and no longer', async () => {
    const { overSocket, request, clock } = harness({
      services: { call: () => never },
      options: { maxProcessing: 50_000, maxInterval: 10_000, timeout: 10_000 },
    });
    const { session, link } = overSocket();
    void request(link, [message(session, '/service/stuck')]);
    clock.advance(49_000);
    expect(session.endedBy).toBeUndefined();
    clock.advance(1_000);
    await settled();
    clock.advance(20_000);
    expect(session.endedBy).toBe('timeout');
    expect(clock.armed).toBe(0);
  });
});

describe('admitting a session', () => {
  const refusals: [string, () => MaybePromise<void>][] = [
    [
      'throws',
      () => {
        throw new Error('secret reason');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret reason'))],
    [
      'rejects with nothing',
      () => {
        const { promise, reject } = deferred<undefined>();
        reject(undefined);
        return promise;
      },
    ],
  ];
  it.each(refusals)('refuses the handshake if it %s', async (_, admit) => {
    const { server, request, removed } = harness({
      listener: { admit, removed: (gone) => removed.push(gone.id) },
    });
    const link = socket();
    await request(link, [{ channel: '/meta/handshake', id: '1' }], user('alice'));
    expect(link.take()).toEqual([
      {
        channel: '/meta/handshake',
        id: '1',
        successful: false,
        error: '403::handshake_denied',
        supportedConnectionTypes: ['websocket', 'long-polling'],
        advice: { reconnect: 'none' },
      },
    ]);
    expect(link.refusals).toBe(1);
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
  });

  it('refuses the handshake if it takes longer than `hookTimeout`', async () => {
    const { server, request, clock } = harness({
      listener: { admit: () => never, removed: () => undefined },
      options: { hookTimeout: 500 },
    });
    const link = socket();
    const handled = request(link, [{ channel: '/meta/handshake' }], user('alice'));
    expect(server.counts.sessions).toBe(1);
    clock.advance(500);
    await handled;
    expect(link.take()).toMatchObject([{ error: '403::handshake_denied', advice: { reconnect: 'none' } }]);
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
  });
});

describe('withTimeLimit', () => {
  it('passes synchronous answers and exceptions through, and arms nothing for them', () => {
    const clock = new VirtualClock();
    expect(withTimeLimit(clock, 10, 'It', () => 7)).toBe(7);
    expect(() =>
      withTimeLimit(clock, 10, 'It', () => {
        throw new RangeError('as it is');
      }),
    ).toThrow(RangeError);
    expect(clock.armed).toBe(0);
  });

  it('disarms its deadline when the promise is settled in time', async () => {
    const clock = new VirtualClock();
    await expect(withTimeLimit(clock, 10, 'It', () => Promise.resolve(7))).resolves.toBe(7);
    await expect(withTimeLimit(clock, 10, 'It', () => Promise.reject(new RangeError('x')))).rejects.toThrow(
      RangeError,
    );
    expect(clock.armed).toBe(0);
  });

  it('rejects with a sentence when it is not', async () => {
    const clock = new VirtualClock();
    const limited = withTimeLimit(clock, 10, 'Asking', () => never);
    clock.advance(10);
    await expect(limited).rejects.toThrow(new TimeLimitError('Asking', 10));
    await expect(limited).rejects.toThrow('Asking took more than 10 ms.');
  });
});
