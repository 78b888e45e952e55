import type { IncomingMessage, ServerResponse } from 'node:http';
import { decode } from '../bayeux/message.js';
import { STATUS_OF } from './decode-status.js';
import type { Intake } from './intake.js';
import { type PollFormat, PollLink } from './poll.link.js';
import type { RequestScope } from './request-scope.js';
import type { TransportOptions } from './transport-options.js';

const JSON_FORMAT: PollFormat = {
  transport: 'long-polling',
  connectOnly: false,
  headers: ['Content-Type', 'application/json', 'Cache-Control', 'no-store'],
  body: (array) => array,
};

const NOTHING: Buffer = Buffer.alloc(0);

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** Bayeux over HTTP POST (Bayeux 1.0 §7.1). Bodies are read here, whatever parsers the application has. */
export class LongPollingTransport {
  readonly #intake: Intake;
  readonly #options: TransportOptions;

  constructor(intake: Intake, options: TransportOptions) {
    this.#intake = intake;
    this.#options = options;
  }

  /** Serves one POST. */
  serve(request: IncomingMessage, response: ServerResponse, scope: RequestScope): void {
    // A page of another site can post text or a form without being asked, but not JSON.
    if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
      refuse(request, response, 415, scope);
      return;
    }
    if (Number(request.headers['content-length'] ?? 0) > this.#options.maxMessageBytes) {
      refuse(request, response, 413, scope);
      return;
    }
    const link = new PollLink(response, scope, JSON_FORMAT, this.#options, this.#intake);
    this.#read(request, response, scope, link);
  }

  #read(request: IncomingMessage, response: ServerResponse, scope: RequestScope, link: PollLink): void {
    // Mostly there is one chunk, which is the body then.
    let body = NOTHING;
    let more: Buffer[] | undefined;
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > this.#options.maxMessageBytes) {
        request.removeAllListeners('data').removeAllListeners('end');
        refuse(request, response, 413, scope);
      } else if (bytes === chunk.length) {
        body = chunk;
      } else {
        (more ??= [body]).push(chunk);
      }
    });
    request.on('end', () => {
      this.#receive(more ? Buffer.concat(more) : body, request, response, scope, link);
    });
    request.on('error', () => response.destroy());
  }

  #receive(
    body: Buffer,
    request: IncomingMessage,
    response: ServerResponse,
    scope: RequestScope,
    link: PollLink,
  ): void {
    let text: string;
    try {
      text = UTF8.decode(body);
    } catch {
      refuse(request, response, 400, scope);
      return;
    }
    const decoded = decode(text, this.#options);
    if (!decoded.ok) {
      refuse(request, response, STATUS_OF[decoded.failure], scope);
      return;
    }
    // It never fails, and there is nothing left to do when it is through.
    void this.#intake.accept(decoded.messages, scope, link);
  }
}

/** An empty answer. What the client is still sending is not read: the connection ends with the response. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  { answerHeaders }: RequestScope,
): void {
  const unread = !request.complete;
  response
    .writeHead(status, [...answerHeaders, 'Content-Length', 0, ...(unread ? ['Connection', 'close'] : [])])
    .end();
  if (unread) request.resume();
}
