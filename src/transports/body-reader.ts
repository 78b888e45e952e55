import type { IncomingMessage } from 'node:http';

const READER = Symbol('reader');
const NOTHING: Buffer = Buffer.alloc(0);

interface ReadRequest extends IncomingMessage {
  [READER]?: BodyReader;
}

/**
 * Reads the body of one request, within a limit. It hangs on its request, as Node's own state does: listeners of its
 * own for each request would be a good part of what a poll keeps while it is held.
 */
export abstract class BodyReader {
  protected readonly request: IncomingMessage;
  readonly #limit: number;
  // Mostly there is one chunk, which is the body then.
  #body = NOTHING;
  #more: Buffer[] | undefined;
  #bytes = 0;

  constructor(request: IncomingMessage, limit: number) {
    this.request = request;
    this.#limit = limit;
    (request as ReadRequest)[READER] = this;
    request.on('data', onData).on('end', onEnd).on('error', onError);
  }

  /** The body is there. */
  protected abstract complete(body: Buffer): void;
  /** It is longer than it may be; the rest is not read. */
  protected abstract tooLong(): void;
  /** The client has gone in the middle of it. @internal */
  abstract failed(): void;

  /** @internal */
  take(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit) {
      this.request.off('data', onData).off('end', onEnd);
      this.tooLong();
    } else if (this.#bytes === chunk.length) {
      this.#body = chunk;
    } else {
      (this.#more ??= [this.#body]).push(chunk);
    }
  }

  /** @internal */
  end(): void {
    const body = this.#more ? Buffer.concat(this.#more) : this.#body;
    // The request may be held for long, its bytes need not.
    this.#body = NOTHING;
    this.#more = undefined;
    this.complete(body);
  }
}

function onData(this: ReadRequest, chunk: Buffer): void {
  this[READER]?.take(chunk);
}

function onEnd(this: ReadRequest): void {
  this[READER]?.end();
}

function onError(this: ReadRequest): void {
  this[READER]?.failed();
}
