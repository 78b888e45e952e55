import { LocalSession } from '../../src/bayeux/local-session.js';
import { harness, message, push, settled } from './support/core.harness.js';

const LISTEN = { subscribed: (): void => undefined };

describe('hooks that call back into the server', () => {
  it('may send what a full queue has lost, which does not hang', () => {
    const { overPoll, clock } = harness({
      options: { queue: { maxMessages: 2, maxBytes: 1_000 }, queuePolicy: 'drop-oldest' },
    });
    const { session, held } = overPoll();
    held.closed = true;
    session.closed(held);
    let losses = 0;
    session.mailbox.observers.add({
      dropped: () => {
        losses++;
        session.send({ channel: '/lost', data: losses });
      },
    });
    push(session, 1, 2, 3);
    clock.turn();
    expect(losses).toBe(1);
    expect(session.mailbox.waiting).toBe(2);
  });

  it('may end the session that subscribes, of which nothing is left', () => {
    const { overSocket, request, server } = harness();
    server.listeners.add({ ...LISTEN, subscribed: (session) => session.end('kick') });
    const { session, link } = overSocket();
    const subscription = ['/a', '/b'];
    void request(link, [{ channel: '/meta/subscribe', clientId: session.id, id: '1', subscription }]);
    expect(link.take().at(-1)).toMatchObject({ id: '1', error: '403::subscribe_failed' });
    expect(server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
  });

  it('may settle an authorizer for a new channel, which its first subscriber meets too', () => {
    const { overSocket, request, server } = harness();
    server.listeners.add({ configureChannel: ({ authorizers }) => void authorizers.add(() => 'deny') });
    const { session, link } = overSocket();
    const ask = (): unknown => {
      void request(link, [
        { channel: '/meta/subscribe', clientId: session.id, id: '1', subscription: '/secret' },
      ]);
      return link.take().at(-1)?.error;
    };
    expect([ask(), ask()]).toEqual([
      '403:denied_by_security_policy:subscribe_denied',
      '403:denied_by_security_policy:subscribe_denied',
    ]);
    expect(server.channels.size).toBe(0);
  });

  it('of sessions of the server are called one after the other, in order', async () => {
    const { server } = harness();
    const local = new LocalSession(server, 'local');
    const heard: unknown[] = [];
    await local.subscribe('/a', ({ data }) => {
      heard.push(data);
      if (data === 1) local.session.send({ channel: '/a', data: 3 });
    });
    void local.batch(() => {
      local.session.send({ channel: '/a', data: 1 });
      local.session.send({ channel: '/a', data: 2 });
    });
    expect(heard).toEqual([1, 2, 3]);
    local.disconnect();
  });

  it('of two sessions of the server may answer each other many times', async () => {
    const { server } = harness();
    const [left, right] = [new LocalSession(server, 'left'), new LocalSession(server, 'right')];
    let count = 0;
    await left.subscribe('/left', () => void right.session.send({ channel: '/right', data: ++count }));
    right.listen('/right', () => {
      if (count < 3_000) left.session.send({ channel: '/left', data: ++count });
    });
    left.session.send({ channel: '/left', data: 0 });
    await settled();
    expect(count).toBeGreaterThanOrEqual(3_000);
    left.disconnect();
    right.disconnect();
  });

  it('that make a reply which JSON cannot express keep it back, and harm nobody else', () => {
    const { overSocket, request, server, log } = harness();
    const { session, link } = overSocket();
    server.extensions.add({ outgoing: ({ id }) => (id === 'bad' ? { id, ext: { n: 1n } } : undefined) });
    void request(link, [message(session, '/a', { id: 'bad' }), message(session, '/a', { id: 'good' })]);
    expect(link.take().map(({ id }) => id)).toEqual(['good']);
    expect(log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('cannot tell a client in their words that its session is gone', () => {
    const { overSocket, request, server } = harness();
    const { session, link } = overSocket();
    server.extensions.add({
      incoming: ({ channel }) => (channel === '/a' ? '402::session_unknown\n' : true),
    });
    void request(link, [message(session, '/a', { id: '1' })]);
    expect(link.take()).toMatchObject([{ id: '1', error: '404::message_deleted' }]);
  });
});
