import type { Link, LinkEnd, Outbound, Receipt } from '../bayeux/ports.js';
import { connectionOf, cutRest, hasLeft, type HttpResponse, isGone, retire, send } from './http-exchange.js';
import type { Intake } from './intake.js';
import type { AnswerHeaders, RequestScope } from './request-scope.js';
import type { Encoded } from './run-cache.js';
import type { TransportOptions } from './transport-options.js';

/** How responses look on one transport. */
export interface PollFormat {
  readonly transport: string;
  /** Whether messages go with connect replies only. */
  readonly connectOnly: boolean;
  /** Headers of responses that carry an array, after those that answer the request; the length of the body is the last. */
  readonly headers: (answer: AnswerHeaders) => AnswerHeaders;
  /** The body around the array. */
  readonly body: (array: Encoded) => Encoded;
}

/** What responses without an array are like. */
export type PollOptions = Pick<TransportOptions, 'duplicateConnectStatus' | 'retryAfter' | 'resource'>;

/** One HTTP response, which carries one array. */
export class PollLink implements Link {
  sessionId: string | undefined;
  readonly #response: HttpResponse;
  readonly #format: PollFormat;
  readonly #scope: RequestScope;
  readonly #intake: Pick<Intake, 'runs' | 'server'>;
  readonly #options: PollOptions;
  #receipt: Receipt | undefined;
  #flushed = false;

  constructor(
    response: HttpResponse,
    scope: RequestScope,
    format: PollFormat,
    options: PollOptions,
    intake: Pick<Intake, 'runs' | 'server'>,
  ) {
    this.#response = response;
    this.#format = format;
    this.#scope = scope;
    this.#intake = intake;
    this.#options = options;
    (response as LinkedResponse)[LINK] = this;
    response.on('finish', onFinish);
    response.on('close', onClose);
  }

  get once(): true {
    return true;
  }

  get congested(): false {
    return false;
  }

  get transport(): string {
    return this.#format.transport;
  }

  get connectOnly(): boolean {
    return this.#format.connectOnly;
  }

  /** Responses over HTTP/2 overtake each other. */
  get connection(): object {
    return connectionOf(this.#response);
  }

  get closed(): boolean {
    return isGone(this.#response);
  }

  bound(): void {
    // A response proves nothing for the next request.
  }

  stopped(): void {
    // The response says it; there is no connection to close.
  }

  /** @internal */
  finished(): void {
    this.#flushed = hasLeft(this.#response);
  }

  /** @internal */
  left(): void {
    this.#receipt?.settled(this.#flushed);
    // The client has gone before it got its response.
    if (!this.#flushed) this.#intake.server.closed(this);
  }

  write(messages: readonly Outbound[], receipt?: Receipt): void {
    if (this.#response.headersSent || isGone(this.#response)) {
      receipt?.settled(false);
      return;
    }
    this.#receipt = receipt;
    const { text, bytes } = this.#format.body(this.#intake.runs.encode(messages));
    // A copy has no room to spare, as a list that grows has.
    const headers = this.#format.headers(this.#scope.answerHeaders).slice();
    headers[headers.length - 1] = bytes;
    const [first] = messages;
    if (first && 'successful' in first) {
      const setCookie = this.#scope.browser?.setCookie;
      if (first.channel === '/meta/handshake' && first.successful && setCookie !== undefined) {
        headers.push('Set-Cookie', setCookie);
      }
      // Allowed with any status (RFC 9110 §11.6.1). The status stays 200: clients take others for a broken
      // connection and repeat the request for ever.
      if (first.error?.startsWith('401:') === true)
        headers.push('WWW-Authenticate', challengeOf(this.#options));
    }
    // What is ASCII needs no second look at its characters, nor three times its room.
    send(this.#response, 200, headers, text, bytes === text.length ? 'latin1' : 'utf8');
    this.#followed();
  }

  end(why: LinkEnd): void {
    if (this.#response.headersSent) {
      // What is left of it would come too late, and perhaps twice.
      cutRest(this.#response);
      return;
    }
    if (isGone(this.#response)) return;
    // 500 for the older of two connects: browsers repeat a 408 by themselves, and 200 would let two tabs that share
    // a session take it from each other at full speed.
    const { duplicateConnectStatus, retryAfter } = this.#options;
    const headers = [...this.#scope.answerHeaders, 'Content-Length', 0];
    if (why === 'superseded') {
      send(this.#response, duplicateConnectStatus, headers);
    } else {
      const status = why === 'limited' ? 429 : 503;
      send(this.#response, status, [...headers, 'Retry-After', retryAfter]);
    }
    this.#followed();
  }

  /** The last response of a server that ends is also the last on its HTTP/2 connection, which would hold up the end. */
  #followed(): void {
    if (this.#intake.server.draining) retire(this.#response);
  }
}

const LINK = Symbol('link');

/** A response knows its link, so that listeners are the same for all. */
interface LinkedResponse extends HttpResponse {
  [LINK]?: PollLink;
}

function onFinish(this: LinkedResponse): void {
  this[LINK]?.finished();
}

function onClose(this: LinkedResponse): void {
  this[LINK]?.left();
}

/** The error is in the reply; the header says where tokens come from, if anything does (RFC 9728 §5.1). */
function challengeOf({ resource }: PollOptions): string {
  return resource ? `Bearer resource_metadata="${resource.metadataUrl}"` : 'Bearer';
}
