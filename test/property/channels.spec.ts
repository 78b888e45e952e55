import fc from 'fast-check';
import {
  contains,
  isChannel,
  isSubscription,
  overlaps,
  subscriptionsMatching,
} from '../../src/bayeux/channel.js';
import { Subscriptions } from '../../src/bayeux/subscriptions.js';
import { channelName, matches, subscriptionName, witnesses } from './support/channel.model.js';
import { check } from './support/seeded.js';

const LIMITS = { maxLength: 256, maxDepth: 16 };

/** A step in the life of an index. */
interface Step {
  readonly add: boolean;
  readonly tenant: string;
  readonly subscription: string;
  readonly subscriber: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  add: fc.boolean(),
  tenant: fc.constantFrom('', 'red', '__proto__'),
  subscription: subscriptionName,
  subscriber: fc.nat(4),
});

const steps = fc.array(step, { maxLength: 60 });

/** An index and a list of who holds what, after the same steps. */
function after(life: readonly Step[]): { index: Subscriptions<number>; held: Map<string, Step> } {
  const index = new Subscriptions<number>();
  const held = new Map<string, Step>();
  for (const now of life) {
    const { add, tenant, subscription, subscriber } = now;
    const key = JSON.stringify([tenant, subscription, subscriber]);
    if (add) {
      index.add(tenant, subscription, subscriber);
      held.set(key, now);
    } else {
      index.remove(tenant, subscription, subscriber);
      held.delete(key);
    }
  }
  return { index, held };
}

describe('names of channels, whatever they are', () => {
  it('made of segments are channels, and with a wildcard as the last one subscriptions', () => {
    check(
      fc.property(channelName, subscriptionName, (channel, subscription) => {
        expect(isChannel(channel, LIMITS)).toBe(true);
        expect(isSubscription(channel, LIMITS)).toBe(true);
        expect(isSubscription(subscription, LIMITS)).toBe(true);
        expect(isChannel(subscription, LIMITS)).toBe(!subscription.endsWith('*'));
      }),
      1_000,
    );
  });

  it('of any other make are told from them by their segments', () => {
    const text = fc.string({
      unit: fc.constantFrom('/', '*', 'a', '.', ' ', 'ä', '\n', '\u0000'),
      maxLength: 8,
    });
    check(
      fc.property(text, (name) => {
        const [before, ...parts] = name.split('/');
        const plain = (part: string): boolean => /^[a.]+$/.test(part);
        const good = before === '' && parts.length > 0 && parts.slice(0, -1).every(plain);
        const last = parts.at(-1) ?? '';
        expect(isChannel(name, LIMITS)).toBe(good && plain(last));
        expect(isSubscription(name, LIMITS)).toBe(good && (plain(last) || last === '*' || last === '**'));
      }),
      5_000,
    );
  });

  it('are matched by exactly the subscriptions that their segments say', () => {
    check(
      fc.property(channelName, subscriptionName, (channel, subscription) => {
        const names = subscriptionsMatching(channel);
        expect(new Set(names).size).toBe(names.length);
        expect(names.filter((name) => !isSubscription(name, LIMITS) || !matches(name, channel))).toEqual([]);
        expect(names.includes(subscription)).toBe(matches(subscription, channel));
      }),
      5_000,
    );
  });

  it('contain and overlap each other as the channels do that they match', () => {
    check(
      fc.property(subscriptionName, subscriptionName, (outer, inner) => {
        const channels = witnesses(outer, inner);
        const ofInner = channels.filter((channel) => matches(inner, channel));
        const ofBoth = ofInner.filter((channel) => matches(outer, channel));
        expect(contains(outer, inner)).toBe(ofBoth.length === ofInner.length);
        expect(overlaps(outer, inner)).toBe(ofBoth.length > 0);
      }),
      600,
    );
  });

  it('contain each other transitively, and overlap both ways', () => {
    check(
      fc.property(subscriptionName, subscriptionName, subscriptionName, (one, two, three) => {
        expect(contains(one, one)).toBe(true);
        if (contains(one, two) && contains(two, three)) expect(contains(one, three)).toBe(true);
        if (contains(one, two) && contains(two, one)) expect(one).toBe(two);
        expect(overlaps(one, two)).toBe(overlaps(two, one));
      }),
      5_000,
    );
  });
});

describe('Subscriptions, after any steps', () => {
  it('find who a walk over all subscriptions finds, each once', () => {
    check(
      fc.property(steps, fc.array(channelName, { minLength: 1, maxLength: 6 }), (life, channels) => {
        const { index, held } = after(life);
        for (const tenant of ['', 'red', '__proto__', 'unknown']) {
          for (const channel of channels) {
            const expected = [...held.values()]
              .filter((one) => one.tenant === tenant && matches(one.subscription, channel))
              .map(({ subscriber }) => subscriber);
            expect([...index.match(tenant, channel)].sort()).toEqual([...new Set(expected)].sort());
          }
        }
      }),
      500,
    );
  });

  it('count what somebody holds, and forget it with the last who does', () => {
    check(
      fc.property(steps, (life) => {
        const { index, held } = after(life);
        const names = [...held.values()].map(({ tenant, subscription }) => `${tenant} ${subscription}`);
        expect(index.size).toBe(new Set(names).size);
        for (const { tenant, subscription, subscriber } of held.values()) {
          index.remove(tenant, subscription, subscriber);
        }
        expect(index.size).toBe(0);
      }),
      500,
    );
  });
});
