import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as tlsConnect } from 'node:tls';
import type { Mark } from '../control.js';

/** Bytes that one connection sends at most, and characters it remembers of what came. */
const MOST_SENT = 4 * 1024 * 1024;
const REMEMBERED = 20_000;

/** How what is sent is cut into pieces. */
export type Manner = 'whole' | 'bytes' | 'slow' | 'cut';

/** One connection of an attacker. It never fails: what cannot be sent any more is not sent. */
export class Wire {
  /** What has come, from the beginning. */
  text = '';
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  /** What is under TLS; the same as the socket without it. */
  readonly #under: Socket;
  #left = MOST_SENT;

  private constructor(socket: Socket, under: Socket, opened: (open: boolean) => void) {
    this.#socket = socket;
    this.#under = under;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      if (this.text.length < REMEMBERED) this.text += chunk.toString('latin1');
    });
    socket.once(socket === under ? 'connect' : 'secureConnect', () => opened(true));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        opened(false);
        resolve();
      });
    });
  }

  /** `undefined` if there is no connection to be had. `plain` does without TLS where it is spoken. */
  static async open({ port, tls }: Mark, from: string, plain: boolean): Promise<Wire | undefined> {
    // It ends when it is told to, and not because the server has ended.
    const socket = connect({
      host: '127.0.0.1',
      port,
      localAddress: from,
      allowHalfOpen: true,
      noDelay: true,
    });
    const secure = tls && !plain;
    const stream = secure
      ? tlsConnect({ socket, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] })
      : socket;
    if (secure) socket.on('error', () => undefined);
    return new Promise((resolve) => {
      const wire = new Wire(stream, socket, (open) => {
        resolve(open ? wire : undefined);
      });
    });
  }

  get open(): boolean {
    return this.#socket.writable && !this.#socket.destroyed;
  }

  /** Sends it in pieces; resolves when it has gone out, or cannot any more. */
  async send(content: string | Buffer, manner: Manner): Promise<void> {
    const bytes = Buffer.from(content);
    const size = { whole: bytes.length, cut: bytes.length, bytes: 1, slow: Math.ceil(bytes.length / 20) }[
      manner
    ];
    for (let at = 0; at < bytes.length && this.open; at += size) {
      await this.#write(bytes.subarray(at, at + size));
      if (manner === 'slow') await pause(50);
      // Pieces that are written at once would go out as one.
      else if (manner === 'bytes') await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Waits until something has come, for a second. */
  async until(what: RegExp): Promise<RegExpExecArray | null> {
    for (let look = 0; look < 100 && this.open && !what.test(this.text); look++) await pause(10);
    return what.exec(this.text);
  }

  stopReading(): void {
    this.#socket.pause();
  }

  /** Sends nothing more, but stays. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  reset(): void {
    // Node 20 crashes where what is under TLS is reset; what was not read by then makes it one all the same.
    if (this.#socket === this.#under) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  async #write(bytes: Buffer): Promise<void> {
    this.#left -= bytes.length;
    if (this.#left < 0 || this.#socket.write(bytes) || !this.open) return;
    // A server that does not read is no reason to wait for longer than the connection is there.
    await Promise.race([
      new Promise((resolve) => this.#socket.once('drain', resolve)),
      this.closed,
      pause(2_000),
    ]);
  }
}
