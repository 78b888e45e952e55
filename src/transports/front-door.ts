import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '../bayeux/ports.js';
import { BrowserCookie } from './browser-cookie.js';
import { CallbackPollingTransport } from './callback-polling.transport.js';
import { answer, type Exchange } from './answer.js';
import { cutOff, type HttpRequest, type HttpResponse, OpenStreams, peerOf } from './http-exchange.js';
import type { Intake } from './intake.js';
import type { LogoutEndpoint } from './logout.endpoint.js';
import { LongPollingTransport } from './long-polling.transport.js';
import { OriginPolicy } from './origin-policy.js';
import { PendingBodies } from './pending-bodies.js';
import { PendingSockets } from './pending-sockets.js';
import { type Provenance, ProxyTrust } from './proxy-trust.js';
import { guardSocket, type Refusal, RefusedSockets } from './refused-sockets.js';
import { type AnswerHeaders, type RequestScope, scopeOf } from './request-scope.js';
import { pathOf, toOriginForm } from './request-target.js';
import { ResourceMetadata } from './resource-metadata.js';
import { ScopeMemo } from './scope-memo.js';
import type { TransportOptions } from './transport-options.js';
import { afterResponses, asksForWebSocket, serveAsRequest } from './upgrade-request.js';
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
  readonly #pending: PendingSockets;
  readonly #refused: RefusedSockets;
  readonly #scopes = new ScopeMemo();
  readonly #bodies: PendingBodies;
  readonly #streams = new OpenStreams();
  readonly #metadata: ResourceMetadata | undefined;
  readonly #told = new Set<keyof typeof UNWANTED>();

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
    this.#origins = new OriginPolicy(options.origins, options.hosts);
    this.#proxies = new ProxyTrust(options.trustProxy);
    this.#cookie = new BrowserCookie(options.cookie);
    this.#bodies = new PendingBodies(options.bodies, intake.server.scheduler);
    const { transports } = options;
    if (transports.includes('long-polling'))
      this.#polling = new LongPollingTransport(intake, options, this.#bodies);
    if (transports.includes('callback-polling'))
      this.#scripts = new CallbackPollingTransport(intake, options);
    this.#pending = new PendingSockets(options.pendingSockets);
    this.#refused = new RefusedSockets(intake.server.scheduler, this.#pending);
    this.#sockets = new WebSocketTransport(intake, options, this.#pending, this.#refused);
    if (options.resource) this.#metadata = new ResourceMetadata(options.resource);
  }

  /** Sockets that are open. */
  get sockets(): number {
    return this.#sockets.sockets;
  }

  /** Bytes that are counted for the bodies of requests. */
  get bodyBytes(): number {
    return this.#bodies.bytes;
  }

  /** Whether a request is to be served here: at the endpoint, or below it, or where it is described. */
  owns({ url = '' }: HttpRequest): boolean {
    const path = pathOf(url);
    return this.#isEndpoint(path) || this.#metadata?.owns(path) === true;
  }

  /** Serves a request that is owned here. What is thrown meanwhile goes no further. */
  request(request: HttpRequest, response: HttpResponse): void {
    try {
      this.#streams.watch(request);
      this.#serve(request, response);
    } catch (error) {
      this.#logger.error('A request failed.', error);
      if (response.headersSent) cutOff(response);
      else answer({ request, response, address: undefined, bodies: this.#bodies }, 500, PLAIN);
    }
  }

  /** Refuses a request that is owned here, as it expects what is not done (RFC 9110 §10.1.1). */
  refuseExpectation(request: HttpRequest, response: HttpResponse): void {
    const { address } = this.#proxies.resolve(request);
    answer({ request, response, address, bodies: this.#bodies }, 417, PLAIN);
  }

  #serve(request: HttpRequest, response: HttpResponse): void {
    if (!toOriginForm(request)) {
      answer({ request, response, address: peerOf(request).address, bodies: this.#bodies }, 400, PLAIN);
      return;
    }
    const posts = request.method === 'POST' ? this.#polling : undefined;
    const known = posts && this.#scopes.find(request);
    if (known) {
      posts.serve(request, response, known);
      return;
    }
    const provenance = this.#proxies.resolve(request);
    const exchange: Exchange = { request, response, address: provenance.address, bodies: this.#bodies };
    if (this.#metadata?.owns(request.url ?? '') === true) {
      this.#metadata.serve(exchange);
      return;
    }
    if (this.logout?.owns(request.url ?? '') === true) {
      this.logout.serve(exchange);
      return;
    }
    const { origin } = request.headers;
    const verdict = this.#origins.judge(origin, provenance);
    if (verdict === 'foreign' || verdict === 'misdirected') {
      this.#unwanted(verdict, provenance);
      answer(exchange, verdict === 'foreign' ? 403 : 421, PLAIN);
      return;
    }
    const headers = verdict === 'listed' && origin !== undefined ? sharedWith(origin) : PLAIN;
    if (posts) {
      const browser = this.#cookie.read(request.headers.cookie, provenance.secure);
      const scope = scopeOf(request, provenance, browser, headers, this.#options);
      this.#scopes.remember(request, scope);
      posts.serve(request, response, scope);
    } else if (request.method === 'GET' && this.#scripts) {
      this.#scripts.serve(exchange, provenance, headers);
    } else if (request.method === 'OPTIONS') {
      const allowed = verdict === 'listed' ? preflight(request, this.#methods) : [];
      answer(exchange, 200, [...headers, ...allowed]);
    } else {
      answer(exchange, 405, [...headers, 'Allow', [...this.#methods, 'OPTIONS'].join(', ')]);
    }
  }

  /** Serves an upgrade that is owned here. One to anything but WebSocket is ignored: the request is served. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    guardSocket(socket);
    if (!asksForWebSocket(request)) {
      this.serveAsRequest(request, socket, head);
      return;
    }
    // A peer that does not wait for its answers must not get them in the middle of its frames.
    afterResponses(socket, head, (rest) => {
      if (socket.destroyed) return;
      this.#attempt(socket, () => {
        this.#upgrade(request, socket, rest);
      });
    });
  }

  /** Has the server of an upgrade serve it as the ordinary request that it also is. */
  serveAsRequest(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    guardSocket(socket);
    this.#attempt(socket, () => {
      const refusal = serveAsRequest(request, socket, head);
      if (!refusal) return;
      afterResponses(socket, head, () => {
        this.#attempt(socket, () => {
          this.#refused.refuse(socket, this.addressOf(request), refusal);
        });
      });
    });
  }

  /** Sees to a socket that goes to other listeners, none of which may want it. */
  pass(request: IncomingMessage, socket: Duplex): void {
    this.#attempt(socket, () => {
      this.#refused.refuseUntaken(socket, this.addressOf(request));
    });
  }

  /** Where a request came from, as far as trusted proxies tell. */
  addressOf(request: HttpRequest): string | undefined {
    return this.#proxies.resolve(request).address;
  }

  /** A `Set-Cookie` header for a browser that has no cookie of ours. */
  browserCookie(request: HttpRequest): string | undefined {
    return this.#cookie.read(request.headers.cookie, this.#proxies.resolve(request).secure).setCookie;
  }

  /** A `Set-Cookie` header that makes a browser forget which sessions are its own. */
  expireCookie(request: IncomingMessage | undefined): string {
    return this.#cookie.expire(request && this.#proxies.resolve(request).secure);
  }

  /** Resolves when all sockets have closed, and responses have left. */
  async close(): Promise<void> {
    this.#refused.close();
    this.#bodies.close();
    await this.#sockets.close();
    await this.#streams.settled();
  }

  /** Does something to a socket; what is thrown meanwhile ends the socket, and nothing else. */
  #attempt(socket: Duplex, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#logger.error('An upgrade failed.', error);
      socket.destroy();
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (!toOriginForm(request)) {
      this.#refused.refuse(socket, this.addressOf(request), { status: '400 Bad Request' });
      return;
    }
    const provenance = this.#proxies.resolve(request);
    const { address } = provenance;
    const scope = scopeOf(
      request,
      provenance,
      this.#cookie.read(request.headers.cookie, provenance.secure),
      PLAIN,
      this.#options,
    );
    const refusal = this.#refusalOf(request, provenance, scope);
    if (refusal) this.#refused.refuse(socket, address, refusal);
    else this.#sockets.upgrade(request, socket, head, scope);
  }

  /** Why an upgrade is refused, if it is. */
  #refusalOf(
    { url = '', headers }: IncomingMessage,
    provenance: Provenance,
    scope: RequestScope,
  ): Refusal | undefined {
    const { address } = provenance;
    const { audit, draining } = this.#intake.server;
    const later = { 'Retry-After': this.#options.retryAfter };
    if (this.#metadata?.owns(url) === true) return { status: '404 Not Found' };
    const verdict = this.#origins.judge(headers.origin, provenance);
    if (verdict === 'foreign' || verdict === 'misdirected') {
      this.#unwanted(verdict, provenance);
      return { status: verdict === 'foreign' ? '403 Forbidden' : '421 Misdirected Request' };
    }
    if (!this.#options.transports.includes('websocket')) return { status: '404 Not Found' };
    if (scope.tokenInQuery) {
      audit.record({ type: 'token_in_query', address });
      return { status: '400 Bad Request' };
    }
    if (draining) return { status: '503 Service Unavailable', headers: later };
    if (!this.#pending.hasRoom(address)) {
      audit.record({ type: 'rate_limited', address, reason: 'sockets without a session' });
      return { status: '429 Too Many Requests', headers: later };
    }
    if (this.#intake.refusesUnread(scope)) return { status: '429 Too Many Requests', headers: later };
    return undefined;
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

  #unwanted(why: 'foreign' | 'misdirected', { address }: Provenance): void {
    // What the headers say is the peer's own choice, and may be anything.
    this.#intake.server.audit.record({ type: why === 'foreign' ? 'origin_denied' : 'host_denied', address });
    if (this.#told.has(why)) return;
    this.#told.add(why);
    this.#logger.warn(UNWANTED[why]);
  }
}

/** What the log says of the first request that is refused for its headers. */
const UNWANTED = {
  foreign:
    'A request of a foreign origin was refused. If the page is yours, name its origin in `origins`; if the ' +
    'application is behind a proxy that ends TLS or changes the Host header, set `trustProxy`. ' +
    'Further refusals are not logged.',
  misdirected:
    'A request for a host that `hosts` does not name was refused. If clients know this server by another name, add it ' +
    'there; if the application is behind a proxy that changes the Host header, set `trustProxy`. ' +
    'Further refusals are not logged.',
} as const;

/** Responses differ by the origin of the page, and are what they say they are. */
const PLAIN: AnswerHeaders = Object.freeze(['Vary', 'Origin', 'X-Content-Type-Options', 'nosniff']);

/** Responses that a page of another origin may read. */
function sharedWith(origin: string): AnswerHeaders {
  return [...PLAIN, 'Access-Control-Allow-Origin', origin, 'Access-Control-Allow-Credentials', 'true'];
}

/** A header that a page may ask to send: a name as RFC 9110 §5.1 has it. */
const HEADER_NAME = /^[\w!#$%&'*+\-.^`|~]+$/;
/** How many it may ask for, and how many characters they may take: the response repeats them. */
const MAX_ASKED_HEADERS = 64;
const MAX_ASKED_LENGTH = 2_048;
/** Headers that clients of this server send. */
const OWN_HEADERS = ['authorization', 'content-type'];

/**
 * What a page of a listed origin may send. Tools that trace requests add headers of their own to those of the page, so that
 * it may send the ones it asks for: none of them has a say here.
 */
function preflight({ headers }: HttpRequest, methods: readonly string[]): AnswerHeaders {
  const text = headers['access-control-request-headers'] ?? '';
  const asked =
    text.length > MAX_ASKED_LENGTH ? [] : text.split(',').map((name) => name.trim().toLowerCase());
  const allowed = new Set([...OWN_HEADERS, ...asked.filter((name) => HEADER_NAME.test(name))]);
  return [
    ...['Vary', 'Access-Control-Request-Headers'],
    ...['Access-Control-Allow-Methods', methods.join(', ')],
    ...['Access-Control-Allow-Headers', [...allowed].slice(0, MAX_ASKED_HEADERS).join(', ')],
    ...['Access-Control-Max-Age', 600],
  ];
}
