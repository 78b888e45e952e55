/** WebSocket frames, after RFC 6455 §5.2, of one text each. */

const FIN_TEXT = 0x81;
const MASKED = 0x80;
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;

/** The frame of a server. */
export function textFrame(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([head(body.length, 0), body]);
}

/** The frame of a client. Any mask will do where nobody listens; one of zeros would be less work for some servers. */
const MASK = Buffer.from([0x5a, 0x17, 0xc3, 0x8e]);

export function maskedFrame(text: string): Buffer {
  const body = Buffer.from(text);
  for (let at = 0; at < body.length; at++) body[at] = (body[at] as number) ^ (MASK[at & 3] as number);
  return Buffer.concat([head(body.length, MASKED), MASK, body]);
}

function head(length: number, masked: number): Buffer {
  if (length < TWO_BYTES) return Buffer.from([FIN_TEXT, masked | length]);
  if (length < 0x10000) return Buffer.from([FIN_TEXT, masked | TWO_BYTES, length >> 8, length & 0xff]);
  const bytes = Buffer.alloc(10);
  bytes.writeUInt16BE((FIN_TEXT << 8) | masked | EIGHT_BYTES);
  bytes.writeBigUInt64BE(BigInt(length), 2);
  return bytes;
}
