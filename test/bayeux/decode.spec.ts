import { decode, type DecodeLimits } from '../../src/bayeux/message.js';

const LIMITS: DecodeLimits = { maxDepth: 4 };

describe('decode', () => {
  it('takes an array of messages, or one bare message', () => {
    expect(decode('[{"channel":"/a"},{"channel":"/b"}]', LIMITS)).toEqual({
      ok: true,
      messages: [{ channel: '/a' }, { channel: '/b' }],
    });
    expect(decode('{"channel":"/a"}', LIMITS)).toEqual({ ok: true, messages: [{ channel: '/a' }] });
  });

  it('leaves elements as they are, whatever they are', () => {
    expect(decode('[null,7,"x"]', LIMITS)).toEqual({ ok: true, messages: [null, 7, 'x'] });
  });

  it.each([
    ['', 'malformed'],
    ['{', 'malformed'],
    ['[{}', 'malformed'],
    ['[{}]]', 'malformed'],
    ["[{'channel':'/a'}]", 'malformed'],
    ['7', 'malformed'],
    ['"text"', 'malformed'],
    ['null', 'malformed'],
    ['true', 'malformed'],
    ['[]', 'empty'],
    [' [ ] ', 'empty'],
  ])('refuses %s as %s', (text, failure) => {
    expect(decode(text, LIMITS)).toEqual({ ok: false, failure });
  });

  it('takes any number of messages, as what is past the limit is answered one by one', () => {
    expect(decode('[1,2,3,4]', LIMITS)).toEqual({ ok: true, messages: [1, 2, 3, 4] });
  });

  it.each([
    ['arrays', '[[[[1]]]]', '[[[[[1]]]]]'],
    ['objects', '[{"a":{"b":{}}}]', '[{"a":{"b":{"c":{}}}}]'],
    ['both', '[{"a":[{}]}]', '[{"a":[{"b":[]}]}]'],
  ])('counts the levels of %s', (_, permitted, refused) => {
    expect(decode(permitted, LIMITS).ok).toBe(true);
    expect(decode(refused, LIMITS)).toEqual({ ok: false, failure: 'too_deep' });
  });

  it('counts levels, not brackets', () => {
    expect(decode('[{"a":[],"b":[],"c":[],"d":[],"e":{},"f":{}}]', LIMITS).ok).toBe(true);
  });

  it.each([
    String.raw`[{"data":"[[[[[[[["}]`,
    String.raw`[{"data":"{{{{{{{{"}]`,
    String.raw`[{"data":"\"[[[[[[[["}]`,
    String.raw`[{"data":"\\\"[[[[[[["}]`,
    String.raw`[{"[[[[[[[[":1}]`,
    String.raw`[{"data":"]]]]]]]]"}]`,
  ])('does not count brackets in texts: %s', (text) => {
    expect(decode(text, LIMITS)).toEqual({ ok: true, messages: JSON.parse(text) as unknown[] });
  });

  it.each([
    String.raw`[{"data":"\\","more":[[[[1]]]]}]`,
    String.raw`[{"data":"]]]]","more":[[[[1]]]]}]`,
    String.raw`[{"data":"\"]]]]","more":[[[[1]]]]}]`,
    String.raw`[{"data":"\\\\\"]]","more":{"a":{"b":{}}}}]`,
  ])('counts on after a text: %s', (text) => {
    expect(decode(text, LIMITS)).toEqual({ ok: false, failure: 'too_deep' });
  });

  it('refuses a bomb of brackets before it is parsed', () => {
    expect(decode('['.repeat(1_000_000), LIMITS)).toEqual({ ok: false, failure: 'too_deep' });
    expect(decode('{"a":'.repeat(200_000), LIMITS)).toEqual({ ok: false, failure: 'too_deep' });
  });

  it('[C7] reads numbers as JavaScript does', () => {
    const result = decode('[{"large":9007199254740993,"larger":1e400}]', LIMITS);
    const sent = result.ok && JSON.stringify(result.messages);
    expect(sent).toBe('[{"large":9007199254740992,"larger":null}]');
  });

  it('gives no object a prototype that came from a peer', () => {
    const result = decode('[{"__proto__":{"polluted":true}}]', LIMITS);
    const [first] = result.ok ? result.messages : [];
    expect(Object.getPrototypeOf(first)).toBe(Object.prototype);
    expect((first as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
