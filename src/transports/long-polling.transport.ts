import { decode } from '../bayeux/message.js';
import { answer, type Exchange } from './answer.js';
import { BodyReader } from './body-reader.js';
import { STATUS_OF } from './decode-status.js';
import { cutOff, type HttpRequest, type HttpResponse, unknownCoding } from './http-exchange.js';
import type { Intake } from './intake.js';
import { type BodyRefusal, type PendingBodies, REFUSAL_STATUS } from './pending-bodies.js';
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

/** A mark ahead of the text is left in it: `decode` takes it away, as it does in frames. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** JSON, in UTF-8 if a character set is named (RFC 8259 §8.1). */
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i;

/** Bayeux over HTTP POST (Bayeux 1.0 §7.1). Bodies are read here, whatever parsers the application has. */
export class LongPollingTransport {
  readonly #intake: Intake;
  readonly #options: TransportOptions;
  readonly #bodies: PendingBodies;

  constructor(intake: Intake, options: TransportOptions, bodies: PendingBodies) {
    this.#intake = intake;
    this.#options = options;
    this.#bodies = bodies;
  }

  /** Serves one POST. */
  serve(request: HttpRequest, response: HttpResponse, scope: RequestScope): void {
    const { headers } = request;
    const { answerHeaders, context } = scope;
    const exchange: Exchange = { request, response, address: context.address, bodies: this.#bodies };
    const coding = unknownCoding(request);
    if (coding) {
      answer(exchange, coding.status, [...answerHeaders, ...coding.headers]);
    } else if (!isJson(headers['content-type'])) {
      // A page of another site can post text or a form without being asked, but not JSON.
      answer(exchange, 415, answerHeaders);
    } else if (Number(headers['content-length'] ?? 0) > this.#options.maxMessageBytes) {
      answer(exchange, 413, answerHeaders);
    } else if (this.#intake.refusesUnread(scope)) {
      answer(exchange, 429, [...answerHeaders, 'Retry-After', this.#options.retryAfter]);
    } else {
      // It hangs on the request.
      new PollReader(exchange, scope, this.#intake, this.#options);
    }
  }
}

function isJson(contentType = ''): boolean {
  if (!JSON_TYPE.test(contentType)) return false;
  const charset = CHARSET.exec(contentType);
  return charset === null || /^utf-?8$/i.test(charset[1] ?? charset[2] ?? '');
}

/** Bodies of so many bytes are looked at at once, also while others wait their turn. */
const SMALL = 4_096;

/** One POST. */
class PollReader extends BodyReader {
  readonly #exchange: Exchange;
  readonly #scope: RequestScope;
  readonly #intake: Intake;
  readonly #options: TransportOptions;

  constructor(exchange: Exchange, scope: RequestScope, intake: Intake, options: TransportOptions) {
    super(exchange.request, options.maxMessageBytes, exchange.bodies, exchange.address);
    this.#exchange = exchange;
    this.#scope = scope;
    this.#intake = intake;
    this.#options = options;
  }

  protected complete(body: Buffer): void {
    const { turns } = this.#intake.server;
    // It notices from here on when the client goes.
    const link = new PollLink(this.#exchange.response, this.#scope, JSON_FORMAT, this.#options, this.#intake);
    if (body.length <= SMALL || !turns.busy) {
      this.#accept(body, link);
      return;
    }
    turns.next(() => {
      this.#accept(body, link);
    });
  }

  /** Called by events and turns, where what is thrown would end the process. */
  #accept(body: Buffer, link: PollLink): void {
    try {
      this.#read(body, link);
    } catch (error) {
      this.#intake.logger.error('A request failed.', error);
      link.end('unavailable');
    }
  }

  #read(body: Buffer, link: PollLink): void {
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
    void this.#intake.accept(decoded.messages, this.#scope, link);
  }

  protected refused(why: BodyRefusal | 'too_long'): void {
    const status = REFUSAL_STATUS[why];
    this.#refuse(status, status === 429 || status === 503 ? ['Retry-After', this.#options.retryAfter] : []);
  }

  protected gone(): void {
    cutOff(this.#exchange.response);
  }

  #refuse(status: number, headers: AnswerHeaders = []): void {
    answer(this.#exchange, status, [...this.#scope.answerHeaders, ...headers]);
  }
}
