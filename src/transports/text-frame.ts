/** A final text frame: FIN and opcode 1 (RFC 6455 §5.2). */
const TEXT = 0x81;

/** The frame of a server that holds `text`, which has so many `bytes` in UTF-8: not masked, and in one piece. */
export function textFrame(text: string, bytes: number): Buffer {
  const header = bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10;
  const frame = Buffer.allocUnsafe(header + bytes);
  frame[0] = TEXT;
  if (header === 2) {
    frame[1] = bytes;
  } else if (header === 4) {
    frame[1] = 126;
    frame.writeUInt16BE(bytes, 2);
  } else {
    frame[1] = 127;
    frame.writeUInt32BE(Math.floor(bytes / 2 ** 32), 2);
    frame.writeUInt32BE(bytes % 2 ** 32, 6);
  }
  // Where no character takes more than one byte, copying does.
  frame.write(text, header, bytes === text.length ? 'latin1' : 'utf8');
  return frame;
}
