import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { unguardSocket } from './refused-sockets.js';

/** The listener by which servers of Node read requests of HTTP/1.1 from a connection. */
const [readRequests] = createServer().listeners('connection');

/** What Node keeps on the socket of a request. */
interface HttpSocket extends Duplex {
  readonly server?: object;
  /** The response that is being written. */
  readonly _httpMessage?: ServerResponse | null;
}

/**
 * Whether a request asks to go on as WebSocket. A server may ignore what else `Upgrade` asks for (RFC 9110 §7.8), and has
 * to where the request is HTTP/1.0; one with a body cannot be upgraded before the body is read.
 */
export function asksForWebSocket({ method, headers, httpVersion }: IncomingMessage): boolean {
  if (method !== 'GET' || httpVersion !== '1.1') return false;
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0)
    return false;
  const offers = (headers.upgrade ?? '').split(',').map((offer) => offer.trim().toLowerCase());
  // One that offers others as well means it only with the rest of the handshake.
  return offers.includes('websocket') && (offers.length === 1 || headers['sec-websocket-key'] !== undefined);
}

/** Runs `next` when all earlier responses on the connection are through. */
export function afterResponses(socket: Duplex, next: () => void): void {
  const { _httpMessage: earlier } = socket as HttpSocket;
  if (earlier && !socket.destroyed) {
    earlier.once('close', () => {
      afterResponses(socket, next);
    });
  } else next();
}

/**
 * Has the server of an upgrade serve it as an ordinary request, with its body and with what follows on the connection.
 * Node decides about upgrades before anybody can look at the request, and has stopped reading the socket by then: it gets
 * the request again, without the header.
 *
 * @returns false if the socket came from no server of Node.
 */
export function serveAsRequest(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
  const { server } = socket as HttpSocket;
  if (!server || !readRequests) return false;
  const attach = (): void => {
    if (socket.destroyed) return;
    socket.unshift(Buffer.concat([headOf(request), head]));
    // Listeners of `connection` have counted this one; only Node's own may see it again.
    Reflect.apply(readRequests, server, [socket]);
    unguardSocket(socket);
  };
  afterResponses(socket, () => {
    // The parser that met the upgrade is still on the stack, and may be the next one to be used.
    process.nextTick(attach);
  });
  return true;
}

function headOf({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.toLowerCase() !== 'upgrade') head += `${name}: ${rawHeaders[index + 1] ?? ''}\r\n`;
  }
  return Buffer.from(`${head}\r\n`, 'latin1');
}
