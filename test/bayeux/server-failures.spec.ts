import { connect, deferred, harness, message, settled, user } from './support/core.harness.js';
import { poll } from './support/fake.link.js';

const broken = (): never => {
  throw new Error('a secret of the server');
};

/** An engine that delivers nothing. */
function engine(publish: () => never | Promise<never>) {
  return {
    start: () => undefined,
    publish,
    revoke: () => ({ sessions: 0 }),
    revoked: () => [],
    stop: () => undefined,
  };
}

describe('a message that could not be handed on', () => {
  it.each([
    ['throws', broken],
    ['rejects', () => Promise.reject(new Error('a secret of the server'))],
  ])('where the engine %s is answered with 503::publish_failed, and may be repeated', async (_, publish) => {
    const { overSocket, request, log } = harness({ engine: engine(publish) });
    const { session, link } = overSocket();
    await request(link, [message(session, '/news', { id: '1' })]);
    expect(link.take()).toEqual([
      { channel: '/news', id: '1', successful: false, error: '503::publish_failed' },
    ]);
    expect(log.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(session.endedBy).toBeUndefined();
  });

  it('within hookTimeout is answered with 503::publish_failed too', async () => {
    const { promise } = deferred<never>();
    const options = { hookTimeout: 2_000 };
    const { overSocket, request, clock } = harness({ engine: engine(() => promise), options });
    const { session, link } = overSocket();
    void request(link, [message(session, '/news', { id: '1' })]);
    clock.advance(1_999);
    await settled();
    expect(link.take()).toEqual([]);
    clock.advance(1);
    await settled();
    expect(link.take()).toMatchObject([{ id: '1', error: '503::publish_failed' }]);
  });
});

describe('a server that fails itself', () => {
  it('answers a handshake with 500::server_error, for good', () => {
    const { request, log, server } = harness({ ids: { clientId: broken } });
    const link = poll();
    void request(link, [{ channel: '/meta/handshake', id: '1' }], user('alice'));
    expect(link.take()).toMatchObject([
      { id: '1', successful: false, error: '500::server_error', advice: { reconnect: 'none' } },
    ]);
    expect(log.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(server.counts.sessions).toBe(0);
  });

  it('answers another message with 500::server_error, and goes on', () => {
    const { overSocket, request, log, server } = harness();
    const { session, link } = overSocket();
    Object.assign(server.subscriptions, { has: broken });
    void request(link, [
      { channel: '/meta/subscribe', clientId: session.id, id: '1', subscription: '/a' },
      connect(session, { id: '2', advice: { timeout: 0 } }),
    ]);
    expect(link.take()).toMatchObject([
      { id: '1', successful: false, error: '500::server_error' },
      { id: '2', successful: true },
    ]);
    expect(log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});
