import fc from 'fast-check';
import { ChannelTemplate } from '../../src/bayeux/channel-template.js';
import { matches } from '../property/support/channel.model.js';
import { check } from '../property/support/seeded.js';
import { holds } from './support/template-model.js';

const SEGMENTS = ['a', 'b', '__proto__'];
const VARIABLES = ['{x}', '{y}', '{z}'];

const nameOf = (segments: readonly string[]): string => `/${segments.join('/')}`;

const template: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...SEGMENTS, ...VARIABLES), { minLength: 1, maxLength: 4 })
  .filter((segments) => {
    const variables = segments.filter((segment) => segment.startsWith('{'));
    return variables.length > 0 && new Set(variables).size === variables.length;
  })
  .map(nameOf);

const channel: fc.Arbitrary<string> = fc
  .array(fc.constantFrom(...SEGMENTS, 'other'), { minLength: 1, maxLength: 5 })
  .map(nameOf);

const subscription: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(fc.constantFrom(...SEGMENTS, 'other'), { maxLength: 4 }),
    fc.constantFrom('*', '**', ...SEGMENTS),
  )
  .map(([before, last]) => nameOf([...before, last]));

/** All channels of up to five levels over the segments that templates have and one that none has. */
const CHANNELS: readonly string[] = (() => {
  const all: string[][] = [];
  let level: string[][] = [[]];
  for (let depth = 0; depth < 5; depth++) {
    level = level.flatMap((before) => [...SEGMENTS, 'other'].map((segment) => [...before, segment]));
    all.push(...level);
  }
  return all.map(nameOf);
})();

describe('a channel template', () => {
  it.each([
    ['/rooms/{room}', '/rooms/1', { room: '1' }],
    ['/{a}/x/{b}', '/1/x/2', { a: '1', b: '2' }],
    ['/{long_name_1}', '/x', { long_name_1: 'x' }],
    ['/{constructor}', '/a', { constructor: 'a' }],
    ['/rooms/{room}', '/rooms', undefined],
    ['/rooms/{room}', '/rooms/1/2', undefined],
    ['/rooms/{room}', '/Rooms/1', undefined],
    ['/{a}/x/{b}', '/1/y/2', undefined],
  ])('%s gives the variables of %s', (name, actual, params) => {
    expect(new ChannelTemplate(name).match(actual)).toEqual(params);
  });

  it('has variables that are no members of objects', () => {
    const params = new ChannelTemplate('/{__proto__}/{toString}').match('/a/b') ?? {};
    expect(Object.entries(params)).toEqual([
      ['__proto__', 'a'],
      ['toString', 'b'],
    ]);
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
  });

  it.each([
    ['/rooms/{room', '/rooms/room}', '/rooms/{}', '/rooms/{{room}}', '/rooms/{a b}', '/rooms/{a-b}'],
    ['/rooms/x{room}', '/rooms/{room}x', '/rooms/{a}{b}', '/{a}/{a}', '/{a}/b/{a}'],
    ['/rooms', '/rooms/{room}/*', '/rooms/{room}/**', '/rooms/{*}', '/rooms/{**}'],
  ])('is not %s, %s, %s, %s or %s', (...names) => {
    for (const name of names) {
      const make = (): ChannelTemplate => new ChannelTemplate(name);
      expect(make).toThrow(TypeError);
      expect(make).toThrow(`${name} is no template`);
    }
  });

  it('is told from a channel or pattern by its braces', () => {
    expect(['/a', '/a/*', '/**'].map((name) => ChannelTemplate.is(name))).toEqual([false, false, false]);
    expect(['/{a}', '/a/{', '/a/}'].map((name) => ChannelTemplate.is(name))).toEqual([true, true, true]);
  });
});

describe('channel templates, whatever they are', () => {
  it('match the channels that their segments say, and give what stands for each variable', () => {
    check(
      fc.property(template, channel, (name, actual) => {
        const params = new ChannelTemplate(name).match(actual);
        expect(params !== undefined).toBe(holds(name, actual));
        if (!params) return;
        const filled = name.replace(/\{(\w+)\}/g, (_, variable: string) => String(params[variable]));
        expect(filled).toBe(actual);
        expect(Object.keys(params)).toHaveLength(name.split('{').length - 1);
      }),
      3_000,
    );
  });

  it('overlap with a subscription if some channel is one of both', () => {
    check(
      fc.property(template, subscription, (name, other) => {
        const both = CHANNELS.some((actual) => holds(name, actual) && matches(other, actual));
        expect(new ChannelTemplate(name).overlaps(other)).toBe(both);
      }),
      600,
    );
  });

  it('cover a subscription if every channel that it matches is theirs', () => {
    check(
      fc.property(template, subscription, (name, other) => {
        const matched = CHANNELS.filter((actual) => matches(other, actual));
        const all = matched.every((actual) => holds(name, actual));
        expect(new ChannelTemplate(name).match(other) !== undefined).toBe(all);
      }),
      600,
    );
  });
});
