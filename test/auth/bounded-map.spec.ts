import fc from 'fast-check';
import { BoundedMap } from '../../src/auth/bounded-map.js';

describe('BoundedMap', () => {
  it('gives out what is good, and nothing that is over', () => {
    const map = new BoundedMap<number>(10);
    map.set('a', 1, 100, 0);
    expect(map.get('a', 99)).toBe(1);
    expect(map.get('a', 100)).toBeUndefined();
    expect(map.size).toBe(0);
    map.set('b', 2, 100, 100);
    expect(map.size).toBe(0);
  });

  it('lets go first of what was not used for longest', () => {
    const map = new BoundedMap<number>(2);
    map.set('a', 1, 100, 0);
    map.set('b', 2, 100, 0);
    map.get('a', 1);
    map.set('c', 3, 100, 1);
    expect(map.entries()).toEqual([
      ['a', 1],
      ['c', 3],
    ]);
  });

  it('is empty in the end, if it is used at all', () => {
    const map = new BoundedMap<number>(1_000);
    for (let key = 0; key < 500; key++) map.set(key.toString(), key, 10, 0);
    for (let key = 0; key < 500; key++) map.set(`later-${key.toString()}`, key, 20, 10);
    expect(map.size).toBe(500);
  });

  it('never holds more than it may, nor another value than the last', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      life: fc.nat(9),
      get: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, capacity) => {
        const map = new BoundedMap<number>(capacity);
        const model = new Map<string, { value: number; until: number }>();
        steps.forEach(({ key, life, get }, now) => {
          const last = model.get(key);
          if (get) {
            const value = map.get(key, now);
            if (value !== undefined)
              expect({ value, good: now < (last?.until ?? 0) }).toEqual({ value: last?.value, good: true });
          } else {
            map.set(key, now, now + life, now);
            model.set(key, { value: now, until: now + life });
          }
          expect(map.size).toBeLessThanOrEqual(capacity);
        });
      }),
      { numRuns: 200 },
    );
  });
});
