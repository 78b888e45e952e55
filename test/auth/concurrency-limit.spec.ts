import { ConcurrencyLimit, type ConcurrencyBounds, type Share } from '../../src/auth/concurrency-limit.js';
import { deferred, settled } from '../bayeux/support/core.harness.js';

const share = (party: string, lane: Share['lane'] = 'clients'): Share => ({ lane, party });

/** A limit whose tasks are named, and end when the test says so. */
class Stage {
  now = 0;
  readonly started: string[] = [];
  readonly refused: string[] = [];
  readonly limit: ConcurrencyLimit;
  readonly #ends = new Map<string, () => void>();

  constructor(bounds: Partial<ConcurrencyBounds> = {}) {
    this.limit = new ConcurrencyLimit({ running: 4, waiting: 6, patience: 1_000, ...bounds }, () => this.now);
  }

  add(name: string, of?: Share): void {
    const { promise, resolve } = deferred<undefined>();
    this.#ends.set(name, () => {
      resolve(undefined);
    });
    const task = (): Promise<undefined> => {
      this.started.push(name);
      return promise;
    };
    this.limit.run(task, of).catch(() => this.refused.push(name));
  }

  async end(...names: string[]): Promise<void> {
    for (const name of names) {
      this.#ends.get(name)?.();
      await settled();
    }
  }
}

describe('tasks that are shared out', () => {
  it('[L1] T68 start in turn for all parties, however many one of them has', async () => {
    const stage = new Stage();
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) stage.add(name, share('a'));
    stage.add('b1', share('b'));
    // A quarter is kept from each party.
    expect(stage.started).toEqual(['a1', 'a2', 'a3', 'b1']);
    stage.add('b2', share('b'));
    stage.add('c1', share('c'));
    await stage.end('a1', 'a2', 'a3');
    expect(stage.started.slice(4)).toEqual(['a4', 'b2', 'c1']);
  });

  it('[L1] T68 start in turn for all lanes', async () => {
    const stage = new Stage({ running: 10, waiting: 50 });
    for (let client = 0; client < 40; client++) stage.add(`n${client}`, share(`network ${client}`));
    // A tenth is kept from each lane.
    expect(stage.started).toHaveLength(9);
    stage.add('controller', share('c', 'controllers'));
    stage.add('recheck', share('', 'rechecks'));
    stage.add('another', share('', 'rechecks'));
    expect(stage.started.slice(9)).toEqual(['controller']);
    await stage.end('n0', 'n1', 'n2');
    expect(stage.started.slice(10)).toEqual(['n9', 'recheck', 'n10']);
  });

  it('[L1] T68 past what may wait make room for a party that has fewer', async () => {
    const stage = new Stage({ running: 1, waiting: 3 });
    for (const name of ['a1', 'a2', 'a3', 'a4', 'a5']) stage.add(name, share('a'));
    stage.add('b1', share('b'));
    await settled();
    expect(stage.refused).toEqual(['a5', 'a4']);
    await stage.end('a1', 'a2', 'b1');
    expect(stage.started).toEqual(['a1', 'a2', 'b1', 'a3']);
    expect(stage.limit.waiting).toBe(0);
  });

  it('of one party wait up to a number of its own', async () => {
    const stage = new Stage({ running: 1, waiting: 10, waitingOfParty: 1 });
    for (const name of ['a1', 'a2', 'a3']) stage.add(name, share('a'));
    stage.add('b1', share('b'));
    await settled();
    expect(stage.refused).toEqual(['a3']);
  });

  it('that have waited for too long are not started', async () => {
    const stage = new Stage({ running: 1 });
    stage.add('first', share('a'));
    stage.add('late', share('a'));
    stage.now = 500;
    stage.add('in time', share('b'));
    stage.now = 1_000;
    await stage.end('first');
    expect(stage.started).toEqual(['first', 'in time']);
    expect(stage.refused).toEqual(['late']);
  });

  it('of a party that may run nothing any more are refused, with those that wait', async () => {
    let room = 1;
    const stage = new Stage({ running: Infinity, ofParty: () => room });
    for (const name of ['a1', 'a2', 'a3']) stage.add(name, share('a'));
    expect(stage.started).toEqual(['a1']);
    room = 0;
    await stage.end('a1');
    stage.add('a4', share('a'));
    await settled();
    expect(stage.refused).toEqual(['a2', 'a3', 'a4']);
    room = 1;
    stage.add('a5', share('a'));
    expect(stage.started).toEqual(['a1', 'a5']);
  });

  it('that never end take no room for ever', async () => {
    const stage = new Stage({ running: 1, lostAfter: 5_000 });
    stage.add('lost', share('a'));
    stage.now = 5_000;
    stage.add('next', share('a'));
    expect(stage.started).toEqual(['lost', 'next']);
    // It ends after all, and gives back nothing twice.
    await stage.end('lost');
    stage.add('waits', share('a'));
    expect(stage.started).toEqual(['lost', 'next']);
    await stage.end('next');
    expect(stage.started).toEqual(['lost', 'next', 'waits']);
  });
});
