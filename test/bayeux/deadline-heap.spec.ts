import { DeadlineHeap } from '../../src/bayeux/deadline-heap.js';
import type { Deadline } from '../../src/bayeux/ports.js';
import { Random } from './support/random.js';

const rethrow = (error: unknown): void => {
  throw error;
};

describe('DeadlineHeap', () => {
  it('runs what is due, the earliest first, and leaves the rest armed', () => {
    const heap = new DeadlineHeap();
    const ran: string[] = [];
    for (const [name, time] of [
      ['c', 30],
      ['a', 10],
      ['d', 40],
      ['b', 20],
    ] as const) {
      heap.create(() => ran.push(name)).moveTo(time);
    }

    heap.runDue(30, rethrow);

    expect(ran).toEqual(['a', 'b', 'c']);
    expect(heap.size).toBe(1);
    expect(heap.earliest).toBe(40);
  });

  it('does not arm a deadline before it is moved, nor after it is cancelled', () => {
    const heap = new DeadlineHeap();
    const deadline = heap.create(() => undefined);
    expect([heap.size, deadline.due]).toEqual([0, undefined]);

    deadline.moveTo(5);
    expect([heap.size, deadline.due]).toEqual([1, 5]);

    deadline.cancel();
    deadline.cancel();
    expect([heap.size, deadline.due, heap.earliest]).toEqual([0, undefined, undefined]);
  });

  it('lets a deadline arm itself again while it runs', () => {
    const heap = new DeadlineHeap();
    const times: (number | undefined)[] = [];
    const deadline: Deadline = heap.create(() => {
      times.push(deadline.due);
      if (times.length < 3) deadline.moveTo(times.length * 10);
    });
    deadline.moveTo(0);

    heap.runDue(15, rethrow);

    expect(times).toEqual([undefined, undefined]);
    expect(deadline.due).toBe(20);
  });

  it('runs the others when one throws', () => {
    const heap = new DeadlineHeap();
    const errors: unknown[] = [];
    const ran: number[] = [];
    const failure = new Error('one of three');
    heap
      .create(() => {
        throw failure;
      })
      .moveTo(1);
    heap.create(() => ran.push(2)).moveTo(2);
    heap.create(() => ran.push(3)).moveTo(3);

    heap.runDue(3, (error) => errors.push(error));

    expect(errors).toEqual([failure]);
    expect(ran).toEqual([2, 3]);
    expect(heap.size).toBe(0);
  });

  it('lets one deadline cancel another that is due as well', () => {
    const heap = new DeadlineHeap();
    const ran: string[] = [];
    const second = heap.create(() => ran.push('second'));
    const first = heap.create(() => {
      ran.push('first');
      second.cancel();
    });
    first.moveTo(1);
    second.moveTo(1);
    // Both are due at once: whichever runs first decides.
    heap.runDue(1, rethrow);

    expect(ran).toContain('first');
    expect(heap.size).toBe(0);
  });

  it('forgets one that was paused when its time has come, and sooner if it is cancelled', () => {
    const heap = new DeadlineHeap();
    const ran: string[] = [];
    const [one, other, third] = ['one', 'other', 'third'].map((name) => heap.create(() => ran.push(name)));
    one?.moveTo(10);
    other?.moveTo(20);
    third?.moveTo(30);
    one?.pause();
    one?.pause();
    third?.pause();
    third?.cancel();
    expect([heap.size, heap.earliest, one?.due, third?.due]).toEqual([1, 20, undefined, undefined]);
    one?.moveTo(15);
    expect([heap.size, heap.earliest, one?.due]).toEqual([2, 15, 15]);
    one?.pause();
    heap.runDue(100, rethrow);
    expect(ran).toEqual(['other']);
    expect(heap.size).toBe(0);
  });

  it('tells when the first deadline becomes an earlier one, and only then', () => {
    const told: (number | undefined)[] = [];
    const heap = new DeadlineHeap(() => told.push(heap.earliest));
    const deadline = heap.create(() => undefined);
    deadline.moveTo(100);
    heap.create(() => undefined).moveTo(200);
    heap.create(() => undefined).moveTo(50);
    deadline.moveTo(60);
    deadline.moveTo(40);

    expect(told).toEqual([100, 50, 40]);
  });

  it.each([1, 2, 3, 4, 5])(
    'agrees with a list that is searched, over random operations (seed %i)',
    (seed) => {
      const random = new Random(seed);
      const heap = new DeadlineHeap();
      const model = new Map<number, number>();
      let ran: number[] = [];
      const deadlines = Array.from({ length: 60 }, (_, name) => heap.create(() => ran.push(name)));
      const at = (name: number): Deadline => deadlines[name] as Deadline;

      for (let step = 0; step < 4_000; step++) {
        const name = random.below(deadlines.length);
        const action = random.next();
        if (action < 0.6) {
          const time = random.below(1_000);
          at(name).moveTo(time);
          model.set(name, time);
        } else if (action < 0.75) {
          at(name).cancel();
          model.delete(name);
        } else if (action < 0.85) {
          at(name).pause();
          model.delete(name);
        } else {
          const now = random.below(300);
          const due = [...model].filter(([, time]) => time <= now);
          ran = [];
          heap.runDue(now, rethrow);
          // Deadlines of one moment may run in any order among themselves.
          expect(ran.map((ranName) => model.get(ranName))).toEqual(
            due.map(([, time]) => time).sort((left, right) => left - right),
          );
          expect(new Set(ran)).toEqual(new Set(due.map(([dueName]) => dueName)));
          for (const [dueName] of due) model.delete(dueName);
        }
        expect(heap.size).toBe(model.size);
        expect(heap.earliest).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
        expect(at(name).due).toBe(model.get(name));
      }
    },
  );
});
