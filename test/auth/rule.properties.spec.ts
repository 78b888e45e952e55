import fc from 'fast-check';
import type { ChannelRule } from '../../src/auth/channel-rule.js';
import { ANONYMOUS, type CometPrincipal } from '../../src/auth/comet-principal.js';
import { RuleAuthority } from '../../src/auth/rule.authority.js';
import { channelSegment, isChannel, isSubscription } from '../../src/bayeux/channel.js';
import { matches, subscriptionName, witnesses } from '../property/support/channel.model.js';
import { check } from '../property/support/seeded.js';

const LIMITS = { maxLength: Infinity, maxDepth: Infinity };

/** Texts that tokens may hold: what has a meaning in names, and anything else up to 255 characters. */
const text = fc.oneof(
  fc.constantFrom('*', '**', '/', '..', '~2a', '~', 'bob', 'a/b', '{userId}', 'x'.repeat(255)),
  fc.string({ unit: fc.constantFrom('*', '/', '~', '2', 'a', '.', ' ', 'é'), minLength: 1, maxLength: 6 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
);

function user(userId: string, changes: Partial<CometPrincipal> = {}): CometPrincipal {
  return { ...ANONYMOUS, kind: 'user', userId, identity: `issuer user:${userId}`, ...changes };
}

describe('T26 whatever the texts of a token are', () => {
  it('each is one segment, and no two are the same one', () => {
    check(
      fc.property(text, text, (left, right) => {
        const [one, other] = [channelSegment(left), channelSegment(right)];
        expect(isChannel(`/${one}`, LIMITS)).toBe(true);
        expect(one === other).toBe(left === right);
      }),
      1_000,
    );
  });

  it('they open no channel of anybody else', () => {
    const subject = new RuleAuthority(
      [
        { channel: '/in/{userId}/**', subscribe: true, publish: true },
        { channel: '/client/{clientId}', subscribe: true },
        { channel: '/tenant/{tenant}/*', subscribe: true },
        { channel: '/room/{claims.rooms}/**', subscribe: true },
      ],
      false,
    );
    check(
      fc.property(text, text, (mine, theirs) => {
        fc.pre(mine !== theirs);
        const principal = user(mine, { clientId: mine, tenant: mine, claims: { rooms: [mine] } });
        const [own, foreign] = [channelSegment(mine), channelSegment(theirs)];
        for (const [ours, others] of [
          [`/in/${own}/x`, `/in/${foreign}/x`],
          [`/client/${own}`, `/client/${foreign}`],
          [`/tenant/${own}/x`, `/tenant/${foreign}/x`],
          [`/room/${own}/x`, `/room/${foreign}/x`],
          [`/user/${own}/x`, `/user/${foreign}/x`],
        ] as const) {
          expect(subject.subscribe(principal, ours).allowed).toBe(true);
          expect(subject.subscribe(principal, others).allowed).toBe(false);
        }
        for (const wide of ['/in/*', '/in/**', '/client/*', '/tenant/**', '/room/**', '/user/**', '/**']) {
          expect(subject.subscribe(principal, wide).allowed).toBe(false);
        }
        expect(subject.publish(principal, `/in/${foreign}/x`).allowed).toBe(false);
      }),
      150,
    );
  });
});

describe('T25 T28 decisions about wildcards', () => {
  const rule: fc.Arbitrary<ChannelRule> = fc
    .record({
      channel: subscriptionName,
      effect: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const),
      condition: fc.constantFrom(true, { scope: 's' }, { scope: 'none' }, { kind: 'user' as const }),
    })
    .map(({ channel, effect, condition }) => ({ channel, effect, subscribe: condition }));
  const rules = fc.array(rule, { maxLength: 5 });

  /** Whether a rule speaks for the principal of these tests. */
  const speaks = ({ subscribe }: ChannelRule): boolean =>
    typeof subscribe !== 'object' || subscribe.scope !== 'none';

  /** What a subscription may be, said channel by channel. */
  function model(all: readonly ChannelRule[], name: string): string {
    const speaking = all.filter(speaks);
    const around = (other: string): string[] => witnesses(name, other).filter((at) => matches(name, at));
    const denied = speaking.some(
      ({ effect, channel }) => effect === 'deny' && around(channel).some((at) => matches(channel, at)),
    );
    if (denied) return 'denied_by_security_policy';
    const allowed = speaking.some(
      ({ effect, channel }) => effect !== 'deny' && around(channel).every((at) => matches(channel, at)),
    );
    return allowed ? 'allowed' : 'denied_by_not_granting';
  }

  it('are those that looking at every channel would give, but for the trees of users', () => {
    const alice = user('alice', { scopes: ['s'] });
    check(
      fc.property(rules, subscriptionName, (all, name) => {
        // What holds the trees of all users is refused whatever the rules say.
        fc.pre(name !== '/**' && isSubscription(name, LIMITS));
        const decision = new RuleAuthority(all, false).subscribe(alice, name);
        expect(decision.allowed ? 'allowed' : decision.why).toBe(model(all, name));
      }),
      150,
    );
  });
});
