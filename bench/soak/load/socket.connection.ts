import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { isReply, type Message, parseArray } from '../../../test/support/message.js';
import { Connection, ConnectionLost, type Identified } from './connection.js';
import type { Membership } from './membership.js';

/** How the server may close a socket here: after garbage, a full queue, a move, or the end of the session. */
const GOOD_CODES = [1000, 1003, 1007, 1008, 1009, 1013, 4409];

interface Waiting {
  readonly ids: Set<string>;
  readonly answers: Message[];
  readonly resolve: (answers: Message[]) => void;
  readonly reject: (error: Error) => void;
}

/** Bayeux over WebSocket. */
export class SocketConnection extends Connection {
  override readonly kind = 'websocket';
  /** Settles when the socket has closed, for whatever reason. */
  readonly closed: Promise<void>;
  /** Whose messages are pushed. */
  member: Membership | undefined;
  readonly #waiting = new Map<string, Waiting>();
  #socket: WebSocket | undefined;
  /** The connection under it. */
  #wire: Socket | undefined;
  #markClosed!: () => void;
  #dropped = false;
  #stalled = false;

  constructor(...around: ConstructorParameters<typeof Connection>) {
    super(...around);
    this.closed = new Promise((resolve) => (this.#markClosed = resolve));
  }

  override get alive(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  override open(): Promise<void> {
    const { url, jar, ca } = this.around;
    const headers = jar.cookie === undefined ? {} : { cookie: jar.cookie };
    const socket = new WebSocket(url.replace(/^http/, 'ws'), {
      headers,
      perMessageDeflate: false,
      ...(ca !== undefined && { ca }),
    });
    this.#socket = socket;
    socket.on('upgrade', ({ headers, socket: wire }) => {
      this.#wire = wire;
      jar.cookie ??= headers['set-cookie']?.[0]?.split(';', 1)[0];
    });
    socket.on('message', (data: Buffer) => {
      this.#take(parseArray(data.toString()));
    });
    socket.once('close', (code) => {
      this.#end(code);
    });
    return new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.on('error', (error) => {
        reject(new ConnectionLost(error.message));
      });
    });
  }

  override raw(content: string | Buffer): Promise<void> {
    if (this.alive) this.#socket?.send(content, { binary: typeof content !== 'string' });
    return Promise.resolve();
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#stalled = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  override drop(): void {
    this.#dropped = true;
    const { random } = this.around;
    // A program that dies, a machine that reboots, a tab that is closed.
    const way = random.below(3);
    if (way === 0) this.#socket?.close();
    else if (way === 1 && !(this.#wire instanceof TLSSocket)) this.#wire?.resetAndDestroy();
    if (way !== 0) this.#socket?.terminate();
  }

  override abandon(): void {
    this.#dropped = true;
    this.#socket?.pause();
  }

  /** A closing handshake. */
  close(): void {
    this.#dropped = true;
    this.#socket?.close(1000);
  }

  protected override transmit(
    messages: readonly Identified[],
    member: Membership | undefined,
  ): Promise<Message[]> {
    if (!this.alive) return Promise.reject(new ConnectionLost('the socket is not open'));
    if (member) this.member = member;
    return new Promise((resolve, reject) => {
      const ids = new Set(messages.map(({ id }) => id));
      const waiting: Waiting = { ids, answers: [], resolve, reject };
      for (const id of ids) this.#waiting.set(id, waiting);
      this.#socket?.send(JSON.stringify(messages));
    });
  }

  #take(messages: readonly Message[]): void {
    if (this.#dropped || this.loses()) return;
    this.member?.take(messages);
    for (const message of messages) {
      const waiting = this.#waiting.get(message.id ?? '');
      if (!waiting) continue;
      waiting.answers.push(message);
      if (!isReply(message)) continue;
      this.#waiting.delete(message.id ?? '');
      waiting.ids.delete(message.id ?? '');
      if (waiting.ids.size === 0) waiting.resolve(waiting.answers);
    }
  }

  #end(code: number): void {
    const { tally, complain } = this.around;
    if (!this.#dropped) {
      tally.count(`sockets closed by the server, ${code}`);
      // One that was cut off because it did not read never saw the closing handshake.
      if (!GOOD_CODES.includes(code) && !(this.#stalled && code === 1006)) {
        complain('socket closed', `with ${code}`);
      }
    }
    for (const waiting of this.#waiting.values()) {
      waiting.reject(new ConnectionLost(`the socket was closed with ${code}`));
    }
    this.#waiting.clear();
    this.#markClosed();
  }
}
