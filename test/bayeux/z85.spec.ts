import { Z85 } from 'cometd/Z85.js';
import fc from 'fast-check';
import { check } from '../property/support/seeded.js';
import { decodeZ85, encodeZ85 } from '../../src/bayeux/extensions/z85.js';

/** The test case of ZeroMQ RFC 32. */
const BYTES = Uint8Array.of(0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b);
const TEXT = 'HelloWorld';

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

const anyBytes = fc.uint8Array({ maxLength: 64 });

/** Texts of the alphabet, of which many stand for no bytes. */
const anyText = fc.string({ unit: fc.constantFrom(...Array.from(ALPHABET)), maxLength: 30 });

describe('Z85', () => {
  it('writes and reads the test case of its specification', () => {
    expect(encodeZ85(BYTES)).toBe(TEXT);
    expect(decodeZ85(TEXT)).toEqual(BYTES);
  });

  it.each([
    [0, ''],
    [1, '0r'],
    [2, '0rA'],
    [3, '0rAi'],
    [4, '0rAi4'],
    [5, '0rAi40r'],
  ])('writes %d bytes as one character more for every four that were begun', (length, text) => {
    const ones = new Uint8Array(length).fill(1);
    expect(encodeZ85(ones)).toBe(text);
    expect(decodeZ85(text)).toEqual(ones);
  });

  it('writes any bytes as the stock client does, and reads them again', () => {
    check(
      fc.property(anyBytes, (bytes) => {
        const text = encodeZ85(bytes);
        expect(text).toBe(Z85.encode(bytes.slice().buffer));
        expect(decodeZ85(text)).toEqual(new Uint8Array(bytes));
      }),
      500,
    );
  });

  it('reads what the stock client writes, as that does', () => {
    check(
      fc.property(anyBytes, (bytes) => {
        const text = Z85.encode(bytes.slice().buffer);
        expect(decodeZ85(text)).toEqual(new Uint8Array(Z85.decode(text)));
      }),
      500,
    );
  });

  it('reads a part of a larger buffer, and no more', () => {
    const large = Buffer.from([9, 9, ...BYTES, 9, 9]);
    expect(encodeZ85(large.subarray(2, 10))).toBe(TEXT);
  });

  it.each([
    ['a character that is not of the alphabet', 'Hello"orld'],
    ['a character that takes several bytes', 'Helloéorld'],
    ['a space', 'Hello Worl'],
    ['a name that every object has', '__proto__'],
    ['a rest of one character', 'HelloW'],
    ['more than four bytes can say', '#####'],
    ['more than one byte can say', '##'],
  ])('reads no %s', (_, text) => {
    expect(decodeZ85(text)).toBeUndefined();
  });

  it('reads the largest that four bytes can say, and nothing above it', () => {
    expect(decodeZ85('%nSc0')).toEqual(Uint8Array.of(255, 255, 255, 255));
    expect(decodeZ85('%nSc1')).toBeUndefined();
  });

  it('reads any text or says that it cannot', () => {
    check(
      fc.property(fc.oneof(anyText, fc.string()), (text) => {
        const bytes = decodeZ85(text);
        if (bytes) expect(decodeZ85(encodeZ85(bytes))).toEqual(bytes);
        else expect(text).not.toBe('');
      }),
      500,
    );
  });
});
