import { randomBytes } from 'node:crypto';
import { RawSocket } from './raw-socket.js';
import { until } from './until.js';

/** Opcodes of RFC 6455 §5.2. */
export const Opcode = { continuation: 0x0, text: 0x1, close: 0x8, ping: 0x9, pong: 0xa } as const;

/** A WebSocket written by hand, for what no well-behaved client does. */
export class RawWebSocket {
  readonly #socket: RawSocket;

  private constructor(socket: RawSocket) {
    this.#socket = socket;
  }

  static async open(url: string): Promise<RawWebSocket> {
    const socket = await RawSocket.open(url);
    const { host, pathname } = new URL(url);
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    await until('the upgrade', () => socket.text.includes('\r\n\r\n'));
    return new RawWebSocket(socket);
  }

  /** Everything that has come, frames and what is around them. */
  get text(): string {
    return this.#socket.text;
  }

  /** Sends a frame; a client has to mask it, which `masked` leaves out. */
  send(opcode: number, payload: string | Buffer, { final = true, masked = true } = {}): void {
    const body = Buffer.from(payload);
    const mask = randomBytes(4);
    const length = body.length < 126 ? [body.length] : [126, body.length >> 8, body.length & 0xff];
    const [first = 0, ...more] = length;
    const head = Buffer.from([(final ? 0x80 : 0) | opcode, (masked ? 0x80 : 0) | first, ...more]);
    const sent = masked ? Buffer.from(body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))) : body;
    this.#socket.write(Buffer.concat([head, ...(masked ? [mask] : []), sent]));
  }

  /** Sends bytes that need not be frames. */
  sendBytes(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Sends nothing more, without a word. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
