import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '../bayeux/ports.js';
import { BrowserCookie } from './browser-cookie.js';
import { CallbackPollingTransport } from './callback-polling.transport.js';
import { answerEmpty } from './empty-answer.js';
import type { Intake } from './intake.js';
import type { LogoutEndpoint } from './logout.endpoint.js';
import { LongPollingTransport } from './long-polling.transport.js';
import { OriginPolicy } from './origin-policy.js';
import { type Provenance, ProxyTrust } from './proxy-trust.js';
import { type AnswerHeaders, type RequestScope, scopeOf } from './request-scope.js';
import { ResourceMetadata } from './resource-metadata.js';
import { ScopeMemo } from './scope-memo.js';
import type { TransportOptions } from './transport-options.js';
import { WebSocketTransport } from './websocket.transport.js';

/**
 * What a Bayeux request meets first, ahead of the framework: it decides by path whose a request is, by origin whether
 * it may come in, and hands it to its transport.
 */
export class FrontDoor {
  readonly #intake: Intake;
  readonly #options: TransportOptions;
  readonly #logger: Logger;
  readonly #origins: OriginPolicy;
  readonly #proxies: ProxyTrust;
  readonly #cookie: BrowserCookie;
  readonly #polling: LongPollingTransport | undefined;
  readonly #scripts: CallbackPollingTransport | undefined;
  readonly #sockets: WebSocketTransport;
  readonly #scopes = new ScopeMemo();
  readonly #metadata: ResourceMetadata | undefined;
  #toldOfOrigins = false;

  constructor(
    intake: Intake,
    options: TransportOptions,
    logger: Logger,
    /** Takes logouts, if they are taken. */
    private readonly logout?: LogoutEndpoint,
  ) {
    this.#intake = intake;
    this.#options = options;
    this.#logger = logger;
    this.#origins = new OriginPolicy(options.origins);
    this.#proxies = new ProxyTrust(options.trustProxy);
    this.#cookie = new BrowserCookie(options.cookie);
    const { transports } = options;
    if (transports.includes('long-polling')) this.#polling = new LongPollingTransport(intake, options);
    if (transports.includes('callback-polling'))
      this.#scripts = new CallbackPollingTransport(intake, options);
    this.#sockets = new WebSocketTransport(intake, options);
    if (options.resource) this.#metadata = new ResourceMetadata(options.resource);
  }

  /** Sockets that are open. */
  get sockets(): number {
    return this.#sockets.sockets;
  }

  /** Whether a request is to be served here: at the endpoint, or below it, or where it is described. */
  owns({ url = '' }: IncomingMessage): boolean {
    return this.#isEndpoint(url) || this.#metadata?.owns(url) === true;
  }

