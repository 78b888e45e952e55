import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BackchannelLogout } from '../auth/backchannel-logout.js';
import { TokenError } from '../auth/token-verifier.js';
import type { Audit } from '../bayeux/audit.js';
import type { Logger } from '../bayeux/ports.js';
import { RateLimit } from '../bayeux/rate-limit.js';
import { BodyReader } from './body-reader.js';
import { networkOf } from './client-network.js';
import { PendingSockets } from './pending-sockets.js';
import type { TransportOptions } from './transport-options.js';

/** Bytes of a request: one token and its name. */
const MAX_BYTES = 16_384;
/** Refusals, or failures, of one network in a minute that are told in full: more would only fill the log. */
const TOLD = { times: 20, window: 60_000 };
/** Logout tokens of one network that are verified at a time: more than a few are so only while keys are being fetched. */
const UNDER_WAY = { inAll: 0, perAddress: 1_000 };
/** Networks that are remembered. */
const MAX_NETWORKS = 10_000;

const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;

/** What it works with. */
export interface LogoutPorts {
  readonly audit: Audit;
  readonly logger: Logger;
  readonly now: () => number;
}

/**
 * Takes logout tokens of issuers (OpenID Connect Back-Channel Logout 1.0 §2.5), beside the endpoint and ahead of the
 * framework: no parser, guard or prefix of the application stands in the way of a logout. Anybody may ask, so that the
 * token alone decides: no number of bad ones keeps a good one from being verified, as that would suppress a logout. The
 * limit is on the outcome: past so many bad tokens the others are answered with 429, once they have proven bad.
 */
export class LogoutEndpoint {
  readonly #path: string;
  readonly #retryAfter: number;
  readonly #logout: BackchannelLogout;
  readonly #ports: LogoutPorts;
  /** Tokens that were no good, by network. */
  readonly #bad: RateLimit;
  /** Logouts that failed, by network. */
  readonly #failed: RateLimit;
  readonly #underWay = new PendingSockets(UNDER_WAY);

  constructor(
    { path, retryAfter }: Pick<TransportOptions, 'path' | 'retryAfter'>,
    logout: BackchannelLogout,
    ports: LogoutPorts,
  ) {
    this.#path = `${path}/backchannel-logout`;
    this.#retryAfter = retryAfter;
    this.#logout = logout;
    this.#ports = ports;
    this.#bad = new RateLimit(TOLD, MAX_NETWORKS, ports.now);
    this.#failed = new RateLimit(TOLD, MAX_NETWORKS, ports.now);
  }

  /** Whether a request is for it. */
  owns(url: string): boolean {
    return url.split('?', 1)[0] === this.#path;
  }

  /** Serves a request, which came from `address`. */
  serve(request: IncomingMessage, response: ServerResponse, address: string | undefined): void {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    if (request.method !== 'POST') {
      response.setHeader('Allow', 'POST');
      answer(request, response, 405);
      return;
    }
    if (!FORM.test(request.headers['content-type'] ?? '')) {
      this.#refuse(request, response, address, 'no form');
      return;
    }
    // It hangs on the request.
    new FormReader(request, (body) => {
      const tokens = body === undefined ? [] : new URLSearchParams(body).getAll('logout_token');
      const [token] = tokens;
      if (token === undefined || tokens.length > 1) {
        const why = body === undefined ? 'too large' : 'not one logout_token';
        this.#refuse(request, response, address, why);
      } else if (!this.#underWay.hasRoom(address)) {
        this.#ports.audit.record({ type: 'rate_limited', address, reason: 'logout tokens' });
        this.#askLater(request, response, 503);
      } else {
        void this.#obey(token, request, response, address);
      }
    });
  }

  async #obey(
    token: string,
    request: IncomingMessage,
    response: ServerResponse,
    address: string | undefined,
  ): Promise<void> {
    this.#underWay.add(address);
    try {
      const { sid } = await this.#logout.obey(token);
      const reason = sid === undefined ? 'all logins of a subject' : 'one login';
      this.#ports.audit.record({ type: 'logout_token_ok', address, reason });
      answer(request, response, 200);
    } catch (error) {
      if (error instanceof TokenError) {
        this.#refuse(request, response, address, error.reason);
        return;
      }
      // §2.8 has no other status for a logout that has failed. It may be sent again.
      if (this.#failed.take(networkOf(address)))
        this.#ports.logger.error('A logout token could not be obeyed.', error);
      answer(request, response, 400, { error: 'temporarily_unavailable' });
    } finally {
      this.#underWay.remove(address);
    }
  }

  #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    address: string | undefined,
    reason: string,
  ): void {
    if (!this.#bad.take(networkOf(address))) {
      this.#ports.audit.record({ type: 'rate_limited', address, reason: 'logout tokens' });
      this.#askLater(request, response, 429);
      return;
    }
    this.#ports.logger.warn(`A logout token was refused: ${reason}.`);
    this.#ports.audit.record({ type: 'logout_token_denied', address, reason });
    answer(request, response, 400, { error: 'invalid_request' });
  }

  #askLater(request: IncomingMessage, response: ServerResponse, status: number): void {
    response.setHeader('Retry-After', Math.max(this.#retryAfter, 1));
    answer(request, response, status);
  }
}

/** Reads the form; `undefined` if it is larger than it may be. */
class FormReader extends BodyReader {
  readonly #done: (form: string | undefined) => void;

  constructor(request: IncomingMessage, done: (form: string | undefined) => void) {
    super(request, MAX_BYTES);
    this.#done = done;
  }

  protected complete(body: Buffer): void {
    this.#done(body.toString());
  }

  protected tooLong(): void {
    this.#done(undefined);
  }

  failed(): void {
    // Nobody waits for an answer any more.
  }
}

/** Answers. What the peer is still sending is not read: the connection ends with the response. */
function answer(request: IncomingMessage, response: ServerResponse, status: number, body?: object): void {
  const unread = !request.complete;
  const text = body === undefined ? '' : JSON.stringify(body);
  response
    .writeHead(status, {
      'Content-Length': Buffer.byteLength(text),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...(unread && { Connection: 'close' }),
    })
    .end(text);
  if (unread) request.resume();
}
