import type { ChannelRule } from '../../src/auth/channel-rule.js';
import { ANONYMOUS, type CometPrincipal } from '../../src/auth/comet-principal.js';
import { RuleAuthority } from '../../src/auth/rule.authority.js';
import type { Decision } from '../../src/bayeux/ports.js';

const ALLOWED: Decision = { allowed: true };
const BY_POLICY: Decision = { allowed: false, why: 'denied_by_security_policy' };
const NOT_GRANTED: Decision = { allowed: false, why: 'denied_by_not_granting' };

function user(changes: Partial<CometPrincipal> = {}): CometPrincipal {
  return { ...ANONYMOUS, kind: 'user', userId: 'alice', identity: 'issuer user:alice', ...changes };
}

function service(serviceId: string, changes: Partial<CometPrincipal> = {}): CometPrincipal {
  const identity = `issuer service:${serviceId}`;
  return { ...ANONYMOUS, kind: 'service', identity, serviceId, clientId: serviceId, ...changes };
}

const authority = (...rules: ChannelRule[]): RuleAuthority => new RuleAuthority(rules, false);
const alice = user();

describe('a condition', () => {
  it('with several scopes needs all of them', () => {
    const subject = authority({ channel: '/a', subscribe: { scope: ['read', 'extra'] } });
    expect(subject.subscribe(user({ scopes: ['extra', 'more', 'read'] }), '/a')).toEqual(ALLOWED);
    for (const scopes of [['read'], ['extra'], ['read extra'], []]) {
      expect(subject.subscribe(user({ scopes }), '/a')).toEqual(NOT_GRANTED);
    }
  });

  it('may be about the tenant', () => {
    const subject = authority({ channel: '/a', subscribe: { tenant: 'acme' } });
    expect(subject.subscribe(user({ tenant: 'acme' }), '/a')).toEqual(ALLOWED);
    for (const tenant of ['', 'globex', 'ACME']) {
      expect(subject.subscribe(user({ tenant }), '/a')).toEqual(NOT_GRANTED);
    }
  });

  it('may be about claims, which are equal or have the value among others', () => {
    const subject = authority({ channel: '/a', subscribe: { claims: { role: 'editor', level: 2 } } });
    const asked = (claims: Record<string, unknown>) => subject.subscribe(user({ claims }), '/a');
    expect(asked({ role: 'editor', level: 2 })).toEqual(ALLOWED);
    expect(asked({ role: ['reader', 'editor'], level: [2] })).toEqual(ALLOWED);
    for (const claims of [
      { role: 'editor' },
      { role: 'editors', level: 2 },
      { role: ['editors'], level: 2 },
      { role: 'editor', level: '2' },
      { role: { editor: true }, level: 2 },
      {},
    ]) {
      expect(asked(claims)).toEqual(NOT_GRANTED);
    }
    expect(subject.subscribe(alice, '/a')).toEqual(NOT_GRANTED);
  });

  it('takes nothing that every object has for a claim', () => {
    const subject = authority(
      { channel: '/a', subscribe: { claims: { toString: 'x' } } },
      { channel: '/b/{claims.constructor}', subscribe: true },
    );
    expect(subject.subscribe(user({ claims: {} }), '/a')).toEqual(NOT_GRANTED);
    expect(subject.subscribe(user({ claims: {} }), '/b/x')).toEqual(NOT_GRANTED);
  });
});

