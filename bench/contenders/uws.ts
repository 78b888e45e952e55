import { platform, arch } from 'node:os';
import type { Payload } from '../marks.js';
import type { Contender } from './contender.js';
import { benchPackage } from './packages.js';
import { type Request, userOf } from './subscribers.js';

interface UserData {
  readonly user: string;
}

interface Socket {
  send(message: string): number;
  subscribe(topic: string): boolean;
  getUserData(): UserData;
}

interface HttpRequest {
  getHeader(name: string): string;
  getQuery(): string;
}

interface HttpResponse {
  upgrade(data: UserData, key: string, protocol: string, extensions: string, context: unknown): void;
}

interface Behavior {
  readonly idleTimeout: number;
  readonly maxBackpressure: number;
  readonly maxPayloadLength: number;
  upgrade(response: HttpResponse, request: HttpRequest, context: unknown): void;
  open(socket: Socket): void;
  message(socket: Socket, message: ArrayBuffer): void;
  close(socket: Socket): void;
}

interface App {
  ws(pattern: string, behavior: Behavior): App;
  publish(topic: string, message: string): boolean;
  listen(host: string, port: number, callback: (token: unknown) => void): App;
}

interface Uws {
  App(): App;
  us_socket_local_port(token: unknown): number;
}

/** uWebSockets.js: native code, the highest mark there is. */
export default class UwsContender implements Contender {
  readonly #uws = nativeCode();
  readonly #app = this.#uws.App();
  readonly #users = new Map<string, Socket>();

  listen(): Promise<number> {
    this.#app.ws('/*', {
      idleTimeout: 120,
      // Above what any case has waiting: a reader that is slow for a moment must not lose messages here.
      maxBackpressure: 64 * 1024 * 1024,
      maxPayloadLength: 64 * 1024,
      upgrade: (response, request, context) => {
        response.upgrade(
          { user: userOf(`/?${request.getQuery()}`) },
          request.getHeader('sec-websocket-key'),
          request.getHeader('sec-websocket-protocol'),
          request.getHeader('sec-websocket-extensions'),
          context,
        );
      },
      open: (socket) => void this.#users.set(socket.getUserData().user, socket),
      message: (socket, message) =>
        this.#take(socket, JSON.parse(Buffer.from(message).toString()) as Request),
      close: (socket) => void this.#users.delete(socket.getUserData().user),
    });
    return new Promise((resolve, reject) => {
      this.#app.listen('127.0.0.1', 0, (token) => {
        if (token) resolve(this.#uws.us_socket_local_port(token));
        else reject(new Error('uWebSockets.js cannot listen'));
      });
    });
  }

  broadcast(channel: string, messages: readonly unknown[]): void {
    for (const data of messages) this.#app.publish(channel, JSON.stringify({ channel, data }));
  }

  toUser(user: string, data: Payload): void {
    this.#users.get(user)?.send(JSON.stringify({ channel: '/inbox', data }));
  }

  #take(socket: Socket, request: Request): void {
    if ('pub' in request) {
      this.broadcast(request.pub, request.data);
    } else {
      for (const channel of request.sub) socket.subscribe(channel);
      socket.send('{"ok":true}');
    }
  }
}

/** The binary itself: the package would fall back to JavaScript without an error. */
function nativeCode(): Uws {
  const file = `uws_${platform()}_${arch()}_${process.versions.modules}.node`;
  try {
    return benchPackage(`@trufflesuite/uws-js-unofficial/binaries/${file}`) as Uws;
  } catch {
    throw new Error(`not available: the package has no ${file}, for Node ${process.versions.node}`);
  }
}
