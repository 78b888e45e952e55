import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const FrameType = { data: 0x0, headers: 0x1, reset: 0x3, settings: 0x4, goAway: 0x7 } as const;
const END_STREAM = 0x1;
const END_HEADERS = 0x4;
const ACK = 0x1;

/** A connection of HTTP/2 (RFC 9113) on which a test writes every frame itself. It reads no headers of responses. */
export class RawHttp2 {
  readonly #socket: Socket;
  readonly #host: string;
  readonly #scheme: string;
  #lastStream = -1;
  #text = '';
  /** True once the server has closed the connection. */
  ended = false;

  private constructor(socket: Socket, { host, protocol }: URL) {
    this.#socket = socket;
    this.#host = host;
    this.#scheme = protocol.slice(0, -1);
    socket.on('data', (chunk: Buffer) => (this.#text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.once('close', () => (this.ended = true));
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    this.#frame(FrameType.settings, 0, 0);
    this.#frame(FrameType.settings, ACK, 0);
  }

  static async open(url: string): Promise<RawHttp2> {
    const at = new URL(url);
    const target = { port: Number(at.port), host: at.hostname };
    const tls = at.protocol === 'https:';
    const socket = tls
      ? connectTls({ ...target, ALPNProtocols: ['h2'], rejectUnauthorized: false })
      : connect(target);
    await new Promise((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return new RawHttp2(socket, at);
  }

  /** Everything that has come, as Latin-1: bodies can be looked for in it. */
  get text(): string {
    return this.#text;
  }

  /** Begins a request with these fields besides those it must have. @returns its stream. */
  begin(path: string, fields: readonly (readonly [name: string, value: string])[], method = 'POST'): number {
    const stream = (this.#lastStream += 2);
    const own = [':method', method, ':path', path, ':scheme', this.#scheme, ':authority', this.#host];
    // Each is a literal that is not indexed, with a new name (RFC 7541 §6.2.2).
    const block = [...own, ...fields.flat()].map((text, index) =>
      Buffer.concat([...(index % 2 === 0 ? [Buffer.of(0)] : []), literal(text)]),
    );
    this.#frame(FrameType.headers, END_HEADERS, stream, Buffer.concat(block));
    return stream;
  }

  /** Sends a part of a body, or the last one. */
  data(stream: number, text: string | Buffer, last = false): void {
    this.#frame(FrameType.data, last ? END_STREAM : 0, stream, Buffer.from(text));
  }

  /** Resets a stream (`RST_STREAM`). */
  reset(stream: number, code: number): void {
    this.#frame(FrameType.reset, 0, stream, word(code));
  }

  /** Opens no further streams (`GOAWAY`). */
  goAway(): void {
    this.#frame(FrameType.goAway, 0, 0, Buffer.concat([word(0), word(0)]));
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  #frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    this.#socket.write(Buffer.concat([head, payload]));
  }
}

/** A string without Huffman coding (RFC 7541 §5.2), whose length takes as many octets as it needs. */
function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 0x7f) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const octets = [0x7f];
  let rest = bytes.length - 0x7f;
  for (; rest >= 0x80; rest >>= 7) octets.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...octets, rest]), bytes]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