describe('T28 a rule that denies', () => {
  it('and names no operation denies all of them', () => {
    const subject = authority(
      { channel: '/**', subscribe: true, publish: true },
      { channel: '/admin/**', effect: 'deny' },
      { channel: '/service/admin/**', effect: 'deny' },
    );
    expect(subject.subscribe(alice, '/admin/*')).toEqual(BY_POLICY);
    expect(subject.publish(alice, '/admin/a')).toEqual(BY_POLICY);
    expect(subject.call(alice, '/service/admin/a')).toEqual(BY_POLICY);
    expect(subject.call(alice, '/service/a')).toEqual(ALLOWED);
  });

  it('spares whom it names in unless', () => {
    const subject = authority(
      { channel: '/**', subscribe: true, publish: true },
      { channel: '/admin/**', effect: 'deny', unless: { scope: 'admin', kind: 'user' } },
    );
    for (const [principal, decision] of [
      [user({ scopes: ['admin'] }), ALLOWED],
      [service('robot', { scopes: ['admin'] }), BY_POLICY],
      [alice, BY_POLICY],
    ] as const) {
      expect(subject.subscribe(principal, '/admin/**')).toEqual(decision);
      expect(subject.publish(principal, '/admin/a')).toEqual(decision);
    }
  });

  it('with a variable denies only what it stands for', () => {
    const subject = authority(
      { channel: '/**', subscribe: true },
      { channel: '/room/{claims.banned}/**', effect: 'deny' },
    );
    const banned = user({ claims: { banned: ['blue', 'red'] } });
    for (const name of ['/room/blue/x', '/room/red/**', '/room/**', '/room/blue/*']) {
      expect(subject.subscribe(banned, name)).toEqual(BY_POLICY);
    }
    expect(subject.subscribe(banned, '/room/green/**')).toEqual(ALLOWED);
    expect(subject.subscribe(alice, '/room/**')).toEqual(ALLOWED);
  });

  it.each([
    ['is no text', [{ name: 'blue' }]],
    ['has no segment', ['\ud800']],
    ['is empty', ['']],
    ['is too long a list', Array.from({ length: 101 }, (_, index) => `r${index}`)],
  ])('with a claim that %s denies all that it could stand for', (_, banned) => {
    const subject = authority(
      { channel: '/**', subscribe: true },
      { channel: '/room/{claims.banned}/**', effect: 'deny' },
    );
    const principal = user({ claims: { banned } });
    for (const name of ['/room/green/x', '/room/**', '/room/*']) {
      expect(subject.subscribe(principal, name)).toEqual(BY_POLICY);
    }
    expect(subject.subscribe(principal, '/rooms')).toEqual(ALLOWED);
  });
});

describe('variables', () => {
  const subject = authority(
    { channel: '/t/{tenant}/**', subscribe: true },
    { channel: '/s/{serviceId}', publish: true },
    { channel: '/c/{clientId}', publish: true },
    { channel: '/room/{claims.rooms}/**', subscribe: true },
    { channel: '/both/{userId}/{claims.rooms}', subscribe: true },
  );

  it('stand for the tenant, the service and the client of the token', () => {
    expect(subject.subscribe(user({ tenant: 'acme' }), '/t/acme/**')).toEqual(ALLOWED);
    expect(subject.publish(service('feed'), '/s/feed')).toEqual(ALLOWED);
    expect(subject.publish(service('feed'), '/c/feed')).toEqual(ALLOWED);
    expect(subject.publish(user({ clientId: 'portal' }), '/c/portal')).toEqual(ALLOWED);
    expect(subject.publish(user({ clientId: 'portal' }), '/c/other')).toEqual(NOT_GRANTED);
  });

  it('that stand for nothing make a rule void', () => {
    for (const name of ['/t/x', '/t//x', '/t/{tenant}/x', '/t/**', '/room/**', '/both/alice/x']) {
      expect(subject.subscribe(alice, name)).toEqual(NOT_GRANTED);
    }
    for (const name of ['/s/alice', '/s/null', '/c/null', '/c/undefined', '/s/{serviceId}']) {
      expect(subject.publish(alice, name)).toEqual(NOT_GRANTED);
    }
  });

  it('make one rule of each entry of a claim', () => {
    const member = user({ claims: { rooms: ['blue', 7, 'a/b'] } });
    for (const name of ['/room/blue/**', '/room/7/x', '/room/a~2fb/x', '/both/alice/blue']) {
      expect(subject.subscribe(member, name)).toEqual(ALLOWED);
    }
    for (const name of ['/room/red/x', '/room/**', '/room/a/b', '/both/bob/blue', '/both/blue/alice']) {
      expect(subject.subscribe(member, name)).toEqual(NOT_GRANTED);
    }
    expect(subject.subscribe(user({ claims: { rooms: 'blue' } }), '/room/blue/x')).toEqual(ALLOWED);
  });

  it.each([[['*']], ['**'], [[null]], [{ blue: true }], [true], [[1.5]], [[['blue']]]])(
    'T26 do not open anything by the claim %j',
    (rooms) => {
      const principal = user({ claims: { rooms } });
      for (const name of ['/room/**', '/room/*', '/room/blue/x', '/room/**/x', '/room/true/x']) {
        expect(subject.subscribe(principal, name)).toEqual(NOT_GRANTED);
      }
    },
  );

  it('stand for the first hundred entries of a claim, as each costs time', () => {
    const rooms = Array.from({ length: 101 }, (_, index) => `r${index}`);
    const principal = user({ claims: { rooms } });
    expect(subject.subscribe(principal, '/room/r99/x')).toEqual(ALLOWED);
    expect(subject.subscribe(principal, '/room/r100/x')).toEqual(NOT_GRANTED);
  });
});

