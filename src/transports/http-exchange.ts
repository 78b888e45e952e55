import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, type Http2ServerResponse, type Http2Session } from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * A request over HTTP/1.1 or HTTP/2. The transports take this type and not one of the two, so that the compiler refuses
 * the members which only one of them has; those that mean something else in HTTP/2 are read by the functions below.
 */
export type HttpRequest = IncomingMessage | Http2ServerRequest;

/**
 * The members of a response that mean the same over HTTP/1.1 and HTTP/2. The declared types promise more for HTTP/2 than
 * there is: a response there has no `closed`, for example, and no `destroyed`.
 */
export interface HttpResponse {
  readonly headersSent: boolean;
  getHeaders(): OutgoingHttpHeaders;
  on(event: 'finish' | 'close', listener: (this: this) => void): unknown;
}

/** Tells a request of HTTP/2 from one of HTTP/1.1. */
export function isHttp2Request(request: HttpRequest): request is Http2ServerRequest {
  return 'stream' in request;
}

const SESSION = Symbol('session');

type Stream = Http2ServerResponse['stream'] & {
  /** The session that a response was written to. A stream forgets its own when it ends. */
  [SESSION]?: Http2Session | undefined;
};

function streamOf(response: HttpResponse): Stream | undefined {
  return 'stream' in response ? (response as unknown as Http2ServerResponse).stream : undefined;
}

/** Each value of a header in the order of the request. `headers` keeps only one `Authorization`. */
export function valuesOf({ rawHeaders }: Pick<HttpRequest, 'rawHeaders'>, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  return values;
}

/** Host and port that the client addressed: `:authority` in HTTP/2 (RFC 9113 §8.3.1), else `Host`. */
export function hostOf({ headers }: HttpRequest): string | undefined {
  const authority = headers[':authority'];
  return typeof authority === 'string' ? authority : headers.host;
}

/** The other end of a connection. */
export interface Peer {
  readonly address: string | undefined;
  /** True if it speaks TLS. */
  readonly encrypted: boolean;
}

/** The peer of a request. It is unknown once the connection of an HTTP/2 request is gone. */
export function peerOf(request: HttpRequest): Peer {
  const socket = socketOf(request);
  if (!socket) return { address: undefined, encrypted: false };
  return { address: socket.remoteAddress, encrypted: 'encrypted' in socket && socket.encrypted };
}

/** The socket of a request. What HTTP/2 shows as one throws when it is read after the end of its session. */
export function socketOf(request: HttpRequest): HttpRequest['socket'] | undefined {
  if (!isHttp2Request(request)) return request.socket;
  const { session } = request.stream;
  return session && !session.destroyed ? request.socket : undefined;
}

/** Whether a body has broken off. HTTP/2 ends such a body like a whole one. */
export function isCut(request: HttpRequest): boolean {
  return isHttp2Request(request) ? request.aborted : !request.complete;
}

/** Whether a request may still bring bytes of a body. */
export function isUnread(request: HttpRequest): boolean {
  if (isHttp2Request(request)) return !request.stream.endAfterHeaders && !request.complete;
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers;
  return !request.complete && (coding !== undefined || (length !== undefined && Number(length) !== 0));
}

/** How a request is refused whose body is coded in a way that is not understood; `undefined` where it is not. */
export function unknownCoding({ headers }: HttpRequest):
  | {
      readonly status: number;
      readonly headers: readonly string[];
    }
  | undefined {
  const { 'content-encoding': content, 'transfer-encoding': transfer } = headers;
  // RFC 9110 §15.5.16: the response says which codings would do.
  if (isCoded(content, 'identity')) return { status: 415, headers: ['Accept-Encoding', 'identity'] };
  // RFC 9112 §6.1. Node reads `gzip, chunked`, and leaves the rest to others.
  if (isCoded(transfer, 'chunked')) return { status: 501, headers: [] };
  return undefined;
}

function isCoded(codings: string | undefined, known: string): boolean {
  if (codings === undefined) return false;
  return codings.split(',').some((coding) => !['', known].includes(coding.trim().toLowerCase()));
}

/**
 * Writes a whole response, whose headers end with its `Content-Length` or say it elsewhere. Nothing happens if it is gone.
 *
 * HTTP/2 is written to the stream itself: the response that Node puts around it waits for trailers, and ends the process if
 * the stream is closed meanwhile (seen with Node 20.20).
 */
