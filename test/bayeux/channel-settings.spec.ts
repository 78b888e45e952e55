import fc from 'fast-check';
import { Channels, type Matched } from '../../src/bayeux/channels.js';
import { channelName, matches, subscriptionName, witnesses } from '../property/support/channel.model.js';
import { check } from '../property/support/seeded.js';
import { holds } from './support/template-model.js';

const silent = { debug: () => undefined, warn: () => undefined, error: () => undefined };

/** Templates over the segments that names of the model have. */
const template = fc.constantFrom('/{x}', '/a/{x}', '/{x}/b', '/{x}/{y}', '/a/{x}/b', '/{x}/aa/{y}');
const names = fc.uniqueArray(fc.oneof(subscriptionName, template), { maxLength: 12 });

const namesOf = (matched: readonly Matched[]): string[] => matched.map(({ settings }) => settings.name);

function channelsWith(all: readonly string[], tenant = ''): Channels {
  const channels = new Channels(silent);
  for (const name of all) channels.open(tenant, name);
  return channels;
}

describe('what is settled for channels', () => {
  it('is opened once, found by its very name, and forgotten', () => {
    const channels = new Channels(silent);
    const made = channels.open('', '/a');
    expect(channels.open('', '/a')).toBe(made);
    expect(channels.find('', '/a')).toBe(made);
    expect([channels.find('', '/b'), channels.find('red', '/a')]).toEqual([undefined, undefined]);
    expect(channels.size).toBe(1);
    expect(channels.remove(made)).toBe(true);
    expect(channels.remove(made)).toBe(false);
    expect([channels.size, channels.find('', '/a')]).toEqual([0, undefined]);
  });

  it('is not forgotten with what was there before it', () => {
    const channels = new Channels(silent);
    const former = channels.open('', '/{x}');
    channels.remove(former);
    const made = channels.open('', '/{x}');
    expect(channels.remove(former)).toBe(false);
    expect(channels.find('', '/{x}')).toBe(made);
    expect(channels.matching('', '/a')).toEqual([{ settings: made, params: { x: 'a' } }]);
  });

  it('leaves nothing behind if a template is none', () => {
    const channels = new Channels(silent);
    expect(() => channels.open('', '/{x}/{x}')).toThrow(TypeError);
    expect(channels.size).toBe(0);
  });

  it('belongs to one tenant', () => {
    const channels = channelsWith(['/a', '/*', '/{x}'], 'red');
    expect(channels.matching('', '/a')).toEqual([]);
    expect(channels.matching('blue', '/a')).toEqual([]);
    expect(namesOf(channels.matching('red', '/a'))).toEqual(['/*', '/{x}', '/a']);
  });

  it('holds for a channel from the most general to its own, whatever the order it was made in', () => {
    const all = ['/a/b', '/{x}/b', '/a/*', '/**', '/a/**', '/b/*', '/a/{y}', '/*'];
    const expected = ['/**', '/a/**', '/a/*', '/{x}/b', '/a/{y}', '/a/b'];
    expect(namesOf(channelsWith(all).matching('', '/a/b'))).toEqual(expected);
    const backwards = namesOf(channelsWith([...all].reverse()).matching('', '/a/b'));
    expect(backwards.filter((name) => !name.includes('{'))).toEqual(['/**', '/a/**', '/a/*', '/a/b']);
    expect(backwards.slice(3, 5).sort()).toEqual(['/a/{y}', '/{x}/b']);
  });

  it('holds for exactly the channels that match, each once', () => {
    check(
      fc.property(names, channelName, (all, channel) => {
        const matched = namesOf(channelsWith(all).matching('', channel));
        expect([...matched].sort()).toEqual(all.filter((name) => holds(name, channel)).sort());
      }),
      2_000,
    );
  });

  it('concerns a subscription if it holds for all channels of that, each once', () => {
    check(
      fc.property(names, subscriptionName, (all, subscription) => {
        const matched = namesOf(channelsWith(all).matching('', subscription));
        const covering = all.filter((name) =>
          witnesses(subscription, name.replace(/[{}]/g, '')).every(
            (channel) => !matches(subscription, channel) || holds(name, channel),
          ),
        );
        expect([...matched].sort()).toEqual(covering.sort());
      }),
      300,
    );
  });
});

