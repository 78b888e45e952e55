import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FrontDoor } from '../transports/front-door.js';

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;
type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Puts the front door ahead of whoever listens to an HTTP server: requests of the endpoint never reach the framework,
 * all others go where they went before.
 */
export class HttpTakeover {
  readonly #server: Server;
  readonly #requestListeners: RequestListener[];
  readonly #upgradeListeners: UpgradeListener[] = [];
  readonly #onRequest: RequestListener;
  readonly #onUpgrade: UpgradeListener;

  constructor(server: Server, door: FrontDoor) {
    this.#server = server;
    this.#requestListeners = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    this.#onRequest = (request, response) => {
      if (door.owns(request)) door.request(request, response);
      else for (const listener of this.#requestListeners) listener.call(server, request, response);
    };
    server.on('request', this.#onRequest);

    this.#onUpgrade = (request, socket, head) => {
      if (door.owns(request)) {
        door.upgrade(request, socket, head);
      } else if (this.#upgradeListeners.length > 0) {
        for (const listener of this.#upgradeListeners) listener.call(server, request, socket, head);
      } else {
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      }
    };
    this.absorbUpgradeListeners();
    server.on('upgrade', this.#onUpgrade);
  }

  /** Has listeners that were added since asked only for upgrades that are not the endpoint's. */
  absorbUpgradeListeners(): void {
    for (const listener of this.#server.listeners('upgrade') as UpgradeListener[]) {
      if (listener === this.#onUpgrade) continue;
      this.#server.off('upgrade', listener);
      this.#upgradeListeners.push(listener);
    }
  }

  /** Puts everything back as it was. */
  release(): void {
    this.#server.off('request', this.#onRequest).off('upgrade', this.#onUpgrade);
    for (const listener of this.#requestListeners.splice(0)) this.#server.on('request', listener);
    for (const listener of this.#upgradeListeners.splice(0)) this.#server.on('upgrade', listener);
  }
}