export function send(
  response: HttpResponse,
  status: number,
  headers: (string | number)[],
  text = '',
  encoding: BufferEncoding = 'utf8',
): void {
  const stream = streamOf(response);
  if (!stream) {
    (response as ServerResponse).writeHead(status, headers).end(text, encoding);
  } else if (!isGone(response)) {
    const endStream = text === '' || (response as unknown as Http2ServerResponse).req.method === 'HEAD';
    stream[SESSION] = stream.session;
    stream.respond({ ...response.getHeaders(), ...fieldsOf(headers), ':status': status }, { endStream });
    if (!endStream) stream.end(text, encoding);
  }
}

function fieldsOf(headers: readonly (string | number)[]): OutgoingHttpHeaders {
  const fields: OutgoingHttpHeaders = {};
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = String(headers[index]).toLowerCase();
    const value = headers[index + 1];
    fields[name] = fields[name] === undefined ? value : `${String(fields[name])}, ${value ?? ''}`;
  }
  return fields;
}

/**
 * Sends a response to a request over HTTP/2 whose body goes on, and has the client stop it (RFC 9113 §8.1). Other streams
 * of the connection go on.
 */
export function sendAndStop(
  response: HttpResponse,
  status: number,
  headers: (string | number)[],
  text: string,
): void {
  send(response, status, headers, text);
  streamOf(response)?.close(constants.NGHTTP2_NO_ERROR);
}

/** Whether nothing can be written to a response any more. */
export function isGone(response: HttpResponse): boolean {
  const stream = streamOf(response);
  if (stream) return stream.destroyed || stream.closed;
  const { closed, destroyed } = response as ServerResponse;
  return closed || destroyed;
}

/** Whether a response that has finished left as a whole: both versions "finish" when their connection breaks, too. */
export function hasLeft(response: HttpResponse): boolean {
  const stream = streamOf(response);
  // A stream ends by itself when both of its sides are through. It also ends, without a code, with its session.
  if (stream) {
    return (
      stream.rstCode === constants.NGHTTP2_NO_ERROR &&
      (stream.writableFinished || stream[SESSION]?.destroyed === false)
    );
  }
  // A response of HTTP/1.1 has a socket of its own only once the responses ahead of it on the connection are through.
  return !(response as ServerResponse).req.socket.destroyed;
}

/** The connection on which responses keep their order: in HTTP/2 each has one of its own. */
export function connectionOf(response: HttpResponse): object {
  return streamOf(response) ? response : (response as ServerResponse).req.socket;
}

/** Breaks a response off. Other streams of its HTTP/2 connection go on. */
export function cutOff(response: HttpResponse): void {
  const stream = streamOf(response);
  if (stream) stream.close(constants.NGHTTP2_CANCEL);
  else (response as ServerResponse).destroy();
}

/** Breaks off what the peer has no room for of a response that was sent. */
export function cutRest(response: HttpResponse): void {
  const stream = streamOf(response);
  if (stream) cutLater(stream, TURNS_TO_WRITE);
  else if (!(response as ServerResponse).writableFinished) cutOff(response);
}

/** HTTP/1.1 writes at once, HTTP/2 in one of the next turns. */
const TURNS_TO_WRITE = 4;

function cutLater(stream: Stream, turns: number): void {
  if (stream.closed || stream.writableFinished) return;
  if (turns === 0) stream.close(constants.NGHTTP2_CANCEL);
  else setImmediate(cutLater, stream, turns - 1);
}

/**
 * Knows which requests over HTTP/2 are open. Their responses leave in one of the next turns, so that an application which
 * closes must not destroy its connections in this one.
 */
export class OpenStreams {
  readonly #open = new Set<object>();

  watch(request: HttpRequest): void {
    if (!isHttp2Request(request)) return;
    const { stream } = request;
    this.#open.add(stream);
    stream.once('close', () => this.#open.delete(stream));
  }

  /** Resolves when all are through, as far as their clients let them. */
  async settled(): Promise<void> {
    for (let turns = 0; this.#open.size > 0 && turns < TURNS_TO_SETTLE; turns++) await nextTurn();
  }
}

const TURNS_TO_SETTLE = 32;

/** Has an HTTP/2 connection end with the streams that are open on it; a server closes those of HTTP/1.1 itself. */
export function retire(response: HttpResponse): void {
  const session = streamOf(response)?.session;
  if (session && !session.closed) session.close();
}
