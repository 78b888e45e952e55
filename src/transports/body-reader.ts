import type { Readable } from 'node:stream';
import { type HttpRequest, isCut } from './http-exchange.js';
import type { BodyRefusal, PendingBodies, PendingBody } from './pending-bodies.js';

const SINK = Symbol('sink');
const NOTHING: Buffer = Buffer.alloc(0);
/** The least room that is made for a body in pieces. */
const MIN_ROOM = 1_024;

/** Takes the bytes of one request. */
export interface BodySink {
  take(chunk: Buffer): void;
  /** All of them have come. */
  end(): void;
  /** The client has gone before that. */
  failed(): void;
}

type SunkRequest = HttpRequest & { [SINK]?: BodySink | undefined };

/**
 * Has the bytes of a request go to `sink` from here on. It hangs on its request, as Node's own state does: listeners of its
 * own for each request would be a good part of what a poll keeps while it is held.
 */
export function sinkBody(request: HttpRequest, sink: BodySink): void {
  const sunk = request as SunkRequest;
  const known = SINK in sunk;
  sunk[SINK] = sink;
  if (known) return;
  const body: Readable = request;
  body.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
}

/** Reads the body of one request, within the limits of size, time and room. */
export abstract class BodyReader implements BodySink, PendingBody {
  readonly address: string | undefined;
  protected readonly request: HttpRequest;
  readonly #limit: number;
  readonly #bodies: PendingBodies;
  // One that comes in one piece is not copied. Pieces are: however small, each pins the block of memory it came in.
  #body = NOTHING;
  #own = true;
  #bytes = 0;
  #reading = true;
  /** Whether the turn in which it began is over: all that it holds is counted from then on. */
  #counted = false;

  constructor(request: HttpRequest, limit: number, bodies: PendingBodies, address: string | undefined) {
    this.request = request;
    this.address = address;
    this.#limit = limit;
    this.#bodies = bodies;
    sinkBody(request, this);
    bodies.begin(this);
  }

  /** The body is there. */
  protected abstract complete(body: Buffer): void;
  /** It is longer than it may be, or it was stopped. The rest is not read. */
  protected abstract refused(why: BodyRefusal | 'too_long'): void;
  /** The client has gone in the middle of it. */
  protected abstract gone(): void;

  /** @internal */
  keep(): number {
    if (!this.#reading) return -1;
    this.#counted = true;
    if (!this.#own) this.#copyTo(this.#bytes);
    return this.#body.length;
  }

  /** @internal */
  take(chunk: Buffer): void {
    if (!this.#reading) return;
    const bytes = this.#bytes + chunk.length;
    if (bytes > this.#limit) {
      this.#finish();
      this.refused('too_long');
    } else if (this.#bytes === 0 && !this.#counted) {
      this.#body = chunk;
      this.#bytes = bytes;
      this.#own = false;
    } else if (this.#hasRoom(bytes)) {
      chunk.copy(this.#body, this.#bytes);
      this.#bytes = bytes;
    }
  }

  /** @internal */
  end(): void {
    if (!this.#reading) return;
    if (isCut(this.request)) {
      this.failed();
      return;
    }
    const body = this.#body.length === this.#bytes ? this.#body : this.#body.subarray(0, this.#bytes);
    this.#finish();
    this.complete(body);
  }

  /** @internal */
  failed(): void {
    if (!this.#reading) return;
    this.#finish();
    this.gone();
  }

  /** @internal */
  stop(why: BodyRefusal): void {
    if (!this.#reading) return;
    this.#finish();
    this.refused(why);
  }

  #hasRoom(bytes: number): boolean {
    if (this.#own && bytes <= this.#body.length) return true;
    const had = this.#own ? this.#body.length : 0;
    const announced = Number(this.request.headers['content-length'] ?? 0);
    const most = Math.min(this.#limit, announced || this.#limit);
    const room = Math.max(bytes, Math.min(2 * this.#bytes, most), Math.min(MIN_ROOM, most));
    if (!this.#bodies.grow(this, room - had)) return false;
    this.#copyTo(room);
    return true;
  }

  #copyTo(room: number): void {
    const body = Buffer.allocUnsafeSlow(room);
    this.#body.copy(body, 0, 0, this.#bytes);
    this.#body = body;
    this.#own = true;
  }

  /** The request may be held for long, its bytes need not. */
  #finish(): void {
    this.#reading = false;
    this.#body = NOTHING;
    this.#bodies.end(this);
  }
}

function onData(this: SunkRequest, chunk: Buffer): void {
  this[SINK]?.take(chunk);
}

function onEnd(this: SunkRequest): void {
  this[SINK]?.end();
}

function onGone(this: SunkRequest): void {
  this[SINK]?.failed();
}
