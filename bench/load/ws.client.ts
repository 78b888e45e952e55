import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { maskedFrame } from '../frames.js';
import type { Client, Live } from './client.js';
import type { Tally } from './tally.js';

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG_FIN = 0x8a;

/** All connections read into the same bytes, as whatever comes is looked at before the next one reads. */
const SHARED = Buffer.allocUnsafe(256 * 1024);
const SHARED_NOTHING = Buffer.alloc(0);

/**
 * The least a WebSocket client can be: the load has one processor for all of them. It reads unmasked text frames that
 * are not fragmented, which is what the servers here send.
 */
export class WsClient implements Client {
  readonly #socket: Socket;
  readonly #tally: Tally;
  readonly #opened: Promise<void>;
  #open!: () => void;
  #fail!: (error: Error) => void;
  #upgraded = false;
  #rest = SHARED_NOTHING;
  #live: Live | undefined;
  /** Bytes that one message takes in a text at most, once known. */
  #unit = 0;
  readonly #texts: string[] = [];
  #waiting: ((text: string) => void) | undefined;
  #leaving = false;

  private constructor(port: number, path: string, tally: Tally) {
    this.#tally = tally;
    this.#opened = new Promise((resolve, reject) => {
      this.#open = resolve;
      this.#fail = reject;
    });
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: SHARED, callback: (length) => this.#read(length) },
    });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.once('close', () => this.#closed());
    const key = randomBytes(16).toString('base64');
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
  }

  static async open(port: number, path: string, tally: Tally): Promise<WsClient> {
    const client = new WsClient(port, path, tally);
    await client.#opened;
    return client;
  }

  ask(text: string): Promise<string> {
    this.say([text]);
    return this.next();
  }

  /** The next text that comes, or has come. */
  next(): Promise<string> {
    const text = this.#texts.shift();
    if (text !== undefined) return Promise.resolve(text);
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#fail = reject;
    });
  }

  goLive(live: Live): void {
    this.#live = live;
  }

  say(texts: readonly string[]): void {
    this.#socket.write(
      texts.length === 1 ? maskedFrame(texts[0] ?? '') : Buffer.concat(texts.map(maskedFrame)),
    );
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

  #read(length: number): boolean {
    let bytes = SHARED;
    let end = length;
    if (this.#rest.length > 0) {
      bytes = Buffer.concat([this.#rest, SHARED.subarray(0, length)]);
      end = bytes.length;
      this.#rest = SHARED_NOTHING;
    }
    this.#tally.tick();
    const taken = this.#upgraded ? this.#frames(bytes, 0, end) : this.#upgrade(bytes, end);
    if (taken < end) this.#rest = Buffer.from(bytes.subarray(taken, end));
    return true;
  }

  #upgrade(bytes: Buffer, end: number): number {
    const head = bytes.toString('latin1', 0, end);
    const blank = head.indexOf('\r\n\r\n');
    if (blank < 0) return 0;
    if (!head.startsWith('HTTP/1.1 101')) {
      this.#fail(new Error(`no upgrade: ${head.slice(0, 100)}`));
      return end;
    }
    this.#upgraded = true;
    this.#open();
    return this.#frames(bytes, blank + 4, end);
  }

  /** @returns where the first frame begins that is not complete. */
  #frames(bytes: Buffer, from: number, end: number): number {
    let at = from;
    while (end - at >= 2) {
      let length = bytes[at + 1] as number;
      let body = at + 2;
      if (length === 126) {
        if (end - at < 4) break;
        length = bytes.readUInt16BE(at + 2);
        body = at + 4;
      } else if (length === 127) {
        if (end - at < 10) break;
        length = Number(bytes.readBigUInt64BE(at + 2));
        body = at + 10;
      }
      if (body + length > end) break;
      this.#frame((bytes[at] as number) & 0x0f, bytes, body, body + length);
      at = body + length;
    }
    return at;
  }

  #frame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === TEXT) {
      if (this.#live) this.#take(this.#live, bytes, start, end);
      else this.#answer(bytes.toString('utf8', start, end));
    } else if (opcode === PING) {
      const mask = [0, 0, 0, 0];
      const length = end - start;
      this.#socket.write(
        Buffer.concat([Buffer.from([PONG_FIN, 0x80 | length, ...mask]), bytes.subarray(start, end)]),
      );
    } else if (opcode === CLOSE) {
      this.#socket.end();
    }
  }

  #take({ receiver, upkeep }: Live, bytes: Buffer, start: number, end: number): void {
    const count = receiver.take(bytes, start, end);
    if (!upkeep || (count > 0 && end - start <= count * this.#unit + 1)) return;
    const answer = upkeep(bytes.toString('latin1', start, end));
    if (answer !== undefined) this.say([answer]);
    else if (count > 0) this.#unit = Math.max(this.#unit, Math.ceil((end - start - 1) / count));
  }

  #answer(text: string): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(text);
    else this.#texts.push(text);
  }

  #closed(): void {
    this.#fail(new Error('the server closed the connection'));
    if (!this.#leaving) this.#tally.closed++;
  }
}
