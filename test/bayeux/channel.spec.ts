import {
  type ChannelLimits,
  channelSegment,
  contains,
  isChannel,
  isMeta,
  isPattern,
  isService,
  isSubscription,
  overlaps,
  subscriptionsMatching,
} from '../../src/bayeux/channel.js';
import { Random } from './support/random.js';

const LIMITS: ChannelLimits = { maxLength: 40, maxDepth: 4 };

describe('channel names', () => {
  it.each([
    '/a',
    '/a/b/c/d',
    '/A-Z/0_9',
    '/!#$()+-.@_~',
    '/__proto__/constructor',
    '/constructor/toString',
    '/..',
    '/metal',
    '/services/x',
    '/meta/connect',
    `/${'a'.repeat(39)}`,
  ])('%s is a channel', (name) => {
    expect(isChannel(name, LIMITS)).toBe(true);
    expect(isSubscription(name, LIMITS)).toBe(true);
  });

  it.each(['/*', '/**', '/a/*', '/a/b/**'])('%s can be subscribed to, but not published to', (name) => {
    expect(isSubscription(name, LIMITS)).toBe(true);
    expect(isChannel(name, LIMITS)).toBe(false);
    expect(isPattern(name)).toBe(true);
  });

  it.each([
    '',
    'a',
    '/',
    '//',
    '//a',
    '/a//b',
    '/a/',
    '/a b',
    '/a?b',
    '/a,b',
    '/{a}',
    '/a\n',
    '/a\u0000',
    '/ä',
    '/😀',
    '/a%2fb',
    '/a\\b',
    '/*/a',
    '/**/a',
    '/a/*/b',
    '/a*',
    '/***',
    '/a/***',
    '/a/b/c/d/e',
    `/${'a'.repeat(40)}`,
    undefined,
    null,
    7,
    true,
    {},
    ['/a'],
  ])('%j is neither', (name) => {
    expect(isChannel(name, LIMITS)).toBe(false);
    expect(isSubscription(name, LIMITS)).toBe(false);
  });

  it('counts a wildcard as a segment', () => {
    expect(isSubscription('/a/b/c/*', LIMITS)).toBe(true);
    expect(isSubscription('/a/b/c/d/*', LIMITS)).toBe(false);
  });

  it('reads a very long name in one go', () => {
    expect(isChannel(`/${'a'.repeat(100_000)}!?`, { maxLength: 1_000_000, maxDepth: 4 })).toBe(false);
  });

  it.each([
    ['/meta', true, false],
    ['/meta/connect', true, false],
    ['/meta/**', true, false],
    ['/metal/a', false, false],
    ['/service', false, true],
    ['/service/echo', false, true],
    ['/services/echo', false, false],
    ['/news', false, false],
  ])('%s: of the protocol %s, of services %s', (name, meta, service) => {
    expect(isMeta(name)).toBe(meta);
    expect(isService(name)).toBe(service);
  });
});

describe('subscriptionsMatching', () => {
  it('gives every name that matches, from the most general one to the channel itself', () => {
    expect(subscriptionsMatching('/a/b/c')).toEqual(['/**', '/a/**', '/a/b/**', '/a/b/*', '/a/b/c']);
    expect(subscriptionsMatching('/a')).toEqual(['/**', '/*', '/a']);
  });
});

describe('contains and overlaps', () => {
  const letters = ['a', 'b', 'c'];
  const channels = [1, 2, 3, 4].flatMap((depth) => namesOf(letters, depth));
  const names = [
    '/*',
    '/**',
    ...['', '/a', '/b', '/a/a', '/a/b'].flatMap((base) => [`${base}/a`, `${base}/*`, `${base}/**`]),
  ];

  const matchedBy = (name: string) =>
    channels.filter((channel) => subscriptionsMatching(channel).includes(name));

  it.each(names)('%s: contains and overlaps what the channels it matches say', (outer) => {
    const of = new Set(matchedBy(outer));
    for (const inner of names) {
      const within = matchedBy(inner);
      expect({ inner, contains: contains(outer, inner), overlaps: overlaps(outer, inner) }).toEqual({
        inner,
        contains: within.every((channel) => of.has(channel)),
        overlaps: within.some((channel) => of.has(channel)),
      });
    }
  });

  it.each([
    ['/user/alice/**', '/user/*', false],
    ['/user/alice/**', '/user/**', false],
    ['/user/alice/**', '/user/alice', false],
    ['/user/alice/**', '/user/alice2/x', false],
    ['/user/alice/**', '/user/alice/*', true],
    ['/user/*', '/user/**', false],
  ])('%s contains %s: %s', (outer, inner, expected) => {
    expect(contains(outer, inner)).toBe(expected);
  });
});

function namesOf(letters: readonly string[], depth: number): string[] {
  if (depth === 0) return [''];
  return namesOf(letters, depth - 1).flatMap((name) => letters.map((letter) => `${name}/${letter}`));
}

describe('channelSegment', () => {
  it.each([
    ['alice', 'alice'],
    ['auth0|alice', 'auth0~7calice'],
    ['a/b', 'a~2fb'],
    ['*', '~2a'],
    ['**', '~2a~2a'],
    ['a.b', 'a~2eb'],
    ['..', '~2e~2e'],
    ['~', '~7e'],
    ['a~2fb', 'a~7e2fb'],
    ['ä', '~c3~a4'],
    ['😀', '~f0~9f~98~80'],
    [' ', '~20'],
    ['{userId}', '~7buserId~7d'],
    ['-_!()$@Az09', '-_!()$@Az09'],
  ])('writes %j as %s', (text, segment) => {
    expect(channelSegment(text)).toBe(segment);
    expect(isChannel(`/user/${segment}/x`, { maxLength: 256, maxDepth: 16 })).toBe(true);
  });

  it.each(['', '\ud800', 'a\udc00b'])('refuses %j', (text) => {
    expect(() => channelSegment(text)).toThrow(RangeError);
  });

  it('writes no two texts alike', () => {
    const random = new Random(21);
    const alphabet = ['a', 'A', '~', '2', 'f', '/', '*', 'ä', '😀', '\u0000', '.', '-'];
    const seen = new Map<string, string>();
    for (let step = 0; step < 5_000; step++) {
      const text = Array.from({ length: 1 + random.below(5) }, () => random.pick(alphabet)).join('');
      const segment = channelSegment(text);
      expect(seen.get(segment) ?? text).toBe(text);
      seen.set(segment, text);
    }
  });
});
