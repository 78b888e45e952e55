import { RateLimit } from '../../src/bayeux/rate-limit.js';

describe('RateLimit', () => {
  let now = 0;
  const limit = (times: number, maxKeys = 10): RateLimit =>
    new RateLimit({ times, window: 60_000 }, maxKeys, () => now);

  beforeEach(() => {
    now = 1_000_000;
  });

  it('lets so many through at once, and the next ones evenly', () => {
    const three = limit(3);
    expect([1, 2, 3, 4].map(() => three.take('a'))).toEqual([true, true, true, false]);
    expect(three.wait('a')).toBe(20_000);
    now += 19_999;
    expect(three.wait('a')).toBe(1);
    expect(three.take('a')).toBe(false);
    now += 20_001;
    expect([1, 2].map(() => three.take('a'))).toEqual([true, false]);
  });

  it('counts each key by itself', () => {
    const one = limit(1);
    expect(one.take('a')).toBe(true);
    expect(one.take('b')).toBe(true);
    expect(one.take('a')).toBe(false);
    expect(one.wait('c')).toBe(0);
  });

  it('lets everything through if it is 0', () => {
    const none = limit(0);
    for (let times = 0; times < 100; times++) expect(none.take('a')).toBe(true);
    expect({ wait: none.wait('a'), size: none.size }).toEqual({ wait: 0, size: 0 });
  });

  it('remembers no more keys than it may, and those that came last', () => {
    const one = limit(1, 3);
    for (const key of ['a', 'b', 'c', 'a', 'd']) one.take(key);
    expect(one.size).toBe(3);
    expect(['a', 'b', 'c', 'd'].map((key) => one.wait(key) > 0)).toEqual([true, false, true, true]);
  });

  it('forgets a key whose times have come back, when it looks at it', () => {
    const two = limit(2);
    two.take('a');
    now += 60_000;
    expect(two.wait('a')).toBe(0);
    expect(two.size).toBe(0);
  });

  it('gives nothing for a clock that is set back', () => {
    const one = limit(1);
    one.take('a');
    now -= 600_000;
    expect(one.wait('a')).toBe(60_000);
    expect(one.take('a')).toBe(false);
  });
});
