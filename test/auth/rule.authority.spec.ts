import { ANONYMOUS } from '../../src/auth/comet-principal.js';
import type { ChannelRule } from '../../src/auth/channel-rule.js';
import { RuleAuthority } from '../../src/auth/rule.authority.js';
import { channelSegment, contains, overlaps } from '../../src/bayeux/channel.js';
import type { Decision, Principal } from '../../src/bayeux/ports.js';

interface Scoped extends Principal {
  readonly scopes: readonly string[];
}

const user = (userId: string, ...scopes: string[]): Scoped => ({
  kind: 'user',
  tenant: '',
  userId,
  identity: `issuer user:${userId}`,
  scopes,
});

const service = (serviceId: string, ...scopes: string[]): Scoped => ({
  kind: 'service',
  tenant: '',
  userId: null,
  identity: `issuer service:${serviceId}`,
  scopes,
});

const ALLOWED: Decision = { allowed: true };
const BY_POLICY: Decision = { allowed: false, why: 'denied_by_security_policy' };
const NOT_GRANTED: Decision = { allowed: false, why: 'denied_by_not_granting' };

function authority(...rules: ChannelRule[]): RuleAuthority {
  return new RuleAuthority(rules, false);
}

describe('RuleAuthority', () => {
  const alice = user('alice');

  describe('without rules', () => {
    const none = authority();

    it.each(['/news', '/news/*', '/news/**', '/*', '/USER/alice/x', '/users/alice', '/user'])(
      'grants neither subscribing nor publishing to %s',
      (channel) => {
        expect(none.subscribe(alice, channel)).toEqual(NOT_GRANTED);
        expect(none.publish(alice, channel)).toEqual(NOT_GRANTED);
      },
    );

    it('keeps the channels of the protocol to itself', () => {
      for (const channel of ['/meta/connect', '/meta/*', '/meta/**']) {
        expect(none.subscribe(alice, channel)).toEqual(BY_POLICY);
      }
      expect(authority({ channel: '/**', publish: true }).publish(alice, '/meta/connect')).toEqual(BY_POLICY);
    });

    it('tells whether anonymous handshakes are accepted', () => {
      expect(none.anonymous).toBeUndefined();
      expect(new RuleAuthority([], true).anonymous).toBe(ANONYMOUS);
    });
  });

  describe('rules that permit', () => {
    const subject = authority(
      { channel: '/news/*', subscribe: true },
      { channel: '/room/**', subscribe: { scope: 'room:read' }, publish: { scope: 'room:write' } },
      { channel: '/ticker', publish: { kind: 'service', scope: 'push' } },
    );

    it('permit a subscription that lies within one of them as a whole', () => {
      for (const pattern of ['/news/a', '/news/*'])
        expect(subject.subscribe(alice, pattern)).toEqual(ALLOWED);
      for (const pattern of ['/news/**', '/news/a/b', '/news/a/*', '/news', '/*']) {
        expect(subject.subscribe(alice, pattern)).toEqual(NOT_GRANTED);
      }
    });

    it('do not add up to a wider subscription', () => {
      const parts = authority({ channel: '/a/*', subscribe: true }, { channel: '/a/b/**', subscribe: true });
      expect(parts.subscribe(alice, '/a/**')).toEqual(NOT_GRANTED);
    });

    it('T27 permit only with the scope they ask for, and only the operation they name', () => {
      const reader = user('r', 'room:read');
      const writer = user('w', 'room:write');
      expect(subject.subscribe(reader, '/room/a/**')).toEqual(ALLOWED);
      expect(subject.publish(reader, '/room/a/b')).toEqual(NOT_GRANTED);
      expect(subject.subscribe(writer, '/room/a/**')).toEqual(NOT_GRANTED);
      expect(subject.publish(writer, '/room/a/b')).toEqual(ALLOWED);
      expect(subject.publish(alice, '/news/a')).toEqual(NOT_GRANTED);
      expect(subject.publish(user('x', 'room'), '/room/a')).toEqual(NOT_GRANTED);
    });

    it('permit only the kind they name, and only if all they name holds', () => {
      expect(subject.publish(service('feed', 'push'), '/ticker')).toEqual(ALLOWED);
      expect(subject.publish(service('feed'), '/ticker')).toEqual(NOT_GRANTED);
      expect(subject.publish(user('feed', 'push'), '/ticker')).toEqual(NOT_GRANTED);
    });

    it('speak for anonymous sessions too, unless they name a kind or a scope', () => {
      expect(subject.subscribe(ANONYMOUS, '/news/a')).toEqual(ALLOWED);
      expect(subject.subscribe(ANONYMOUS, '/room/a')).toEqual(NOT_GRANTED);
      const lounge = authority({ channel: '/lounge', subscribe: { kind: 'anonymous' } });
      expect(lounge.subscribe(ANONYMOUS, '/lounge')).toEqual(ALLOWED);
      expect(lounge.subscribe(alice, '/lounge')).toEqual(NOT_GRANTED);
    });

    it('grant nothing by a scope to a principal that has no scopes at all', () => {
      const { kind, tenant, userId, identity } = alice;
      expect(subject.subscribe({ kind, tenant, userId, identity }, '/room/a')).toEqual(NOT_GRANTED);
    });
  });

  describe('T28 rules that deny', () => {
    const subject = authority(
      { channel: '/**', subscribe: true, publish: true },
      { channel: '/admin/**', effect: 'deny', subscribe: true, publish: { kind: 'user' } },
      { channel: '/user/{userId}/audit', effect: 'deny', subscribe: true },
    );

    it('win over all that permit', () => {
      expect(subject.subscribe(alice, '/news/**')).toEqual(ALLOWED);
      expect(subject.subscribe(alice, '/admin/x')).toEqual(BY_POLICY);
      expect(subject.publish(alice, '/admin/x')).toEqual(BY_POLICY);
      expect(subject.publish(service('s'), '/admin/x')).toEqual(ALLOWED);
    });

    it('win whatever their place among the rules', () => {
      const first = authority(
        { channel: '/a', effect: 'deny', subscribe: true },
        { channel: '/a', subscribe: true },
      );
      expect(first.subscribe(alice, '/a')).toEqual(BY_POLICY);
    });

    it('hit wildcard subscriptions that share a channel with them', () => {
      for (const pattern of ['/admin/*', '/admin/**', '/admin/x/**', '/**']) {
        expect(subject.subscribe(alice, pattern)).toEqual(BY_POLICY);
      }
      for (const pattern of ['/*', '/admins/*', '/admin']) {
        expect(subject.subscribe(alice, pattern)).toEqual(ALLOWED);
      }
    });

    it('hit the own tree', () => {
      expect(subject.subscribe(alice, '/user/alice/inbox')).toEqual(ALLOWED);
      for (const pattern of ['/user/alice/audit', '/user/alice/*', '/user/alice/**']) {
        expect(subject.subscribe(alice, pattern)).toEqual(BY_POLICY);
      }
    });
  });

  describe('the tree of a user', () => {
    const generous = authority({ channel: '/**', subscribe: true, publish: true });

    it('may be subscribed by that user without any rule', () => {
      for (const pattern of ['/user/alice/**', '/user/alice/*', '/user/alice/inbox', '/user/alice/a/b/**']) {
        expect(authority().subscribe(alice, pattern)).toEqual(ALLOWED);
      }
    });

    it.each([
      '/user/bob/inbox',
      '/user/bob/**',
      '/user/*',
      '/user/**',
      '/**',
      '/user/alice',
      '/user/bob',
      '/user/alic/e',
      '/user/alice2/inbox',
      '/user/ALICE/inbox',
      '/user/../bob',
    ])('T25 is not reached by subscribing to %s, whatever the rules say', (pattern) => {
      for (const subject of [authority(), generous]) {
        expect(subject.subscribe(alice, pattern)).toEqual(BY_POLICY);
      }
    });

    it('T25 is no other tree, which needs a rule', () => {
      for (const pattern of ['/USER/bob/x', '/users/**', '/user', '/*', '/a/user/bob']) {
        expect(authority().subscribe(alice, pattern)).toEqual(NOT_GRANTED);
        expect(generous.subscribe(alice, pattern)).toEqual(ALLOWED);
      }
    });

    it('T27 is published to by its user only, and only with a rule', () => {
      expect(authority().publish(alice, '/user/alice/inbox')).toEqual(NOT_GRANTED);
      expect(generous.publish(alice, '/user/alice/inbox')).toEqual(ALLOWED);
      const own = authority({ channel: '/user/{userId}/out/**', publish: true });
      expect(own.publish(alice, '/user/alice/out/x')).toEqual(ALLOWED);
      expect(own.publish(alice, '/user/alice/in/x')).toEqual(NOT_GRANTED);
      for (const channel of ['/user/bob/out/x', '/user/alice', '/user/bob']) {
        expect(generous.publish(alice, channel)).toEqual(BY_POLICY);
      }
    });

    it('T30 belongs to no service and no anonymous session, whatever they are called', () => {
      for (const principal of [service('alice', 'push'), ANONYMOUS]) {
        expect(generous.subscribe(principal, '/user/alice/**')).toEqual(BY_POLICY);
        expect(generous.publish(principal, '/user/alice/x')).toEqual(BY_POLICY);
      }
      const forged: Scoped = { ...service('alice'), userId: 'alice' };
      expect(generous.subscribe(forged, '/user/alice/**')).toEqual(BY_POLICY);
    });
  });

  describe('{userId}', () => {
    const subject = authority(
      { channel: '/inbox/{userId}/**', subscribe: true, publish: true },
      { channel: '/mute/{userId}', effect: 'deny', publish: true },
      { channel: '/mute/*', publish: true },
    );

    it('stands for the user, and for nobody else', () => {
      expect(subject.subscribe(alice, '/inbox/alice/**')).toEqual(ALLOWED);
      for (const pattern of ['/inbox/bob/x', '/inbox/**', '/inbox/*', '/inbox/{userId}/x']) {
        expect(subject.subscribe(alice, pattern)).toEqual(NOT_GRANTED);
      }
      expect(subject.publish(alice, '/mute/alice')).toEqual(BY_POLICY);
      expect(subject.publish(alice, '/mute/bob')).toEqual(ALLOWED);
    });

    it('makes a rule void for principals without a user', () => {
      for (const principal of [service('alice'), ANONYMOUS]) {
        expect(subject.subscribe(principal, '/inbox/alice/x')).toEqual(NOT_GRANTED);
        expect(subject.subscribe(principal, '/inbox//x')).toEqual(NOT_GRANTED);
        expect(subject.publish(principal, '/mute/alice')).toEqual(ALLOWED);
      }
    });

    it.each([
      '*',
      '**',
      'a/b',
      '../bob',
      'bob/**',
      '~2a',
      '.',
      'bob?',
      'böb',
      '𝒷',
      'auth0|bob',
      '{userId}',
      ' ',
    ])('T26 gives the user %s one segment, and no channel of anybody else', (userId) => {
      const principal = user(userId);
      const own = channelSegment(userId);
      expect(own).toMatch(/^[A-Za-z0-9\-_!()$@~]+$/);
      expect(subject.subscribe(principal, `/inbox/${own}/**`)).toEqual(ALLOWED);
      expect(subject.subscribe(principal, `/user/${own}/**`)).toEqual(ALLOWED);
      for (const other of ['bob', 'a', '*', '**', '~2a', '..', 'alice'].filter((name) => name !== own)) {
        expect(subject.subscribe(principal, `/inbox/${other}/x`)).toEqual(NOT_GRANTED);
        expect(subject.subscribe(principal, `/user/${other}/x`)).toEqual(BY_POLICY);
      }
      for (const wide of ['/inbox/*', '/inbox/**']) {
        expect(subject.subscribe(principal, wide)).toEqual(NOT_GRANTED);
      }
    });

    it('T26 permits nothing to a user whose id has no segment', () => {
      expect(() => subject.subscribe(user('\ud800'), '/inbox/x/y')).toThrow(RangeError);
      expect(() => subject.publish(user(''), '/inbox//y')).toThrow(RangeError);
    });
  });

  describe('calls', () => {
    const subject = authority(
      { channel: '/service/admin/**', effect: 'deny', publish: { kind: 'user' } },
      { channel: '/service/quiet', effect: 'deny', subscribe: true },
      { channel: '/service/{userId}/x', effect: 'deny', publish: true },
    );

    it('are permitted without a rule, as the handler is the grant', () => {
      for (const principal of [alice, service('s'), ANONYMOUS]) {
        expect(authority().call(principal, '/service/chat')).toEqual(ALLOWED);
      }
    });

    it('T27 are refused by rules that deny publishing', () => {
      expect(subject.call(alice, '/service/admin/x')).toEqual(BY_POLICY);
      expect(subject.call(service('s'), '/service/admin/x')).toEqual(ALLOWED);
      expect(subject.call(alice, '/service/quiet')).toEqual(ALLOWED);
      expect(subject.call(alice, '/service/alice/x')).toEqual(BY_POLICY);
      expect(subject.call(alice, '/service/bob/x')).toEqual(ALLOWED);
    });

    it('do not reach the services of the library, nor channels that are no services', () => {
      expect(authority().call(alice, '/service/comet/auth')).toEqual(BY_POLICY);
      expect(authority().call(alice, '/service/comets')).toEqual(ALLOWED);
      expect(authority().call(alice, '/news')).toEqual(NOT_GRANTED);
    });
  });

  it('refuses rules that cannot mean what they say', () => {
    expect(() => authority({ channel: 'news', subscribe: true })).toThrow(TypeError);
  });

  it('does not follow rules that are changed later', () => {
    const condition = { scope: 'a' };
    const rules: ChannelRule[] = [{ channel: '/a', subscribe: condition }];
    const subject = new RuleAuthority(rules, false);
    condition.scope = 'b';
    rules.push({ channel: '/**', subscribe: true });
    expect(subject.subscribe(user('x', 'b'), '/a')).toEqual(NOT_GRANTED);
    expect(subject.subscribe(user('x', 'a'), '/a')).toEqual(ALLOWED);
  });
});

