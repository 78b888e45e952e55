import { connect, type Socket } from 'node:net';
import type { Client, Live } from './client.js';
import type { Tally } from './tally.js';

const SHARED = Buffer.allocUnsafe(256 * 1024);
const SHARED_NOTHING = Buffer.alloc(0);
const LAST_CHUNK = '\r\n0\r\n\r\n';

/** The least an HTTP client can be: one request at a time on one connection, which stays open. */
export class HttpClient implements Client {
  /** Cookies that the server has set. */
  cookie: string | undefined;
  readonly #socket: Socket;
  readonly #tally: Tally;
  readonly #path: string;
  readonly #port: number;
  #rest = SHARED_NOTHING;
  #live: Live | undefined;
  #waiting: ((text: string) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  #poll: Buffer = SHARED_NOTHING;
  #leaving = false;

  private constructor(port: number, path: string, tally: Tally) {
    this.#port = port;
    this.#path = path;
    this.#tally = tally;
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: SHARED, callback: (length) => this.#read(length) },
    });
    this.#socket.on('error', (error) => this.#fail?.(error));
    this.#socket.once('close', () => {
      this.#fail?.(new Error('the server closed the connection'));
      if (!this.#leaving) this.#tally.closed++;
    });
  }

  static open(port: number, path: string, tally: Tally): Promise<HttpClient> {
    const client = new HttpClient(port, path, tally);
    return new Promise((resolve, reject) => {
      client.#fail = reject;
      client.#socket.once('connect', () => resolve(client));
    });
  }

  ask(text: string): Promise<string> {
    this.say([text]);
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#fail = reject;
    });
  }

  /** Polls from now on: `upkeep`, asked with nothing, gives the poll. */
  goLive(live: Live): void {
    this.#live = live;
    this.#poll = this.#request(live.upkeep?.('') ?? '');
    this.#socket.write(this.#poll);
  }

  say(texts: readonly string[]): void {
    for (const text of texts) this.#socket.write(this.#request(text));
  }

  stall(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  leave(): void {
    this.#leaving = true;
    this.#socket.destroy();
  }

  #request(body: string): Buffer {
    const cookie = this.cookie === undefined ? '' : `Cookie: ${this.cookie}\r\n`;
    return Buffer.from(
      `POST ${this.#path} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\nContent-Type: application/json\r\n` +
        `${cookie}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  #read(length: number): boolean {
    let bytes = SHARED;
    let end = length;
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, SHARED.subarray(0, length)]);
      end = bytes.length;
      this.#rest = SHARED_NOTHING;
    }
    this.#tally.tick();
    if (!this.#response(bytes, end)) this.#rest = Buffer.from(bytes.subarray(0, end));
    return true;
  }

  /** @returns false if it is not complete yet. */
  #response(bytes: Buffer, end: number): boolean {
    const text = bytes.toString('latin1', 0, end);
    const blank = text.indexOf('\r\n\r\n');
    if (blank < 0) return false;
    const head = text.slice(0, blank);
    const start = blank + 4;
    const length = /\ncontent-length: *(\d+)/i.exec(head)?.[1];
    // Chunk sizes stand between the parts of a body; no message is cut by one, as the servers send a body at once.
    if (length === undefined ? !text.endsWith(LAST_CHUNK) : end - start < Number(length)) return false;
    if (!head.startsWith('HTTP/1.1 200')) {
      this.#fail?.(new Error(`refused: ${head.split('\r\n', 1)[0]}`));
      this.#socket.destroy();
      return true;
    }
    if (this.#live) {
      this.#live.receiver.take(bytes, start, end);
      this.#socket.write(this.#poll);
    } else {
      this.#take(
        head,
        length === undefined ? unchunk(text.slice(start)) : bytes.toString('utf8', start, end),
      );
    }
    return true;
  }

  #take(head: string, body: string): void {
    const cookies = [...head.matchAll(/\nset-cookie: *([^;\r]+)/gi)].map(([, pair]) => pair);
    if (cookies.length > 0) this.cookie = cookies.join('; ');
    this.#waiting?.(body);
  }
}

/** The body of one chunk. */
function unchunk(text: string): string {
  return text.slice(text.indexOf('\r\n') + 2, -LAST_CHUNK.length);
}
