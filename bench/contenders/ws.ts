import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Payload } from '../marks.js';
import type { Contender } from './contender.js';
import { type Request, Subscribers, userOf } from './subscribers.js';

/** What one writes by hand: `ws`, and a `JSON.stringify` for every client. */
export default class Ws implements Contender {
  readonly #subscribers = new Subscribers<WebSocket>();

  listen(): Promise<number> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
    server.on('connection', (socket, request) => {
      const user = userOf(request.url);
      this.#subscribers.enter(user, socket);
      socket.on('message', (data: Buffer) => this.#take(socket, JSON.parse(data.toString()) as Request));
      socket.on('error', () => undefined);
      socket.once('close', () => this.#subscribers.leave(user, socket));
    });
    return new Promise((resolve) => {
      server.once('listening', () => resolve((server.address() as AddressInfo).port));
    });
  }

  broadcast(channel: string, messages: readonly unknown[]): void {
    for (const data of messages) {
      for (const socket of this.#subscribers.of(channel)) socket.send(JSON.stringify({ channel, data }));
    }
  }

  toUser(user: string, data: Payload): void {
    this.#subscribers.user(user)?.send(JSON.stringify({ channel: '/inbox', data }));
  }

  #take(socket: WebSocket, request: Request): void {
    if ('pub' in request) {
      this.broadcast(request.pub, request.data);
    } else {
      this.#subscribers.add(socket, request.sub);
      socket.send('{"ok":true}');
    }
  }
}