  /** Serves a request that is owned here. */
  request(request: IncomingMessage, response: ServerResponse): void {
    if (this.#metadata?.owns(request.url ?? '') === true) {
      this.#metadata.serve(request, response);
      return;
    }
    const posts = request.method === 'POST' ? this.#polling : undefined;
    const known = posts && this.#scopes.find(request);
    if (known) {
      posts.serve(request, response, known);
      return;
    }
    const provenance = this.#proxies.resolve(request);
    if (this.logout?.owns(request.url ?? '') === true) {
      this.logout.serve(request, response, provenance.address);
      return;
    }
    const { origin } = request.headers;
    const verdict = this.#origins.judge(origin, provenance);
    if (verdict === 'foreign') {
      this.#foreignOrigin(provenance);
      answerEmpty(request, response, 403, PLAIN);
      return;
    }
    const headers = verdict === 'listed' && origin !== undefined ? sharedWith(origin) : PLAIN;
    if (posts) {
      const browser = this.#cookie.read(request.headers.cookie, provenance.secure);
      const scope = scopeOf(request, provenance, browser, headers, this.#options);
      this.#scopes.remember(request, scope);
      posts.serve(request, response, scope);
    } else if (request.method === 'GET' && this.#scripts) {
      this.#scripts.serve(request, response, provenance, headers);
    } else if (request.method === 'OPTIONS') {
      const allowed = [
        ...['Access-Control-Allow-Methods', this.#methods.join(', ')],
        ...['Access-Control-Allow-Headers', 'authorization, content-type'],
        ...['Access-Control-Max-Age', 600],
      ];
      answerEmpty(request, response, 200, verdict === 'listed' ? [...headers, ...allowed] : headers);
    } else {
      answerEmpty(request, response, 405, [...headers, 'Allow', [...this.#methods, 'OPTIONS'].join(', ')]);
    }
  }

  /** Serves an upgrade that is owned here. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    if (this.#metadata?.owns(request.url ?? '') === true) {
      reject(socket, '404 Not Found');
      return;
    }
    const provenance = this.#proxies.resolve(request);
    if (this.#origins.judge(request.headers.origin, provenance) === 'foreign') {
      this.#foreignOrigin(provenance);
      reject(socket, '403 Forbidden');
      return;
    }
    const scope: RequestScope = scopeOf(
      request,
      provenance,
      this.#cookie.read(request.headers.cookie, provenance.secure),
      PLAIN,
      this.#options,
    );
    if (!this.#options.transports.includes('websocket')) reject(socket, '404 Not Found');
    else if (scope.tokenInQuery) {
      this.#intake.server.audit.record({ type: 'token_in_query', address: provenance.address });
      reject(socket, '400 Bad Request');
    } else if (this.#intake.server.draining) {
      reject(socket, '503 Service Unavailable', `Retry-After: ${this.#options.retryAfter}\r\n`);
    } else if (!this.#sockets.hasRoom(provenance.address)) {
      const { address } = provenance;
      this.#intake.server.audit.record({
        type: 'rate_limited',
        address,
        reason: 'sockets without a session',
      });
      reject(socket, '429 Too Many Requests', `Retry-After: ${this.#options.retryAfter}\r\n`);
    } else this.#sockets.upgrade(request, socket, head, scope);
  }

  /** Where a request came from, as far as trusted proxies tell. */
  addressOf(request: IncomingMessage): string | undefined {
    return this.#proxies.resolve(request).address;
  }

  /** A `Set-Cookie` header for a browser that has no cookie of ours. */
  browserCookie(request: IncomingMessage): string | undefined {
    return this.#cookie.read(request.headers.cookie, this.#proxies.resolve(request).secure).setCookie;
  }

  /** A `Set-Cookie` header that makes a browser forget which sessions are its own. */
  expireCookie(): string {
    return this.#cookie.expire();
  }

  /** Resolves when all sockets have closed. */
  close(): Promise<void> {
    return this.#sockets.close();
  }

  get #methods(): string[] {
    return [...(this.#scripts ? ['GET'] : []), ...(this.#polling ? ['POST'] : [])];
  }

  #isEndpoint(url: string): boolean {
    const { path } = this.#options;
    if (!url.startsWith(path)) return false;
    const next = url.charAt(path.length);
    return next === '' || next === '/' || next === '?';
  }

  #foreignOrigin({ address }: Provenance): void {
    // What the header says is the peer's own choice, and may be anything.
    this.#intake.server.audit.record({ type: 'origin_denied', address });
    if (this.#toldOfOrigins) return;
    this.#toldOfOrigins = true;
    this.#logger.warn(
      'A request of a foreign origin was refused. If the page is yours, name its origin in `origins`; if the ' +
        'application is behind a proxy that ends TLS or changes the Host header, set `trustProxy`. ' +
        'Further refusals are not logged.',
    );
  }
}

/** Responses differ by the origin of the page, and are what they say they are. */
const PLAIN: AnswerHeaders = Object.freeze(['Vary', 'Origin', 'X-Content-Type-Options', 'nosniff']);

/** Responses that a page of another origin may read. */
function sharedWith(origin: string): AnswerHeaders {
  return [...PLAIN, 'Access-Control-Allow-Origin', origin, 'Access-Control-Allow-Credentials', 'true'];
}

function reject(socket: Duplex, status: string, headers = ''): void {
  socket.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`);
}
