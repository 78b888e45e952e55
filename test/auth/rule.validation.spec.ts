import type { ChannelRule } from '../../src/auth/channel-rule.js';
import { validateRules } from '../../src/auth/rule.validation.js';

const validate = (rule: unknown): string[] => validateRules([rule as ChannelRule]);

describe('validateRules', () => {
  it('finds nothing wrong with good rules', () => {
    expect(
      validateRules([
        { channel: '/news/**', subscribe: true, publish: { kind: 'service', scope: 'news:write' } },
        { channel: '/room/*', subscribe: { scope: 'room' }, publish: false },
        { channel: '/inbox/{userId}/**', subscribe: true },
        { channel: '/user/{userId}/**', publish: true },
        { channel: '/user/{userId}/out', publish: { kind: 'user' } },
        { channel: '/user/**', effect: 'deny', publish: true },
        { channel: '/service/admin/**', effect: 'deny', publish: { kind: 'anonymous' } },
        { channel: '/**', effect: 'allow', subscribe: true },
        { channel: '/*', subscribe: true },
        { channel: '/a.b/#1/x+y~z/(!)$@_-', subscribe: true },
        { channel: '/userland/x', subscribe: true },
        { channel: '/{tenant}/{serviceId}/{clientId}/{claims.https:rooms}/**', publish: true },
        { channel: '/room/*', subscribe: { scope: ['a', 'b'], claims: { vip: true, level: 2, role: 'x' } } },
        { channel: '/room/*', subscribe: { tenant: 'acme' }, create: false },
        {
          channel: '/room/*',
          subscribe: { issuer: 'https://a.test' },
          publish: { issuer: ['https://a.test'] },
        },
        { channel: '/room/*', create: { kind: 'user' } },
        { channel: '/service/chat', call: { scope: 'chat' }, publish: false },
        { channel: '/**', subscribe: true, call: true },
        { channel: '/service/admin', effect: 'deny', call: true, unless: { scope: 'admin' } },
        { channel: '/admin/**', effect: 'deny' },
        { channel: '/admin/**', effect: 'deny', unless: { kind: 'service' } },
      ]),
    ).toEqual([]);
    expect(validateRules([])).toEqual([]);
  });

  it.each([
    ['news', /begin with a slash: write '\/news'/],
    ['', /begin with a slash/],
    ['/news/', /empty segment/],
    ['/', /empty segment/],
    ['/news//x', /empty segment/],
    ['/*/news', /wildcard '\*' before its end/],
    ['/**/news', /wildcard '\*\*' before its end/],
    ['/news*', /wildcard within the segment 'news\*'/],
    ['/news/***', /wildcard within the segment/],
    ['/{user}/x', /unknown variable '\{user\}': write one of \{userId\}, \{tenant\}/],
    ['/{claims}/**', /unknown variable '\{claims\}'/],
    ['/{claims.}/**', /unknown variable '\{claims\.\}'/],
    ['/{claims.a}/{claims.b}', /more than one claim/],
    ['/r-{claims.a}', /'\{claims\.a\}' within the segment 'r-\{claims\.a\}'/],
    ['/user/{serviceId}/**', /tree of another user/],
    ['/user/{claims.sub}/**', /tree of another user/],
    ['/{userid}', /unknown variable/],
    ['/u-{userId}', /'\{userId\}' within the segment 'u-\{userId\}'/],
    ['/{userId}{userId}', /within the segment/],
    ['/ne ws', /characters that no channel has/],
    ['/{userId', /characters that no channel has/],
    ['/näws', /characters that no channel has/],
    ['/a?b', /characters that no channel has/],
    ['/meta/connect', /channel of the protocol/],
    ['/meta/**', /channel of the protocol/],
    ['/user/**', /tree of another user: write '\/user\/\{userId\}\/\*\*'/],
    ['/user/*', /tree of another user/],
    ['/user/bob/**', /tree of another user/],
    ['/user/{userId}', /tree of another user/],
    ['/service/chat', /handler of a service channel is itself the grant/],
    ['/service/**', /handler of a service channel/],
  ])("tells what is wrong with the channel '%s'", (channel, sentence) => {
    const mistakes = validate({ channel, subscribe: true });
    expect(mistakes).toEqual([expect.stringMatching(sentence)]);
    expect(mistakes[0]).toMatch(/^rules\[0\] \(.*[.]$/);
  });

  it.each([
    [{}, /no operation/],
    [{ subscribe: false, publish: undefined }, /no operation/],
    [{ effect: 'deny', subscribe: false }, /no operation/],
    [{ create: false, call: false }, /no operation/],
    [{ subscribe: true, effect: 'Deny' }, /unknown effect/],
    [{ subscribe: true, scope: 'x' }, /unknown member 'scope'/],
    [{ subscribe: true, unless: { scope: 'a' } }, /has unless, but does not deny/],
    [{ effect: 'deny', unless: {} }, /empty condition in unless/],
    [{ effect: 'deny', unless: undefined }, /has no condition in unless/],
    [{ effect: 'deny', unless: true }, /has no condition in unless/],
    [{ subscribe: true, call: true }, /calls of what is no service/],
    [{ create: 1 }, /has no condition in create/],
    [{ subscribe: { scope: [] } }, /scope in subscribe/],
    [{ subscribe: { scope: ['a', 'b c'] } }, /scope in subscribe/],
    [{ subscribe: { issuer: '' } }, /issuer in subscribe that is none/],
    [{ subscribe: { issuer: [] } }, /issuer in subscribe that is none/],
    [{ subscribe: { issuer: undefined } }, /issuer in subscribe that is none/],
    [{ subscribe: { issuer: [7] } }, /issuer in subscribe that is none/],
    [{ subscribe: { tenant: '' } }, /tenant in subscribe/],
    [{ subscribe: { tenant: undefined } }, /tenant in subscribe/],
    [{ subscribe: { claims: undefined } }, /claims in subscribe/],
    [{ subscribe: { claims: {} } }, /claims in subscribe/],
    [{ subscribe: { claims: { role: undefined } } }, /claims in subscribe/],
    [{ subscribe: { claims: { role: ['a'] } } }, /claims in subscribe/],
    [{ subscribe: 'yes' }, /no condition/],
    [{ publish: ['x'] }, /no condition/],
    [{ subscribe: {} }, /empty condition in subscribe/],
    [{ subscribe: { scopes: 'x' } }, /unknown member 'scopes' in subscribe/],
    [{ publish: { scope: undefined } }, /scope in publish/],
    [{ publish: { scope: '' } }, /scope in publish/],
    [{ publish: { scope: 'a b' } }, /scope in publish/],
    [{ publish: { kind: 'admin' } }, /unknown kind in publish/],
    [{ publish: { kind: undefined } }, /unknown kind in publish/],
  ])('tells what is wrong with the members %j', (members, sentence) => {
    expect(validate({ channel: '/news', ...members })).toEqual([expect.stringMatching(sentence)]);
  });

  it.each([null, undefined, 'rule', ['/news'], {}, { channel: 7, subscribe: true }])(
    'tells that %j is no rule',
    (rule) => {
      expect(validate(rule)).toEqual([expect.stringMatching(/^rules\[0\] .*channel/)]);
    },
  );

  it('finds every mistake of every rule', () => {
    const mistakes = validateRules([
      { channel: '/ok', subscribe: true },
      { channel: 'a' },
      { channel: '/x//*/y', subscribe: { scope: '' } },
    ]);
    expect(mistakes.map((mistake) => mistake.slice(0, 8))).toEqual([
      'rules[1]',
      'rules[1]',
      'rules[2]',
      'rules[2]',
      'rules[2]',
    ]);
  });

  it('[A7] takes only issuers that are configured', () => {
    const rules: ChannelRule[] = [
      { channel: '/a', subscribe: { issuer: ['https://a.test', 'https://b.test'] } },
      { channel: '/b', effect: 'deny', unless: { issuer: 'https://a.test/' } },
    ];
    expect(validateRules(rules, ['https://a.test'])).toEqual([
      expect.stringMatching(/"https:\/\/b\.test" in subscribe, .* write one of https:\/\/a\.test\.$/),
      expect.stringMatching(/"https:\/\/a\.test\/" in unless/),
    ]);
    expect(validateRules(rules, [])).toHaveLength(3);
    expect(validateRules(rules)).toEqual([]);
  });
});
