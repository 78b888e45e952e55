import { jest } from '@jest/globals';
import { Subscriptions } from '../../src/bayeux/subscriptions.js';
import { Random } from './support/random.js';

function receivers(index: Subscriptions<string>, channel: string, tenant = ''): string[] {
  return [...index.match(tenant, channel)].sort();
}

/** What a subscription means, said as plainly as possible. */
function naivelyMatches(subscription: string, channel: string): boolean {
  const pattern = subscription.slice(1).split('/');
  const segments = channel.slice(1).split('/');
  const last = pattern.length - 1;
  if (pattern[last] === '**') {
    return segments.length > last && pattern.slice(0, last).every((part, at) => part === segments[at]);
  }
  if (segments.length !== pattern.length) return false;
  return pattern.every((part, at) => (at === last && part === '*') || part === segments[at]);
}

describe('Subscriptions', () => {
  it.each([
    ['/a/b', '/a/b', true],
    ['/a/b', '/a/b/c', false],
    ['/a/b', '/a', false],
    ['/a/*', '/a/b', true],
    ['/a/*', '/a', false],
    ['/a/*', '/a/b/c', false],
    ['/*', '/a', true],
    ['/*', '/a/b', false],
    ['/a/**', '/a/b', true],
    ['/a/**', '/a/b/c', true],
    ['/a/**', '/a', false],
    ['/a/**', '/ab', false],
    ['/**', '/a', true],
    ['/**', '/a/b/c/d', true],
  ])('%s on a message to %s: %s', (subscription, channel, expected) => {
    const index = new Subscriptions<string>();
    index.add('', subscription, 'session');
    expect(receivers(index, channel)).toEqual(expected ? ['session'] : []);
  });

  it('gives a subscriber once, however many of its subscriptions match', () => {
    const index = new Subscriptions<string>();
    for (const subscription of ['/a/b', '/a/*', '/a/**', '/**']) {
      index.add('', subscription, 'one');
      index.add('', subscription, 'two');
    }
    expect([...index.match('', '/a/b')].sort()).toEqual(['one', 'two']);
  });

  it('does not change the index while it unites several matches', () => {
    const index = new Subscriptions<string>();
    index.add('', '/a/b', 'exact');
    index.add('', '/**', 'all');
    expect(receivers(index, '/a/b')).toEqual(['all', 'exact']);
    expect(receivers(index, '/other')).toEqual(['all']);
    expect(receivers(index, '/a/b')).toEqual(['all', 'exact']);
  });

  it('keeps tenants apart', () => {
    const index = new Subscriptions<string>();
    index.add('red', '/a', 'of red');
    index.add('blue', '/**', 'of blue');
    expect(receivers(index, '/a', 'red')).toEqual(['of red']);
    expect(receivers(index, '/a', 'blue')).toEqual(['of blue']);
    expect(receivers(index, '/a', '')).toEqual([]);
  });

  it('forgets channels and tenants that nobody listens to', () => {
    const index = new Subscriptions<string>();
    index.add('red', '/a', 'one');
    index.add('red', '/a', 'one');
    index.add('red', '/a', 'two');
    index.add('', '/a', 'one');
    expect(index.size).toBe(2);

    index.remove('red', '/a', 'one');
    index.remove('red', '/a', 'one');
    expect(receivers(index, '/a', 'red')).toEqual(['two']);
    index.remove('red', '/a', 'two');
    index.remove('', '/a', 'one');
    index.remove('', '/never', 'one');
    index.remove('never', '/a', 'one');
    expect(index.size).toBe(0);
  });

  it('keeps names from the prototype of objects apart from its own', () => {
    const index = new Subscriptions<string>();
    index.add('__proto__', '/constructor', 'one');
    expect(receivers(index, '/constructor', '__proto__')).toEqual(['one']);
    expect(receivers(index, '/__proto__', 'constructor')).toEqual([]);
  });

  it.each([11, 12, 13])('agrees with a matcher that walks all subscriptions (seed %i)', (seed) => {
    const random = new Random(seed);
    const index = new Subscriptions<string>();
    const model = new Map<string, Set<string>>();
    const name = (depth: number): string =>
      Array.from({ length: depth }, () => `/${random.pick(['a', 'b', 'c'])}`).join('');
    for (let step = 0; step < 3_000; step++) {
      const subscription = `${name(random.below(3))}/${random.pick(['a', 'b', 'c', '*', '**'])}`;
      const subscriber = `session ${random.below(12)}`;
      const subscribers = model.get(subscription) ?? new Set<string>();
      if (random.next() < 0.55) {
        index.add('', subscription, subscriber);
        model.set(subscription, subscribers.add(subscriber));
      } else {
        index.remove('', subscription, subscriber);
        subscribers.delete(subscriber);
        if (subscribers.size === 0) model.delete(subscription);
      }
      const channel = name(1 + random.below(4));
      const expected = new Set(
        [...model].flatMap(([held, by]) => (naivelyMatches(held, channel) ? [...by] : [])),
      );
      const matched = [...index.match('', channel)];
      expect(matched).toHaveLength(expected.size);
      expect(new Set(matched)).toEqual(expected);
      expect(index.size).toBe(model.size);
    }
  });

  it('does as many look-ups with a hundred thousand other subscriptions as with one', () => {
    const small = new Subscriptions<string>();
    const large = new Subscriptions<string>();
    for (const index of [small, large]) {
      index.add('', '/news/sport/football', 'reader');
      index.add('', '/news/**', 'reader');
      index.add('', '/other/0', 'somebody');
    }
    for (let other = 1; other < 100_000; other++) large.add('', `/other/${other}`, 'somebody');
    for (let other = 0; other < 1_000; other++) large.add('', `/news/sport/${other}/*`, 'somebody');

    const cost = (index: Subscriptions<string>): number => {
      const lookUps = jest.spyOn(Map.prototype, 'get');
      const walks = [
        jest.spyOn(Map.prototype, Symbol.iterator),
        jest.spyOn(Map.prototype, 'entries'),
        jest.spyOn(Map.prototype, 'keys'),
        jest.spyOn(Map.prototype, 'values'),
        jest.spyOn(Map.prototype, 'forEach'),
      ];
      const matched = index.match('', '/news/sport/football');
      const count = lookUps.mock.calls.length;
      const walked = walks.reduce((sum, walk) => sum + walk.mock.calls.length, 0);
      jest.restoreAllMocks();
      expect([...matched]).toEqual(['reader']);
      expect(walked).toBe(0);
      return count;
    };

    const few = cost(small);
    expect(few).toBeGreaterThan(0);
    expect(cost(large)).toBe(few);
  });
});
