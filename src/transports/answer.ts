import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BodySink, sinkBody } from './body-reader.js';
import {
  cutOff,
  type HttpRequest,
  type HttpResponse,
  isHttp2Request,
  isUnread,
  send,
  sendAndStop,
} from './http-exchange.js';
import type { PendingBodies, PendingBody } from './pending-bodies.js';
import type { AnswerHeaders } from './request-scope.js';

/** Bytes that are thrown away of a body that is not wanted. */
const MAX_DISCARDED = 1_048_576;

/** A request that the door answers itself. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  /** The address that the body counts for. */
  readonly address: string | undefined;
  readonly bodies: PendingBodies;
}

/**
 * Answers a request whose body is read or is not wanted. A client that still sends one is asked to stop: over HTTP/2 its
 * stream ends, over HTTP/1.1 its connection.
 *
 * @param headers - without `Content-Length`, which is added.
 */
export function answer(exchange: Exchange, status: number, headers: AnswerHeaders, text = ''): void {
  const { request, response } = exchange;
  const all = [...headers, 'Content-Length', Buffer.byteLength(text)];
  if (!isUnread(request)) {
    send(response, status, all, text);
    request.resume();
  } else if (isHttp2Request(request)) {
    sendAndStop(response, status, all, text);
  } else {
    new Goodbye(exchange, request, response as ServerResponse).say(
      status,
      [...all, 'Connection', 'close'],
      text,
    );
  }
}

/** Serves a request whose body is not wanted: what comes of it is thrown away, within the limits of all bodies. */
export function discardBody(exchange: Exchange): void {
  if (!isUnread(exchange.request)) {
    exchange.request.resume();
    return;
  }
  const body = new DiscardedBody(exchange);
  exchange.bodies.begin(body);
}

/** A body that is thrown away as it comes. A client that sends too much of it, or for too long, is cut off. */
class DiscardedBody implements BodySink, PendingBody {
  readonly address: string | undefined;
  protected readonly exchange: Exchange;
  #bytes = 0;
  #over = false;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
    this.address = exchange.address;
    sinkBody(exchange.request, this);
  }

  keep(): number {
    return this.#over ? -1 : 0;
  }

  take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > MAX_DISCARDED) this.stop();
  }

  end(): void {
    this.#finish();
    this.ended();
  }

  failed(): void {
    this.#finish();
  }

  stop(): void {
    if (this.#over) return;
    this.#finish();
    this.cut();
  }

  /** The client has sent all of it. */
  protected ended(): void {
    // The request is served already.
  }

  protected cut(): void {
    cutOff(this.exchange.response);
  }

  #finish(): void {
    this.#over = true;
    this.exchange.bodies.end(this);
  }
}

/**
 * The last response on an HTTP/1.1 connection whose client is still sending. The connection is closed for writing at once,
 * and for reading a short while later: one that is closed on bytes that were not read is reset, and the client would
 * never see the response (RFC 9112 §9.6).
 */
class Goodbye extends DiscardedBody {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(exchange: Exchange, request: IncomingMessage, response: ServerResponse) {
    super(exchange);
    this.#request = request;
    this.#response = response;
  }

  say(status: number, headers: AnswerHeaders, text: string): void {
    const response = this.#response.writeHead(status, headers as (string | number)[]);
    if (!this.exchange.bodies.drain(this)) {
      // Node closes the connection with the response.
      response.end(text);
      return;
    }
    if (text === '') response.flushHeaders();
    else response.write(text);
    // It has none while responses ahead of it on the connection are still to come.
    response.socket?.end();
    this.#request.resume();
  }

  protected override ended(): void {
    if (this.#response.socket?.writable === false) this.#response.socket.destroy();
    else this.#response.end();
  }

  protected override cut(): void {
    this.#request.socket.destroy();
  }
}
