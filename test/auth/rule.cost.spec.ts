import type { ChannelRule } from '../../src/auth/channel-rule.js';
import { AskedName, PatternSet } from '../../src/auth/pattern-set.js';
import { RuleAuthority } from '../../src/auth/rule.authority.js';
import { contains, overlaps } from '../../src/bayeux/channel.js';
import type { Decision, Principal } from '../../src/bayeux/ports.js';

interface Claiming extends Principal {
  readonly scopes: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
}

const ALLOWED: Decision = { allowed: true };
const NOT_GRANTED: Decision = { allowed: false, why: 'denied_by_not_granting' };

/** A user, and how often somebody looked at what the token says. */
function counted(userId: string, entries: readonly string[]): { principal: Claiming; looks: () => number } {
  let looks = 0;
  const watched = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, member) {
        if (member === 'slice' || member === 'includes') looks++;
        return Reflect.get(object, member) as unknown;
      },
    });
  const identity = `issuer user:${userId}`;
  const principal: Claiming = {
    ...{ kind: 'user', tenant: '', userId, identity },
    scopes: watched(entries.map((_, index) => `s${index}`)),
    claims: { rooms: watched([...entries]) },
  };
  return { principal, looks: () => looks };
}

const HUNDRED = Array.from({ length: 100 }, (_, index) => `ümläut ${index}`);
const RULES: readonly ChannelRule[] = [
  { channel: '/rooms/{claims.rooms}/**', subscribe: true, publish: { scope: 's99' } },
  { channel: '/halls/{claims.rooms}', subscribe: { scope: 'none' } },
  { channel: '/secret/{claims.rooms}/*', effect: 'deny', subscribe: true, unless: { scope: 'none' } },
  { channel: '/lists/*', subscribe: { claims: { rooms: 'ümläut 50' } } },
];

describe('[L3] T70 what rules cost', () => {
  it('is worked out once for a principal, however many names it asks for', () => {
    const subject = new RuleAuthority(RULES, false);
    const { principal, looks } = counted('alice', HUNDRED);
    expect(subject.subscribe(principal, '/rooms/~c3~bcml~c3~a4ut~200/a')).toEqual(ALLOWED);
    expect(subject.subscribe(principal, '/lists/a')).toEqual(ALLOWED);
    const before = looks();
    expect(before).toBeGreaterThan(0);
    for (let name = 0; name < 4_575; name++) subject.subscribe(principal, `/elsewhere/${name}`);
    expect(looks()).toBe(before);
  });

  it('is worked out anew for a newer token', () => {
    const subject = new RuleAuthority(RULES, false);
    const [before, after] = [counted('alice', ['a']), counted('alice', ['b'])];
    expect(subject.subscribe(before.principal, '/rooms/a/x')).toEqual(ALLOWED);
    expect(subject.subscribe(after.principal, '/rooms/a/x')).toEqual(NOT_GRANTED);
    expect(subject.subscribe(after.principal, '/rooms/b/x')).toEqual(ALLOWED);
  });

  it('keeps no decision of one operation for another', () => {
    const subject = new RuleAuthority(
      [
        { channel: '/a', subscribe: true, create: { scope: 'open' } },
        { channel: '/b', publish: true, create: false },
      ],
      false,
    );
    const { principal } = counted('alice', []);
    expect(subject.subscribe(principal, '/a')).toEqual(ALLOWED);
    expect(subject.publish(principal, '/a')).toEqual(NOT_GRANTED);
    expect(subject.create?.(principal, '/a', 'subscribe')).toEqual(NOT_GRANTED);
    expect(subject.publish(principal, '/b')).toEqual(ALLOWED);
    expect(subject.create?.(principal, '/b', 'publish')).toEqual(NOT_GRANTED);
  });

  it('remembers no more than it may, and decides the same afterwards', () => {
    const subject = new RuleAuthority(RULES, false);
    const principals = Array.from({ length: 300 }, (_, index) =>
      counted(`u${index}`, [...HUNDRED, `r${index}`].slice(-100)),
    );
    for (let round = 0; round < 2; round++) {
      for (const [index, { principal }] of principals.entries()) {
        for (let name = 0; name < 20; name++) {
          const own = `/rooms/r${index}/${name}`;
          expect([own, subject.subscribe(principal, own)]).toEqual([own, ALLOWED]);
          expect(subject.subscribe(principal, `/rooms/r${index + 1}/${name}`)).toEqual(NOT_GRANTED);
        }
      }
    }
  });

  it('is tried again where an id could not be written, and denies each time', () => {
    const subject = new RuleAuthority([{ channel: '/in/{tenant}', subscribe: true }], false);
    const broken = { ...counted('alice', []).principal, tenant: '\ud800' };
    for (let times = 0; times < 2; times++)
      expect(() => subject.subscribe(broken, '/in/x')).toThrow(RangeError);
  });
});

describe('[L3] T70 a set of patterns', () => {
  const segments = ['a', 'b'];
  const names = [
    ...segments.map((one) => `/${one}`),
    ...segments.flatMap((one) => segments.map((two) => `/${one}/${two}`)),
    ...segments.flatMap((one) => segments.map((two) => `/${one}/${two}/c`)),
    ...['/*', '/**', '/a/*', '/a/**', '/b/*', '/b/**', '/a/b/*', '/a/b/**', '/a/c/*', '/b/a/c/**'],
  ];

  it('answers as comparing with each pattern would', () => {
    for (let at = 0; at < names.length; at++) {
      // More than are compared one by one, each of them another choice.
      const patterns = Array.from(
        { length: 9 },
        (_, step) => names[(at + step * (1 + (at % 5))) % names.length] as string,
      );
      const set = new PatternSet(patterns);
      for (const name of names) {
        const expected = [
          patterns.some((pattern) => contains(pattern, name)),
          patterns.some((pattern) => overlaps(pattern, name)),
        ];
        expect([
          patterns,
          name,
          set.contains(new AskedName(name)),
          set.overlaps(new AskedName(name)),
        ]).toEqual([patterns, name, ...expected]);
      }
    }
  });
});
