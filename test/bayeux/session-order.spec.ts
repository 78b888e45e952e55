import type { ServiceCall, ServiceOutcome } from '../../src/bayeux/service.js';
import { connect, deferred, harness, message, push, settled, user } from './support/core.harness.js';
import { poll } from './support/fake.link.js';

const DONE: ServiceOutcome = { kind: 'done' };

/** Services that answer when the test says so. */
function slowServices() {
  const calls: { channel: string; data: unknown; finish: (outcome?: ServiceOutcome) => void }[] = [];
  return {
    calls,
    call: ({ channel, data }: ServiceCall): Promise<ServiceOutcome> => {
      const { promise, resolve } = deferred<ServiceOutcome>();
      calls.push({ channel, data, finish: (outcome = DONE) => resolve(outcome) });
      return promise;
    },
  };
}

describe('the messages of a session', () => {
  it('reach services one after the other', async () => {
    const services = slowServices();
    const { overSocket, request } = harness({ services });
    const { session, link } = overSocket();
    void request(link, [
      message(session, '/service/a', { id: '1' }),
      message(session, '/service/b', { id: '2' }),
    ]);
    void request(link, [message(session, '/service/c', { id: '3' })]);
    expect(services.calls.map(({ channel }) => channel)).toEqual(['/service/a']);

    services.calls[0]?.finish();
    await settled();
    expect(services.calls.map(({ channel }) => channel)).toEqual(['/service/a', '/service/b']);
    services.calls[1]?.finish();
    await settled();
    services.calls[2]?.finish();
    await settled();
    expect(link.take().map(({ id }) => id)).toEqual(['1', '2', '3']);
  });

  it('go on after a handler that failed', async () => {
    const services = slowServices();
    const { overSocket, request } = harness({ services });
    const { session, link } = overSocket();
    void request(link, [message(session, '/service/a'), message(session, '/service/b')]);
    services.calls[0]?.finish({ kind: 'failed', failure: { error: '500::service_failed' } });
    await settled();
    services.calls[1]?.finish();
    await settled();
    expect(link.take().map(({ successful }) => successful)).toEqual([false, true]);
  });

  it('subscribe, unsubscribe and publish in the order they came, also behind a slow handler', async () => {
    const services = slowServices();
    const { overSocket, request } = harness({ services });
    const { session, link } = overSocket();
    const other = overSocket(user('bob'));
    void request(link, [
      message(session, '/service/a', { id: 'call' }),
      { channel: '/meta/subscribe', clientId: session.id, subscription: '/news', id: 'sub' },
      message(session, '/news', { data: 'mine', id: 'publish' }),
      { channel: '/meta/unsubscribe', clientId: session.id, subscription: '/news', id: 'unsub' },
    ]);
    void request(other.link, [message(other.session, '/news', { data: 'too early' })]);
    services.calls[0]?.finish();
    await settled();
    void request(other.link, [message(other.session, '/news', { data: 'too late' })]);

    const written = link.take();
    expect(written.filter(({ data }) => data !== undefined)).toEqual([{ channel: '/news', data: 'mine' }]);
    expect(written.flatMap(({ id }) => id ?? [])).toEqual(['call', 'sub', 'publish', 'unsub']);
  });

  it('hold up neither connects nor pushes nor other sessions while a handler takes its time', async () => {
    const services = slowServices();
    const { overSocket, request, clock } = harness({ services });
    const { session, link } = overSocket();
    const other = overSocket(user('bob'));
    void request(link, [message(session, '/service/slow', { id: 'slow' })]);

    push(session, 'pushed meanwhile');
    clock.turn();
    expect(link.takeData()).toEqual(['pushed meanwhile']);

    void request(link, [connect(session, { id: 'connect', advice: { timeout: 0 } })]);
    expect(link.take().map(({ id }) => id)).toEqual(['connect']);

    void request(other.link, [message(other.session, '/news', { id: 'other' })]);
    expect(other.link.take().map(({ id }) => id)).toEqual(['other']);

    services.calls[0]?.finish();
    await settled();
    expect(link.take().map(({ id }) => id)).toEqual(['slow']);
  });

  it('are answered on a socket as far as they are ready, without waiting for a slow one behind them', async () => {
    const services = slowServices();
    const { overSocket, request } = harness({ services });
    const { session, link } = overSocket();
    void request(link, [
      message(session, '/news', { id: 'quick' }),
      message(session, '/service/slow', { id: 'slow' }),
      message(session, '/news', { id: 'behind' }),
    ]);
    expect(link.take().map(({ id }) => id)).toEqual(['quick']);
    services.calls[0]?.finish();
    await settled();
    expect(link.take().map(({ id }) => id)).toEqual(['slow', 'behind']);
  });

  it('come in order though the response to an earlier connect has not left yet', () => {
    const { overPoll, request, clock, server } = harness();
    const { session, held } = overPoll();
    push(session, 0);
    clock.turn();
    expect(held.takeData()).toEqual([0]);
    const slow = poll(true);
    void request(slow, [connect(session)]);
    push(session, 1);
    clock.turn();
    expect(slow.takeData()).toEqual([1]);
    // The client has moved to another network and asks again.
    const fresh = poll();
    void request(fresh, [connect(session)]);
    expect(slow.ends).toEqual(['superseded']);
    expect(fresh.takeData()).toEqual([1]);
    slow.settle(false);
    server.closed(slow);
    const next = poll();
    void request(next, [connect(session)]);
    push(session, 2);
    clock.turn();
    expect(next.takeData()).toEqual([2]);
  });

  it('are answered over HTTP together, in one response', async () => {
    const services = slowServices();
    const { overPoll, request } = harness({ services });
    const { session } = overPoll();
    const response = poll();
    void request(response, [
      message(session, '/news', { id: 'quick' }),
      message(session, '/service/slow', { id: 'slow' }),
    ]);
    expect(response.written).toEqual([]);
    services.calls[0]?.finish();
    await settled();
    expect(response.written).toHaveLength(1);
    expect(response.take().map(({ id }) => id)).toEqual(['quick', 'slow']);
  });

  it('are overtaken by a disconnect, which a slow handler cannot hold up', async () => {
    const services = slowServices();
    const { overSocket, request, server, clock } = harness({ services });
    const { session, link } = overSocket();
    void request(link, [message(session, '/service/slow', { id: 'slow' })]);
    void request(link, [message(session, '/news', { id: 'waiting' })]);
    void request(link, [{ channel: '/meta/disconnect', clientId: session.id, id: 'bye' }]);
    expect(link.take().map(({ id, successful }) => ({ id, successful }))).toEqual([
      { id: 'bye', successful: true },
    ]);
    expect(server.counts.sessions).toBe(0);
    services.calls[0]?.finish();
    await settled();
    expect(clock.armed).toBe(0);
  });
});