describe('decisions on small channel names', () => {
  const alphabet = ['a', 'b', 'user', 'alice', 'bob'];
  const paths = (depth: number): string[] =>
    depth === 0 ? [''] : paths(depth - 1).flatMap((path) => alphabet.map((segment) => `${path}/${segment}`));
  const channels = [1, 2, 3].flatMap(paths);
  const wildcards = [0, 1, 2].flatMap(paths).flatMap((path) => [`${path}/*`, `${path}/**`]);
  const matching = (pattern: string): string[] => channels.filter((channel) => contains(pattern, channel));

  const subject = authority(
    { channel: '/**', subscribe: true },
    { channel: '/a/b/**', effect: 'deny', subscribe: true },
    { channel: '/b/*', effect: 'deny', subscribe: true },
  );

  it('T25 T28 never permit a pattern that matches a channel which is not permitted itself', () => {
    for (const pattern of wildcards) {
      if (!subject.subscribe(user('alice'), pattern).allowed) continue;
      for (const channel of matching(pattern)) {
        expect([pattern, channel, subject.subscribe(user('alice'), channel)]).toEqual([
          pattern,
          channel,
          ALLOWED,
        ]);
      }
    }
  });

  it('agree with a plain reading of what patterns match', () => {
    const everything = [...channels, ...wildcards].filter((name) => name.split('/').length <= 3);
    for (const left of everything) {
      const leftMatches = new Set(matching(left));
      for (const right of everything) {
        const rightMatches = matching(right);
        const shared = rightMatches.some((channel) => leftMatches.has(channel));
        if (overlaps(left, right) !== shared)
          throw new Error(`overlaps(${left}, ${right}) is not ${String(shared)}`);
      }
    }
  });

  it('[A7] T65 asks for the issuer of the token', () => {
    const ofA = { ...user('alice'), issuer: 'https://a.test' };
    const ofB = { ...user('alice'), issuer: 'https://b.test' };
    const subject = authority(
      { channel: '/a', publish: { issuer: 'https://a.test' } },
      { channel: '/both', publish: { issuer: ['https://a.test', 'https://b.test'] } },
      { channel: '/**', effect: 'deny', subscribe: { issuer: 'https://b.test' } },
      { channel: '/**', subscribe: true },
    );
    expect([ofA, ofB, user('alice')].map((who) => subject.publish(who, '/a'))).toEqual([
      ALLOWED,
      NOT_GRANTED,
      NOT_GRANTED,
    ]);
    expect([ofA, ofB, user('alice')].map((who) => subject.publish(who, '/both'))).toEqual([
      ALLOWED,
      ALLOWED,
      NOT_GRANTED,
    ]);
    expect([ofA, ofB].map((who) => subject.subscribe(who, '/a'))).toEqual([ALLOWED, BY_POLICY]);
    expect(
      authority({ channel: '/a', publish: { issuer: 'https://a.test' } }).publish(ANONYMOUS, '/a'),
    ).toEqual(NOT_GRANTED);
  });
});
