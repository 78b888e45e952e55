import { connect, type Socket } from 'node:net';

/** Those that a test has opened; one that is left open would keep its process, which jest then has to force to exit. */
const opened = new Set<Socket>();

// The siege, which is compiled without jest, opens none.
(globalThis as { readonly afterEach?: (hook: () => void) => void }).afterEach?.(() => {
  for (const socket of opened) socket.destroy();
  opened.clear();
});

/** A TCP connection on which a test writes what it likes, and reads only when it asks to. */
export class RawSocket {
  readonly #socket: Socket;
  readonly #ended: Promise<void>;
  #text = '';
  #reading = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#ended = new Promise((resolve) => {
      socket.once('end', resolve);
      socket.once('close', resolve);
    });
  }

  static async open(url: string): Promise<RawSocket> {
    const { hostname, port } = new URL(url);
    // It ends when the test says so, and not because the server has ended.
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true, noDelay: true });
    opened.add(socket);
    socket.once('close', () => opened.delete(socket));
    const raw = new RawSocket(socket);
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      // It stays: a server may cut off a client that goes on sending, at any time.
      socket.on('error', reject);
    });
    return raw;
  }

  write(text: string | Buffer): void {
    this.#socket.write(text);
  }

  /** Sends a POST of JSON, and reads nothing of the response. */
  post(url: string, body: string): void {
    const { host, pathname } = new URL(url);
    this.write(
      `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  /** What has come since reading began, which asking for it begins. */
  get text(): string {
    this.#read();
    return this.#text;
  }

  /** Everything that comes until the server ends the connection. */
  async readToEnd(): Promise<string> {
    this.#read();
    await this.#ended;
    return this.#text;
  }

  /** Sends nothing more. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Ends the connection with a reset, as a machine does that has lost it. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }

  #read(): void {
    if (this.#reading) return;
    this.#reading = true;
    this.#socket.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
  }
}
