import { Turns } from '../../src/bayeux/turns.js';
import { deferred, harness, message, settled } from './support/core.harness.js';
import { poll } from './support/fake.link.js';
import { VirtualClock } from './support/virtual.clock.js';

const OK = { successful: true };
const MANY = { rate: { perSecond: 0, burst: 1 } };

describe('Turns', () => {
  it('[L5] T73 lets each have its turn, and those that come again wait behind the others', () => {
    const clock = new VirtualClock();
    const turns = new Turns(clock);
    const ran: string[] = [];
    const step = (name: string, times: number): void => {
      ran.push(name);
      if (times > 1)
        turns.next(() => {
          step(name, times - 1);
        });
    };
    for (const name of ['a', 'b', 'c'])
      turns.next(() => {
        step(name, 2);
      });
    expect(turns.busy).toBe(true);
    clock.turn();
    expect(ran).toEqual(['a', 'b', 'c']);
    clock.turn();
    expect(ran).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect({ busy: turns.busy, waiting: clock.pendingTasks }).toEqual({ busy: false, waiting: 0 });
  });

  it('[L5] T73 stop when they have taken long enough, also if one of them fails', () => {
    const clock = new VirtualClock();
    const turns = new Turns(clock);
    const ran: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      turns.next(() => {
        ran.push(name);
        clock.sleep(10);
        if (name === 'c') throw new Error('broken');
      });
    }
    clock.turn();
    expect(ran).toEqual(['a', 'b']);
    expect(() => {
      clock.turn();
    }).toThrow('broken');
    clock.turn();
    expect(ran).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('[L5] T73 a request of a thousand messages', () => {
  it('lets others have their turn, and keeps its order', async () => {
    const subject = harness({ options: MANY });
    const [long, other] = [subject.overSocket(), subject.overSocket()];
    const publish = (data: number) => message(long.session, '/a', { id: String(data), data });
    void subject.request(
      long.link,
      Array.from({ length: 1_000 }, (_, index) => publish(index)),
    );
    void subject.request(long.link, [publish(1_000)]);
    expect(long.link.take()).toHaveLength(100);
    void subject.request(other.link, [message(other.session, '/b')]);
    expect(other.link.take()).toMatchObject([OK]);
    while (subject.server.turns.busy) subject.clock.turn();
    await settled();
    expect(long.link.take().map(({ id }) => Number(id))).toEqual(
      Array.from({ length: 901 }, (_, index) => 100 + index),
    );
  });

  it('keeps its place before all that come after it, whenever they come', async () => {
    const subject = harness({ options: MANY });
    const { session, link } = subject.overSocket();
    const { clock, server } = subject;
    let said = 0;
    const say = (count: number): void => {
      const batch = Array.from({ length: count }, () => message(session, '/a', { id: String(said++) }));
      void subject.request(link, batch);
    };
    for (const count of [250, 150, 5, 250, 1]) say(count);
    // They come in the same turn in which the last slice of an earlier one is taken.
    for (let turn = 0; turn < 6; turn++) {
      server.turns.next(() => {
        say(3);
      });
      clock.turn();
      say(1);
      if (turn % 2 > 0) await settled();
    }
    void subject.request(link, [message(session, '/meta/disconnect', { id: String(said++) })]);
    while (server.turns.busy || link.written.flat().length < said) {
      clock.turn();
      await settled();
    }
    const replies = link.take();
    expect(replies.map(({ id }) => Number(id))).toEqual(Array.from({ length: said }, (_, index) => index));
    expect(replies.every(({ successful }) => successful)).toBe(true);
  });

  it('is answered with one response over HTTP, and the next one of the session waits for it', async () => {
    const subject = harness({ options: MANY });
    const { session } = subject.overPoll();
    const [first, second] = [poll(), poll()];
    const handled = subject.request(
      first,
      Array.from({ length: 250 }, (_, data) => message(session, '/a', { data })),
    );
    void subject.request(second, [message(session, '/meta/subscribe', { subscription: '/a' })]);
    subject.clock.turn();
    expect([first.written, second.written]).toEqual([[], []]);
    subject.clock.turn();
    await handled;
    expect(first.written.map((array) => array.length)).toEqual([250]);
    await settled();
    expect(second.written).toMatchObject([[OK]]);
  });

  it('does not fill the queue of its own session', () => {
    const subject = harness({ options: { ...MANY, queue: { maxMessages: 150, maxBytes: 1_000_000 } } });
    const { session, link } = subject.overSocket();
    void subject.request(link, [message(session, '/meta/subscribe', { subscription: '/a' })]);
    link.take();
    void subject.request(
      link,
      Array.from({ length: 1_000 }, (_, data) => message(session, '/a', { data })),
    );
    while (subject.server.turns.busy) subject.clock.turn();
    subject.clock.turn();
    expect(link.takeData()).toEqual(Array.from({ length: 1_000 }, (_, data) => data));
    expect(session.ended).toBe(false);
  });

  it('waits for handlers that take their time as a short one does', async () => {
    const answer = deferred<{ kind: 'done' }>();
    const subject = harness({ options: MANY, services: { call: () => answer.promise } });
    const { session, link } = subject.overSocket();
    const calls = [5, 150].map((at) => [at, message(session, '/service/x', { id: `call ${at}` })] as const);
    const said = Array.from({ length: 200 }, (_, data) => message(session, '/a', { id: String(data), data }));
    for (const [at, call] of calls) said[at] = call;
    const handled = subject.request(link, said);
    while (subject.server.turns.busy) subject.clock.turn();
    expect(link.take()).toHaveLength(5);
    answer.resolve({ kind: 'done' });
    await handled;
    expect(link.take().map(({ id }) => id)).toEqual(said.slice(5).map(({ id }) => id));
  });

  it('joins those that wait already', () => {
    const subject = harness({ options: MANY });
    const sessions = [1, 2, 3].map(() => subject.overSocket());
    const batch = (at: number, size: number) => {
      const { session, link } = sessions[at] as (typeof sessions)[number];
      void subject.request(
        link,
        Array.from({ length: size }, () => message(session, '/a')),
      );
      return link.take().length;
    };
    expect([batch(0, 150), batch(1, 50), batch(2, 5)]).toEqual([100, 0, 5]);
    subject.clock.turn();
    expect(sessions.map(({ link }) => link.take().length)).toEqual([50, 50, 0]);
  });

  it('ends with its session and its connection', async () => {
    const subject = harness({ options: MANY });
    const { session, link } = subject.overSocket();
    const handled = subject.request(
      link,
      Array.from({ length: 150 }, () => message(session, '/a')),
    );
    session.end('kick');
    subject.clock.turn();
    await handled;
    expect(
      link
        .take()
        .slice(101)
        .map(({ error }) => error),
    ).toEqual(Array(50).fill('402::session_unknown'));
    expect(subject.server.counts).toMatchObject({ sessions: 0, deadlines: 0 });
  });
});
