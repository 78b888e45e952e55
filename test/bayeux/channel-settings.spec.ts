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
