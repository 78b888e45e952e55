/**
 * What every message carries. `s` has a fixed width, three digits for the stream and ten for the place in it, so that a
 * client finds it in the bytes of any protocol without parsing them.
 */
export interface Payload {
  readonly s: string;
  readonly p: string;
}

const STREAM_DIGITS = 3;
const PLACE_DIGITS = 10;

/** Ahead of the digits, in bytes: `"s":"`. */
const QUOTE = 0x22;
const LETTER = 0x73;
const COLON = 0x3a;
const ZERO = 0x30;
const OPENING = 5;

/** Bytes from the beginning of a mark to the end of its digits. */
export const MARK_BYTES = OPENING + STREAM_DIGITS + PLACE_DIGITS;

export function payload(stream: number, place: number, pad: string): Payload {
  const digits = String(stream).padStart(STREAM_DIGITS, '0') + String(place).padStart(PLACE_DIGITS, '0');
  return { s: digits, p: pad };
}

/** Text of so many bytes that compresses and escapes like ordinary text. */
export function padding(bytes: number): string {
  return 'as fast as the socket allows, '.repeat(Math.ceil(bytes / 30)).slice(0, bytes);
}

/** Where the next mark begins, or -1. */
export function findMark(bytes: Uint8Array, from: number, end: number): number {
  const last = end - MARK_BYTES;
  for (let at = from; at <= last; at++) {
    if (
      bytes[at] === QUOTE &&
      bytes[at + 1] === LETTER &&
      bytes[at + 2] === QUOTE &&
      bytes[at + 3] === COLON &&
      bytes[at + 4] === QUOTE
    ) {
      return at;
    }
  }
  return -1;
}

export function streamAt(bytes: Uint8Array, mark: number): number {
  return digits(bytes, mark + OPENING, STREAM_DIGITS);
}

export function placeAt(bytes: Uint8Array, mark: number): number {
  return digits(bytes, mark + OPENING + STREAM_DIGITS, PLACE_DIGITS);
}

function digits(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at++) value = value * 10 + (bytes[at] as number) - ZERO;
  return value;
}
