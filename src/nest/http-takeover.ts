import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FrontDoor } from '../transports/front-door.js';
import { guardSocket } from '../transports/refused-sockets.js';
import { asksForWebSocket } from '../transports/upgrade-request.js';

/** Takes a request that asked for another protocol, and its socket. */
export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** The ordinary gateways of the application. */
export interface PlainGateways {
  /** Whether one of them has the path of a request. */
  owns(request: IncomingMessage): boolean;
  readonly upgrade: UpgradeListener;
}

type RequestArguments = [request: IncomingMessage, response: ServerResponse];

/**
 * Puts the front door ahead of all who listen to an HTTP server: they never hear of requests and upgrades of the
 * endpoint. It looks at events before they are emitted, so that listeners may come and go at any time, and those of
 * others get everything else as they would without it.
 */
export class HttpTakeover {
  readonly #server: Server;
  readonly #door: FrontDoor;
  readonly #gateways: PlainGateways;
  /** What emitted events before. */
  readonly #emit: Server['emit'];
  /** Whether that was the server's alone, and not its class'. */
  readonly #owned: boolean;
  readonly #emitOurs: Server['emit'];
  /** Hears the requests of the endpoint, by way of what instruments the servers of Node. */
  readonly #ours: EventEmitter;
  #released = false;

  constructor(server: Server, door: FrontDoor, gateways: PlainGateways) {
    this.#server = server;
    this.#door = door;
    this.#gateways = gateways;
    this.#emit = server.emit;
    this.#owned = Object.hasOwn(server, 'emit');
    this.#ours = likeServer(server).on('request', (...[request, response]: RequestArguments) => {
      door.request(request, response);
    });
    this.#emitOurs = (event: string, ...args: unknown[]): boolean =>
      (!this.#released && this.#take(event, args)) || this.#pass(event, args);
    server.emit = this.#emitOurs;
    // Without one, Node would read every upgrade as an ordinary request.
    server.on('upgrade', wantsUpgrades);
  }

  /** Puts everything back as it was. */
  release(): void {
    this.#released = true;
    this.#server.off('upgrade', wantsUpgrades);
    // Another that came later calls this one, which then only passes on.
    if (this.#server.emit !== this.#emitOurs) return;
    if (this.#owned) this.#server.emit = this.#emit;
    else Reflect.deleteProperty(this.#server, 'emit');
  }

  #pass(event: string, args: unknown[]): boolean {
    return Reflect.apply(this.#emit, this.#server, [event, ...args]) as boolean;
  }

  /** @returns whether an event is none of the others' business. */
  #take(event: string, args: unknown[]): boolean {
    switch (event) {
      case 'request':
      case 'checkContinue':
      case 'checkExpectation': {
        const [request, response] = args as RequestArguments;
        if (!this.#door.owns(request)) return false;
        if (event === 'checkExpectation') this.#door.refuseExpectation(request, response);
        else {
          if (event === 'checkContinue') response.writeContinue();
          Reflect.apply(this.#emit, this.#ours, ['request', request, response]);
        }
        return true;
      }
      case 'upgrade':
        return this.#takeUpgrade(...(args as Parameters<UpgradeListener>));
      default:
        return false;
    }
  }

  #takeUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    // Nobody listens to its errors until somebody takes it, and an error that nobody hears ends the process.
    guardSocket(socket);
    if (this.#door.owns(request)) this.#door.upgrade(request, socket, head);
    else if (asksForWebSocket(request) && this.#gateways.owns(request)) {
      this.#gateways.upgrade(request, socket, head);
    } else if (this.#server.listeners('upgrade').some((listener) => listener !== wantsUpgrades)) {
      this.#door.pass(request, socket);
      return false;
    } else this.#door.serveAsRequest(request, socket, head);
    return true;
  }
}

function wantsUpgrades(): void {
  // Upgrades are taken before they get here.
}

/** An emitter of the same class, without any listeners and with all that was done to the class. */
function likeServer(server: Server): EventEmitter {
  const emitter = Object.create(Object.getPrototypeOf(server) as object) as EventEmitter;
  Reflect.apply(EventEmitter as unknown as () => void, emitter, []);
  return emitter;
}