describe('T27 creating', () => {
  it('is not asked about where no rule speaks of it', () => {
    expect(authority({ channel: '/a', subscribe: true }).create).toBeUndefined();
  });

  const subject = authority(
    { channel: '/room/*', subscribe: true, publish: { scope: 'chat' }, create: { scope: 'rooms' } },
    { channel: '/open/**', subscribe: true },
    { channel: '/closed/*', subscribe: true, create: false },
    { channel: '/closed/{userId}', create: true },
    { channel: '/open/never', effect: 'deny', create: true },
  );
  const asked = (principal: CometPrincipal, name: string, operation: 'subscribe' | 'publish') =>
    subject.create?.(principal, name, operation);

  it('needs what the rule asks for', () => {
    const owner = user({ scopes: ['rooms'] });
    for (const operation of ['subscribe', 'publish'] as const) {
      expect(asked(alice, '/room/a', operation)).toEqual(NOT_GRANTED);
      expect(asked(owner, '/room/a', operation)).toEqual(ALLOWED);
    }
    expect(asked(owner, '/room/**', 'subscribe')).toEqual(NOT_GRANTED);
  });

  it('needs by default what the operation needs', () => {
    expect(asked(alice, '/open/a', 'subscribe')).toEqual(ALLOWED);
    expect(asked(alice, '/open/a', 'publish')).toEqual(NOT_GRANTED);
  });

  it('may be left to another rule, or denied', () => {
    expect(asked(alice, '/closed/x', 'subscribe')).toEqual(NOT_GRANTED);
    expect(asked(alice, '/closed/alice', 'subscribe')).toEqual(ALLOWED);
    expect(asked(alice, '/open/never', 'subscribe')).toEqual(BY_POLICY);
    expect(asked(alice, '/open/*', 'subscribe')).toEqual(BY_POLICY);
  });

  it('needs no rule in the own tree', () => {
    expect(asked(alice, '/user/alice/x', 'subscribe')).toEqual(ALLOWED);
    expect(asked(alice, '/user/alice/x', 'publish')).toEqual(NOT_GRANTED);
  });

  it('is not denied by a rule that denies something else', () => {
    const other = authority(
      { channel: '/a', subscribe: true, create: true },
      { channel: '/a', effect: 'deny', publish: true },
    );
    expect(other.create?.(alice, '/a', 'subscribe')).toEqual(ALLOWED);
  });
});

describe('T27 calling', () => {
  const subject = authority(
    { channel: '/service/chat', call: { scope: 'chat' } },
    { channel: '/service/own/{userId}', call: true },
    { channel: '/service/tree/**', call: { kind: 'service' } },
    { channel: '/service/tree/dead', effect: 'deny', call: true },
    { channel: '/service/heard', effect: 'deny', publish: true, call: false },
  );

  it('needs a rule where one permits it', () => {
    expect(subject.call(user({ scopes: ['chat'] }), '/service/chat')).toEqual(ALLOWED);
    expect(subject.call(alice, '/service/chat')).toEqual(NOT_GRANTED);
    expect(subject.call(service('s'), '/service/tree/a/b')).toEqual(ALLOWED);
    expect(subject.call(alice, '/service/tree/a/b')).toEqual(NOT_GRANTED);
    expect(subject.call(service('s'), '/service/tree/dead')).toEqual(BY_POLICY);
  });

  it('needs one also where its variable stands for nothing', () => {
    expect(subject.call(alice, '/service/own/alice')).toEqual(ALLOWED);
    expect(subject.call(alice, '/service/own/bob')).toEqual(NOT_GRANTED);
    for (const principal of [service('alice'), ANONYMOUS]) {
      expect(subject.call(principal, '/service/own/alice')).toEqual(NOT_GRANTED);
    }
  });

  it('needs none elsewhere', () => {
    for (const channel of ['/service/other', '/service/chat/x', '/service/own', '/service/heard']) {
      expect(subject.call(alice, channel)).toEqual(ALLOWED);
    }
  });

  it('never reaches the services of the library', () => {
    const open = authority({ channel: '/**', subscribe: true, call: true });
    expect(open.call(alice, '/service/comet/auth')).toEqual(BY_POLICY);
    expect(open.call(alice, '/service/x')).toEqual(ALLOWED);
  });
});
