import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Refusal, unguardSocket } from './refused-sockets.js';

/** The listener by which servers of Node read requests of HTTP/1.1 from a connection. */
const [readRequests] = createServer().listeners('connection');

/** What Node keeps on the socket of a request. */
type HttpSocket = Omit<Duplex, 'readableFlowing'> & {
  readableFlowing: boolean | null;
  readonly server?: { readonly maxHeadersCount?: number | null };
  /** The response that is being written. */
  readonly _httpMessage?: ServerResponse | null;
};

/** Bytes that a peer may send ahead while it waits for earlier responses. */
const MAX_AHEAD = 65_536;
/** Headers that Node keeps of a request, unless its server says otherwise. It drops further ones without a word. */
const HEADERS_KEPT = 1_000;

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

/**
 * Goes on when all earlier responses on the connection are through, with what has come meanwhile. The socket is read while
 * it waits, as else nothing would tell that its peer has gone.
 */
export function afterResponses(socket: Duplex, head: Buffer, next: (head: Buffer) => void): void {
  if (!earlierResponse(socket)) {
    next(head);
    return;
  }
  const chunks = [head];
  let bytes = head.length;
  const collect = (chunk: Buffer): void => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_AHEAD) socket.destroy();
  };
  const end = (): void => void socket.destroy();
  const look = (): void => {
    const earlier = earlierResponse(socket);
    if (earlier) {
      earlier.once('close', look);
      return;
    }
    socket.off('data', collect).off('end', end);
    // As it was when Node handed it over: listeners to come begin to read by themselves.
    (socket as HttpSocket).readableFlowing = null;
    next(Buffer.concat(chunks));
  };
  socket.on('data', collect).once('end', end);
  look();
}

function earlierResponse(socket: Duplex): ServerResponse | null | undefined {
  return socket.destroyed ? undefined : (socket as HttpSocket)._httpMessage;
}

/**
 * Has the server of an upgrade serve it as an ordinary request, with its body and with what follows on the connection.
 * Node decides about upgrades before anybody can look at the request, and has stopped reading the socket by then: it gets
 * the request again, without the header.
 *
 * @returns how the request is refused, if it cannot be served so: its socket came from no server of Node, or some of its
 *   headers may be missing. Without its `Content-Length` a body would be read as the next request.
 */
export function serveAsRequest(request: IncomingMessage, socket: Duplex, head: Buffer): Refusal | undefined {
  const { server } = socket as HttpSocket;
  if (!server || !readRequests) return { status: '404 Not Found' };
  const kept = 2 * (server.maxHeadersCount ?? HEADERS_KEPT);
  if (kept > 0 && request.rawHeaders.length >= kept) return { status: '431 Request Header Fields Too Large' };
  const attach = (rest: Buffer): void => {
    if (socket.destroyed) return;
    socket.unshift(Buffer.concat([headOf(request), rest]));
    // Listeners of `connection` have counted this one; only Node's own may see it again.
    Reflect.apply(readRequests, server, [socket]);
    unguardSocket(socket);
  };
  afterResponses(socket, head, (rest) => {
    // The parser that met the upgrade is still on the stack, and may be the next one to be used.
    process.nextTick(attach, rest);
  });
  return undefined;
}

function headOf({ method = '', url = '', httpVersion, rawHeaders }: IncomingMessage): Buffer {
  let head = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (name.toLowerCase() !== 'upgrade') head += `${name}: ${rawHeaders[index + 1] ?? ''}\r\n`;
  }
  return Buffer.from(`${head}\r\n`, 'latin1');
}
