import type { QueuePolicy } from '../../src/bayeux/queue-policy.js';
import { connect, harness, push, user } from './support/core.harness.js';
import { poll, socket } from './support/fake.link.js';

/** A session whose socket takes what it is given, but has not sent it yet. */
function stuck(queuePolicy: QueuePolicy) {
  const all = harness({ options: { queue: { maxMessages: 3, maxBytes: 10_000 }, queuePolicy } });
  const { session, link } = all.overSocket(user('alice'), true);
  const dropped: unknown[] = [];
  session.mailbox.observers.add({ dropped: ({ data }) => void dropped.push(data) });
  return { ...all, session, link, dropped };
}

describe('a full queue of a socket', () => {
  it('loses nothing to a burst that the socket takes', () => {
    const { session, link, clock, dropped } = stuck('drop-oldest');
    push(session, 1, 2, 3, 4, 5, 6, 7);
    clock.turn();
    expect(link.takeData()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(dropped).toEqual([]);
  });

  it('drops the oldest that it holds itself while the socket is congested', () => {
    const { session, link, clock, dropped } = stuck('drop-oldest');
    link.congested = true;
    push(session, 1, 2, 3, 4, 5);
    expect(dropped).toEqual([1, 2]);
    link.congested = false;
    link.settle(true);
    push(session, 6);
    clock.turn();
    expect(link.takeData()).toEqual([3, 4, 5, 6]);
  });

  it('keeps the order when the socket gives back what it was given, the oldest of which go first', () => {
    const { session, link, clock, server, request, dropped } = stuck('drop-oldest');
    push(session, 1, 2, 3);
    clock.turn();
    link.congested = true;
    push(session, 4, 5);
    server.closed(link);
    // More wait than may, for a while: what was accepted is not lost for coming back.
    expect(dropped).toEqual([]);
    push(session, 6);
    expect(dropped).toEqual([1, 2, 3]);
    const next = socket();
    void request(next, [connect(session, { advice: { timeout: 0 } })]);
    expect(next.takeData()).toEqual([4, 5, 6]);
  });

  it('drops nothing that is under way in a response, which counts', () => {
    const { server, clock, dropped, session, request, link } = stuck('drop-oldest');
    server.closed(link);
    push(session, 1, 2, 3);
    const lost = poll(true);
    void request(lost, [connect(session)]);
    push(session, 4);
    expect(dropped).toEqual([4]);
    server.closed(lost);
    lost.settle(false);
    clock.turn();
    const next = socket();
    void request(next, [connect(session, { advice: { timeout: 0 } })]);
    expect(next.takeData()).toEqual([1, 2, 3]);
  });

  it('has what a function puts into it sent when the socket reads again', () => {
    const { session, link, clock } = stuck(({ message, waiting }) => [...waiting.slice(-1), message]);
    link.congested = true;
    push(session, 1, 2, 3, 4);
    clock.turn();
    expect(link.takeData()).toEqual([]);
    link.congested = false;
    link.settle(true);
    push(session, 5);
    clock.turn();
    expect(link.takeData()).toEqual([3, 4, 5]);
  });

  it('that was emptied by a function may wait, and takes what comes next', () => {
    const { session, link, clock, dropped } = stuck(() => []);
    link.congested = true;
    push(session, 1, 2, 3, 4, 5);
    expect(dropped).toEqual([1, 2, 3, 4]);
    link.congested = false;
    clock.turn();
    push(session, 6);
    clock.turn();
    expect(link.takeData()).toEqual([5, 6]);
  });
});
