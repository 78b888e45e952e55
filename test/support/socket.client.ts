import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { BayeuxClient, type TurnedAway } from './bayeux.client.js';
import { isReply, type Members, type Message, parseArray } from './message.js';
import { until, within } from './until.js';

/** How a socket came to its end. */
export interface Closed {
  readonly code: number;
  readonly reason: string;
}

interface Waiting {
  readonly ids: Set<string>;
  readonly replies: Message[];
  resolve(replies: Message[]): void;
  reject(error: Error): void;
}

/** Bayeux over WebSocket, a text frame an array. The socket is opened with the first message, or by `open`. */
export class SocketClient extends BayeuxClient {
  override readonly transport = 'websocket';
  /** The arrays that came, in their order. */
  readonly frames: Message[][] = [];
  /** How the socket closed; `undefined` while it is open. */
  closed: Closed | undefined;
  /** Headers of the 101 response. */
  upgradeHeaders: IncomingHttpHeaders = {};
  readonly #waiting = new Set<Waiting>();
  #socket: WebSocket | undefined;
  #opened: Promise<void> | undefined;

  /** Opens a socket; a second call opens another one, as a client does that has lost the first. */
  open(headers: Readonly<Record<string, string>> = {}, suffix = '', protocols: string[] = []): Promise<void> {
    const socket = new WebSocket(`${this.settings.url.replace(/^http/, 'ws')}${suffix}`, protocols, {
      headers: { ...this.settings.headers, ...headers },
      rejectUnauthorized: false,
    });
    this.#socket = socket;
    this.closed = undefined;
    this.#opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request: ClientRequest, response: IncomingMessage) => {
        reject(new UpgradeRefused(response.statusCode ?? 0, response.headers));
        response.destroy();
      });
      socket.on('error', reject);
    });
    this.#opened.catch(() => undefined);
    socket.on('upgrade', (response) => {
      this.upgradeHeaders = response.headers;
    });
    socket.on('message', (data: Buffer) => {
      this.#take(data.toString());
    });
    socket.once('close', (code, reason) => {
      if (this.#socket === socket) this.closed = { code, reason: reason.toString() };
      this.#fail(new Error(`The socket was closed with ${code}.`));
    });
    return this.#opened;
  }

  /** Sends any text or bytes in one frame. */
  async sendRaw(frame: string | Buffer, binary = false): Promise<void> {
    const socket = await this.#ready();
    socket.send(frame, { binary });
  }

  override async exchange(text: string): Promise<Message[]> {
    const before = this.frames.length;
    await this.sendRaw(text);
    await until('a frame', () => this.frames.length > before || this.closed !== undefined);
    const [frame] = this.frames.slice(before);
    if (!frame) throw new Error(`The socket was closed with ${String(this.closed?.code)}.`);
    return frame;
  }

  override async turnedAway(messages: readonly Members[]): Promise<TurnedAway> {
    await this.sendRaw(JSON.stringify(messages));
    return this.end();
  }

  /** Waits until the server has closed the socket. */
  async end(): Promise<Closed> {
    await until('the end of a socket', () => this.closed !== undefined);
    return this.closed as Closed;
  }

  /** Reads nothing more, as a client that is stuck. */
  pause(): void {
    this.#socket?.pause();
  }

  override forget(): void {
    super.forget();
    this.frames.length = 0;
  }

  /** Goes on reading. */
  resume(): void {
    this.#socket?.resume();
  }

  override async close(): Promise<void> {
    const socket = this.#socket;
    if (!socket || socket.readyState === WebSocket.CLOSED) return;
    const ended = new Promise((resolve) => socket.once('close', resolve));
    socket.terminate();
    await within('a socket to go', ended);
  }

  /** Closes the socket with a closing handshake. */
  async leave(): Promise<void> {
    this.#socket?.close(1000);
    await this.end();
  }

  protected override async transmit(messages: readonly Members[]): Promise<Message[]> {
    const socket = await this.#ready();
    const answered = new Promise<Message[]>((resolve, reject) => {
      const ids = new Set(messages.map(({ id }) => String(id)));
      this.#waiting.add({ ids, replies: [], resolve, reject });
    });
    socket.send(JSON.stringify(messages));
    return answered;
  }

  protected override nextPushes(): Promise<unknown> {
    const before = this.frames.length;
    return until('a frame', () => this.frames.length > before);
  }

  async #ready(): Promise<WebSocket> {
    await (this.#opened ?? this.open());
    if (this.#socket?.readyState !== WebSocket.OPEN) throw new Error('The socket is not open.');
    return this.#socket;
  }

  #take(text: string): void {
    this.settings.onText?.(text);
    const messages = parseArray(text);
    this.frames.push(messages);
    this.received.push(...messages);
    for (const message of messages.filter(isReply)) this.#settle(message);
  }

  #settle(reply: Message): void {
    for (const waiting of this.#waiting) {
      if (reply.id === undefined || !waiting.ids.delete(reply.id)) continue;
      waiting.replies.push(reply);
      if (waiting.ids.size > 0) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(waiting.replies);
    }
  }

  #fail(error: Error): void {
    for (const waiting of this.#waiting) waiting.reject(error);
    this.#waiting.clear();
  }
}

/** The server answered an upgrade with an ordinary response. */
export class UpgradeRefused extends Error {
  constructor(
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
  ) {
    super(`The upgrade was refused with HTTP ${status}.`);
  }
}
