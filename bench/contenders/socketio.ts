import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload } from '../marks.js';
import type { Contender } from './contender.js';
import { benchPackage } from './packages.js';

interface Socket {
  readonly handshake: { readonly auth: { readonly user?: string } };
  join(rooms: string | readonly string[]): void;
  on(event: 'sub', listener: (channels: readonly string[], done: () => void) => void): void;
  on(event: 'pub', listener: (channel: string, data: unknown) => void): void;
}

interface IoServer {
  on(event: 'connection', listener: (socket: Socket) => void): void;
  to(room: string): { emit(event: string, channel: string, data: unknown): void };
}

interface SocketIo {
  readonly Server: new (http: unknown, options: object) => IoServer;
}

/** Socket.IO on WebSocket, with a room for every channel and every user. */
export default class SocketIoContender implements Contender {
  #io!: IoServer;

  listen(): Promise<number> {
    const http = createServer();
    const { Server } = benchPackage('socket.io') as SocketIo;
    this.#io = new Server(http, { transports: ['websocket'], serveClient: false });
    this.#io.on('connection', (socket) => {
      socket.join(`user ${socket.handshake.auth.user}`);
      socket.on('sub', (channels, done) => {
        socket.join(channels);
        done();
      });
      socket.on('pub', (channel, data) => this.broadcast(channel, [data]));
    });
    return new Promise((resolve) => {
      http.listen(0, '127.0.0.1', () => resolve((http.address() as AddressInfo).port));
    });
  }

  broadcast(channel: string, messages: readonly unknown[]): void {
    for (const data of messages) this.#io.to(channel).emit('m', channel, data);
  }

  toUser(user: string, data: Payload): void {
    this.#io.to(`user ${user}`).emit('m', '/inbox', data);
  }
}