describe('settings for all tenants', () => {
  it('hold in each of them, ahead of those of the tenant for the same name', () => {
    const channels = channelsWith(['/a', '/*', '/{x}'], 'red');
    const shared = ['/a', '/**', '/{y}'].map((name) => channels.open(undefined, name));
    expect(namesOf(channels.matching('blue', '/a'))).toEqual(['/**', '/{y}', '/a']);
    const matched = channels.matching('red', '/a');
    expect(namesOf(matched)).toEqual(['/**', '/*', '/{y}', '/{x}', '/a', '/a']);
    expect(matched.filter(({ settings }) => shared.includes(settings))).toHaveLength(3);
    expect(matched.map(({ settings }) => settings.tenant)).toEqual([
      ...[undefined, 'red', undefined, 'red', undefined, 'red'],
    ]);
  });

  it('authorize in each of them', () => {
    const channels = new Channels(silent);
    const shared = channels.open(undefined, '/a/*');
    shared.authorizers.add(() => 'deny');
    const own = channels.open('red', '/a/b');
    own.authorizers.add(() => 'deny');
    expect(channels.authorizing('blue', '/a/b')).toEqual([{ settings: shared, covers: true }]);
    expect(channels.authorizing('red', '/a/**')).toEqual([
      { settings: shared, covers: false },
      { settings: own, covers: false },
    ]);
  });

  it('make a name exist in each of them, as long as they are there', () => {
    const channels = new Channels(silent);
    const shared = channels.open(undefined, '/a');
    expect(['', 'red'].map((tenant) => channels.settles(tenant, '/a'))).toEqual([true, true]);
    channels.remove(shared);
    expect([channels.settles('red', '/a'), channels.empty]).toEqual([false, true]);
  });
});

describe('authorizers', () => {
  it('elsewhere are not even looked at, however many there are', () => {
    const channels = new Channels(silent);
    for (let room = 0; room < 2_000; room++) {
      const settings = channels.open('', `/rooms/${room}/chat`);
      Object.defineProperty(settings, 'authorizers', {
        get: () => {
          throw new Error(`${settings.name} was looked at`);
        },
      });
    }
    const here = channels.open('', '/news/*');
    here.authorizers.add(() => 'grant');
    expect(channels.authorizing('', '/news/sport')).toEqual([{ settings: here, covers: true }]);
    expect(channels.authorizing('', '/news/**')).toEqual([{ settings: here, covers: false }]);
    expect(() => channels.authorizing('', '/rooms/**')).toThrow('was looked at');
  });

  it('that concern a name are those that overlap with it, and cover it where they hold it as a whole', () => {
    check(
      fc.property(names, names, subscriptionName, (kept, removed, name) => {
        const channels = channelsWith([...kept, ...removed]);
        const gone = removed.filter((other) => !kept.includes(other));
        for (const other of gone) {
          const settings = channels.find('', other);
          if (settings) channels.remove(settings);
        }
        for (const other of kept) channels.find('', other)?.authorizers.add(() => 'grant');
        const expected = kept.flatMap((other) => {
          const around = witnesses(name, other.replace(/[{}]/g, '')).filter((at) => matches(name, at));
          const held = around.filter((at) => holds(other, at)).length;
          return held === 0 ? [] : [{ name: other, covers: held === around.length }];
        });
        const found = channels.authorizing('', name);
        const byName = (left: { name: string }, right: { name: string }): number =>
          left.name < right.name ? -1 : 1;
        expect(found.map(({ settings, covers }) => ({ name: settings.name, covers })).sort(byName)).toEqual(
          expected.sort(byName),
        );
      }),
      60,
    );
  });
});
