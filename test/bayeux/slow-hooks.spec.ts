import type { BayeuxServer } from '../../src/bayeux/server.js';
import { connect, deferred, harness, message, push, settled, user } from './support/core.harness.js';

/** A hook of the application that asks somebody else before a publish on `/slow` goes on. */
interface Hook {
  readonly name: string;
  readonly install: (server: BayeuxServer, answer: Promise<undefined>) => void;
}

const HOOKS: readonly Hook[] = [
  {
    name: 'an extension of the server',
    install: ({ extensions }, answer) => {
      extensions.add({ incoming: ({ channel }) => (channel === '/slow' ? answer : undefined) });
    },
  },
  {
    name: 'an extension of the session',
    install: ({ sessions }, answer) => {
      for (const session of sessions.all()) {
        session.extend({ incoming: ({ channel }) => (channel === '/slow' ? answer : undefined) });
      }
    },
  },
  {
    name: 'an authorizer',
    install: ({ channels }, answer) => {
      channels.open('', '/slow').authorizers.add(() => answer.then(() => 'grant'));
    },
  },
  {
    name: 'a listener to a channel',
    install: ({ channels }, answer) => {
      channels.open('', '/slow').listeners.add({ message: () => answer });
    },
  },
];

describe.each(HOOKS)('a message that waits for $name', ({ install }) => {
  function waiting() {
    const { promise, resolve } = deferred<undefined>();
    const all = harness();
    const client = all.overSocket();
    const other = all.overPoll(user('bob'));
    install(all.server, promise);
    const release = async (): Promise<void> => {
      resolve(undefined);
      await settled();
    };
    return { ...all, ...client, other, release };
  }

  it('holds up no pushes to its session', async () => {
    const { session, link, clock, request, release } = waiting();
    void request(link, [message(session, '/slow', { id: 'slow' })]);
    push(session, 'pushed meanwhile');
    clock.turn();
    expect(link.takeData()).toEqual(['pushed meanwhile']);
    await release();
    expect(link.take()).toMatchObject([{ id: 'slow', successful: true }]);
  });

  it('holds up no connect of its session, and nothing of others', async () => {
    const { session, link, request, release, other } = waiting();
    void request(link, [message(session, '/slow', { id: 'slow' })]);
    void request(link, [connect(session, { id: 'connect', advice: { timeout: 0 } })]);
    expect(link.take().map(({ id }) => id)).toEqual(['connect']);
    void request(other.held, [message(other.session, '/quick', { id: 'quick' })]);
    expect(other.held.take().map(({ id }) => id)).toEqual(['quick']);
    await release();
    expect(link.take().map(({ id }) => id)).toEqual(['slow']);
  });

  it('is answered behind the earlier ones of its session, and ahead of the later ones', async () => {
    const { session, link, request, release } = waiting();
    void request(link, [
      message(session, '/quick', { id: 'before' }),
      message(session, '/slow', { id: 'slow' }),
      message(session, '/quick', { id: 'after' }),
    ]);
    expect(link.take().map(({ id }) => id)).toEqual(['before']);
    await release();
    expect(link.take().map(({ id }) => id)).toEqual(['slow', 'after']);
  });

  it('leads nowhere if its session ends meanwhile', async () => {
    const { session, link, request, release, server, clock, other } = waiting();
    void request(other.held, [
      { channel: '/meta/subscribe', clientId: other.session.id, subscription: '/slow' },
    ]);
    other.held.take();
    void request(link, [message(session, '/slow', { id: 'slow' })]);
    session.end('kick');
    link.take();
    await release();
    clock.turn();
    expect(link.take().map(({ id }) => id)).toEqual(['slow']);
    expect(server.sessions.size).toBe(1);
  });
});
