import { userSegment } from '../../src/auth/user-tree.js';
import { isNameText } from '../../src/auth/name-text.js';
import { channelSegment, isChannel } from '../../src/bayeux/channel.js';
import type { Principal } from '../../src/bayeux/ports.js';

/** A generator with a fixed seed, so that a failure can be repeated. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Characters that have a meaning somewhere, next to those that need no escape and those with many bytes. */
const CHARACTERS = Array.from('ab0~~2a7cAC*/.%|{}+# _-!()$@\\\0\n\u00e9\u0301\u{1d4b7}\u202e');

function reverse(segment: string): string {
  const bytes = segment.replace(
    /~([0-9a-f]{2})|[^]/g,
    (text, hex: string | undefined) => hex ?? Buffer.from(text).toString('hex'),
  );
  return Buffer.from(bytes, 'hex').toString('utf8');
}

describe('channelSegment', () => {
  it('T26 writes every text as one segment, and no two texts as the same one', () => {
    const random = mulberry32(26);
    const seen = new Map<string, string>();
    for (let round = 0; round < 20_000; round++) {
      const length = 1 + Math.floor(random() * 6);
      const text = Array.from(
        { length },
        () => CHARACTERS[Math.floor(random() * CHARACTERS.length)] ?? '',
      ).join('');
      const segment = channelSegment(text);
      if (!isChannel(`/${segment}`, { maxLength: 200, maxDepth: 1 }))
        throw new Error(`no segment: ${segment}`);
      if ((seen.get(segment) ?? text) !== text) throw new Error(`${segment} stands for two texts`);
      if (reverse(segment) !== text)
        throw new Error(`${segment} does not lead back to ${JSON.stringify(text)}`);
      seen.set(segment, text);
    }
    expect(seen.size).toBeGreaterThan(10_000);
  });

  it('T26 does not mistake an escape that was written out for one that was made', () => {
    const texts = ['*', '~2a', '~7e2a', '~~2a', '%2a', '**', '~2a*', '*~2a'];
    expect(new Set(texts.map(channelSegment)).size).toBe(texts.length);
  });
});

describe('userSegment', () => {
  const principal: Principal = { kind: 'user', tenant: '', userId: 'auth0|alice', identity: 'i' };

  it('is there for users only', () => {
    expect(userSegment(principal)).toBe('auth0~7calice');
    expect(userSegment({ ...principal, userId: null })).toBeUndefined();
    expect(userSegment({ ...principal, kind: 'service' })).toBeUndefined();
    expect(userSegment({ ...principal, kind: 'anonymous' })).toBeUndefined();
  });

  it('exists for every user id a token may have', () => {
    for (const text of ['x'.repeat(255), '\u{1d4b7}', '\0', '*']) {
      expect(isNameText(text)).toBe(true);
      expect(() => userSegment({ ...principal, userId: text })).not.toThrow();
    }
    for (const text of ['', 'x'.repeat(256), '\ud800', 'a\udc00b', 7, null, undefined, ['a']]) {
      expect(isNameText(text)).toBe(false);
    }
  });
});
