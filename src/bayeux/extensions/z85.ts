/** The alphabet of Z85 (ZeroMQ RFC 32). */
const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

const VALUES = new Map(Array.from(ALPHABET, (character, value) => [character, value]));

/** Four bytes are written as five characters, a shorter rest of n bytes as n + 1. */
const BYTES = 4;
const CHARACTERS = 5;

/** Writes bytes as Z85 text (ZeroMQ RFC 32), extended to lengths that are no multiple of four. */
export function encodeZ85(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += BYTES) {
    const rest = Math.min(BYTES, bytes.length - start);
    let value = 0;
    for (let index = 0; index < BYTES; index++) {
      value = value * 256 + (index < rest ? (bytes[start + index] as number) : 0);
    }
    let divisor = 85 ** (CHARACTERS - 1);
    for (let index = 0; index <= rest; index++) {
      text += ALPHABET.charAt(Math.floor(value / divisor) % 85);
      divisor /= 85;
    }
  }
  return text;
}

/** Reads what `encodeZ85` writes, or tells by `undefined` that nothing is written so. */
export function decodeZ85(text: string): Uint8Array | undefined {
  const whole = Math.floor(text.length / CHARACTERS);
  const rest = text.length % CHARACTERS;
  if (rest === 1) return undefined;
  const bytes = new Uint8Array(whole * BYTES + Math.max(0, rest - 1));
  let at = 0;
  for (let start = 0; start < text.length; start += CHARACTERS) {
    let value = 0;
    for (let index = 0; index < CHARACTERS; index++) {
      // A short rest was rounded down when it was written, so it is filled up with the largest digit.
      const digit = start + index < text.length ? VALUES.get(text.charAt(start + index)) : 84;
      if (digit === undefined) return undefined;
      value = value * 85 + digit;
    }
    if (value > 0xffffffff) return undefined;
    for (let shift = BYTES - 1; shift >= 0 && at < bytes.length; shift--) {
      bytes[at++] = Math.floor(value / 256 ** shift) % 256;
    }
  }
  return bytes;
}
