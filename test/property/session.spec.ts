import fc from 'fast-check';
import { type Action, actions } from './support/action.js';
import { check } from './support/seeded.js';
import { World } from './support/world.js';

/** Clients as they are after their first steps, so that runs need not find these by themselves. */
const BEGINNING: readonly Action[] = [0, 1, 2].flatMap((client): Action[] => [
  { kind: 'handshake', client, way: client === 0 ? 'new socket' : 'poll', ack: client === 1 },
  { kind: 'connect', client, way: client === 0 ? 'socket' : 'poll', timeout: undefined, together: false },
  { kind: 'subscribe', client, way: client === 0 ? 'socket' : 'poll', names: ['/**'] },
]);

function live(world: World, life: readonly Action[]): void {
  for (const action of [...BEGINNING, ...life]) world.perform(action);
}

describe('sessions, whatever happens to their clients and connections', () => {
  it('give every client everything, once and in order, and leave nothing behind', () => {
    check(
      fc.property(actions, (life) => {
        const world = new World();
        live(world, life);
        world.settle();
        world.finish();
      }),
      100,
    );
  });

  it('end with the server', () => {
    check(
      fc.property(actions, (life) => {
        const world = new World();
        live(world, life);
        world.drain();
        world.finish();
      }),
      60,
    );
  });

  it('end rather than lose something where little may wait', () => {
    const ends = new Set<string | undefined>();
    check(
      fc.property(actions, (life) => {
        const world = new World({ queue: { maxMessages: 4, maxBytes: 200 } });
        live(world, life);
        for (const end of world.ends) ends.add(end);
        world.settle();
        world.finish();
      }),
      60,
    );
    expect([...ends]).toEqual(
      expect.arrayContaining(['overflow', 'kick', 'timeout', 'disconnect', undefined]),
    );
  });
});
