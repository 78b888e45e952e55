import type { BackchannelLogout } from '../auth/backchannel-logout.js';
import { AuthUnavailableError, TokenError } from '../auth/token-verifier.js';
import type { Audit } from '../bayeux/audit.js';
import type { Logger } from '../bayeux/ports.js';
import { RateLimit } from '../bayeux/rate-limit.js';
import { answer, type Exchange } from './answer.js';
import { BodyReader } from './body-reader.js';
import { networkOf } from './client-network.js';
import { PendingSockets } from './pending-sockets.js';
import { unknownCoding } from './http-exchange.js';
import { type BodyRefusal, REFUSAL_STATUS } from './pending-bodies.js';
import type { AnswerHeaders } from './request-scope.js';
import type { TransportOptions } from './transport-options.js';

/** Bytes of a request: one token and its name. */
const MAX_BYTES = 16_384;
/** Refusals, or failures, of one network in a minute that are told in full: more would only fill the log. */
const TOLD = { times: 20, window: 60_000 };
/** Logout tokens of one network that may wait for keys. Past it only those are verified whose keys are known. */
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

  /** Serves a request. */
  serve(exchange: Exchange): void {
    const { request } = exchange;
    if (request.method !== 'POST') {
      respond(exchange, 405, { headers: ['Allow', 'POST'] });
      return;
    }
    const coding = unknownCoding(request);
    if (coding) {
      respond(exchange, coding.status, { headers: coding.headers });
      return;
    }
    if (!FORM.test(request.headers['content-type'] ?? '')) {
      this.#refuse(exchange, 'no form');
      return;
    }
    // It hangs on the request.
    new FormReader(exchange, {
      read: (body) => {
        const [token, ...others] = new URLSearchParams(body).getAll('logout_token');
        if (token === undefined || others.length > 0) {
          this.#refuse(exchange, 'not one logout_token');
        } else {
          void this.#obey(token, exchange);
        }
      },
      refused: (why) => {
        if (why === 'too_long') this.#refuse(exchange, 'too large');
        else this.#askLater(exchange, REFUSAL_STATUS[why]);
      },
    });
  }

  async #obey(token: string, exchange: Exchange): Promise<void> {
    const { address } = exchange;
    const waits = this.#underWay.hasRoom(address);
    this.#underWay.add(address);
    try {
      const { sid } = await this.#logout.obey(token, waits);
      const reason = sid === undefined ? 'all logins of a subject' : 'one login';
      this.#ports.audit.record({ type: 'logout_token_ok', address, reason });
      respond(exchange, 200);
    } catch (error) {
      if (error instanceof TokenError) {
        this.#refuse(exchange, error.reason);
        return;
      }
      if (!waits && error instanceof AuthUnavailableError) {
        this.#ports.audit.record({ type: 'rate_limited', address, reason: 'logout tokens' });
        this.#askLater(exchange, 503);
        return;
      }
      // §2.8 has no other status for a logout that has failed. It may be sent again.
      if (this.#failed.take(networkOf(address)))
        this.#ports.logger.error('A logout token could not be obeyed.', error);
      respond(exchange, 400, { body: { error: 'temporarily_unavailable' } });
    } finally {
      this.#underWay.remove(address);
    }
  }

  #refuse(exchange: Exchange, reason: string): void {
    const { address } = exchange;
    if (!this.#bad.take(networkOf(address))) {
      this.#ports.audit.record({ type: 'rate_limited', address, reason: 'logout tokens' });
      this.#askLater(exchange, 429);
      return;
    }
    this.#ports.logger.warn(`A logout token was refused: ${reason}.`);
    this.#ports.audit.record({ type: 'logout_token_denied', address, reason });
    respond(exchange, 400, { body: { error: 'invalid_request' } });
  }

  #askLater(exchange: Exchange, status: number): void {
    respond(exchange, status, { headers: ['Retry-After', Math.max(this.#retryAfter, 1)] });
  }
}

interface FormPorts {
  read(form: string): void;
  refused(why: BodyRefusal | 'too_long'): void;
}

/** Reads the form of one request. */
class FormReader extends BodyReader {
  readonly #ports: FormPorts;

  constructor({ request, bodies, address }: Exchange, ports: FormPorts) {
    super(request, MAX_BYTES, bodies, address);
    this.#ports = ports;
  }

  protected complete(body: Buffer): void {
    this.#ports.read(body.toString());
  }

  protected refused(why: BodyRefusal | 'too_long'): void {
    this.#ports.refused(why);
  }

  protected gone(): void {
    // There is no client to answer any more.
  }
}

function respond(
  exchange: Exchange,
  status: number,
  { headers = [], body }: { readonly headers?: AnswerHeaders; readonly body?: object } = {},
): void {
  const type = body === undefined ? [] : ['Content-Type', 'application/json'];
  const text = body === undefined ? '' : JSON.stringify(body);
  const always = ['Cache-Control', 'no-store', 'X-Content-Type-Options', 'nosniff'];
  answer(exchange, status, [...always, ...headers, ...type], text);
}
