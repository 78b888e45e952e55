import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { textFrame } from '../frames.js';
import type { Payload } from '../marks.js';
import type { Contender } from './contender.js';
import { type Request, Subscribers, userOf } from './subscribers.js';

/**
 * The least a server in Node.js can do: `ws` answers the upgrade and reads; a frame is made once and its bytes are
 * written straight to every connection. Messages of one turn are one write.
 */
export default class Floor implements Contender {
  readonly #subscribers = new Subscribers<Duplex>();

  listen(): Promise<number> {
    const http = createServer();
    const upgrader = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false });
    http.on('upgrade', (request, connection, head) => {
      const user = userOf(request.url);
      upgrader.handleUpgrade(request, connection, head, (socket) => {
        this.#subscribers.enter(user, connection);
        socket.on('message', (data: Buffer) => {
          const { sub } = JSON.parse(data.toString()) as Extract<Request, { sub: unknown }>;
          this.#subscribers.add(connection, sub);
          socket.send('{"ok":true}');
        });
        socket.on('error', () => undefined);
        socket.once('close', () => this.#subscribers.leave(user, connection));
      });
    });
    return new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port));
    });
  }

  broadcast(channel: string, messages: readonly Payload[]): void {
    const bytes = Buffer.concat(messages.map((data) => textFrame(JSON.stringify({ channel, data }))));
    for (const connection of this.#subscribers.of(channel)) connection.write(bytes);
  }

  toUser(user: string, data: Payload): void {
    this.#subscribers.user(user)?.write(textFrame(JSON.stringify({ channel: '/inbox', data })));
  }
}
