import type { IncomingMessage, ServerResponse } from 'node:http';
import { decode } from '../bayeux/message.js';
import { BodyReader } from './body-reader.js';
import { STATUS_OF } from './decode-status.js';
import type { Intake } from './intake.js';
import { type PollFormat, PollLink } from './poll.link.js';
import type { AnswerHeaders, RequestScope } from './request-scope.js';
import type { TransportOptions } from './transport-options.js';

/** Headers of responses, by those that answer the request. */
const PREPARED = new WeakMap<AnswerHeaders, AnswerHeaders>();

const JSON_FORMAT: PollFormat = {
  transport: 'long-polling',
  connectOnly: false,
  headers(answer) {
    let headers = PREPARED.get(answer);
    if (!headers) {
      headers = [
        ...answer,
        ...['Content-Type', 'application/json', 'Cache-Control', 'no-store', 'Content-Length', 0],
      ];
      PREPARED.set(answer, headers);
    }
    return headers;
  },
  body: (array) => array,
};

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
    if (this.#intake.refusesUnread(scope)) {
      const later = ['Retry-After', this.#options.retryAfter];
      refuse(request, response, 429, { ...scope, answerHeaders: [...scope.answerHeaders, ...later] });
      return;
    }
    // It hangs on the request.
    new PollReader(request, response, scope, this.#intake, this.#options);
  }
}

/** Bodies of so many bytes are looked at at once, also while others wait their turn. */
const SMALL = 4_096;

/** One POST. */
class PollReader extends BodyReader {
  readonly #response: ServerResponse;
  readonly #scope: RequestScope;
  readonly #link: PollLink;
  readonly #intake: Intake;
  readonly #options: TransportOptions;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    scope: RequestScope,
    intake: Intake,
    options: TransportOptions,
  ) {
    super(request, options.maxMessageBytes);
    this.#response = response;
    this.#scope = scope;
    this.#intake = intake;
    this.#options = options;
    this.#link = new PollLink(response, scope, JSON_FORMAT, options, intake);
  }

  protected complete(body: Buffer): void {
    const { turns } = this.#intake.server;
    if (body.length <= SMALL || !turns.busy) {
      this.#accept(body);
      return;
    }
    turns.next(() => {
      this.#accept(body);
    });
  }

  #accept(body: Buffer): void {
    let text: string;
    try {
      text = UTF8.decode(body);
    } catch {
      this.#refuse(400);
      return;
    }
    const decoded = decode(text, this.#options);
    if (!decoded.ok) {
      this.#refuse(STATUS_OF[decoded.failure]);
      return;
    }
    // It never fails, and there is nothing left to do when it is through.
    void this.#intake.accept(decoded.messages, this.#scope, this.#link);
  }

  protected tooLong(): void {
    this.#refuse(413);
  }

  failed(): void {
    this.#response.destroy();
  }

  #refuse(status: number): void {
    refuse(this.request, this.#response, status, this.#scope);
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
