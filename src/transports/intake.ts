import type { AuditEventType } from '../bayeux/audit.js';
import { BayeuxErrors } from '../bayeux/errors.js';
import type { CometPrincipal } from '../auth/comet-principal.js';
import type { Authenticated, Authenticator } from '../auth/authenticator.js';
import { type Presenter, TokenLimitError } from '../auth/verification-gate.js';
import { firstClientId, isHandshake, isJsonObject } from '../bayeux/message.js';
import { isThenable } from '../bayeux/maybe-promise.js';
import type { Credential, Link, Logger, MaybePromise } from '../bayeux/ports.js';
import { RateLimit } from '../bayeux/rate-limit.js';
import type { BayeuxServer } from '../bayeux/server.js';
import { vouch } from '../bayeux/vouch.js';
import type { Session } from '../bayeux/session.js';
import { networkOf } from './client-network.js';
import { RunCache } from './run-cache.js';
import type { RequestScope } from './request-scope.js';
import type { TransportOptions } from './transport-options.js';

/** Settles when the messages of a request are answered or held. */
export interface Accepted {
  readonly handled: MaybePromise<void>;
}

/** Sessions whose new tokens are counted. */
const MAX_RENEWING = 10_000;

const NOTHING: Accepted = Object.freeze({ handled: undefined });

/** Credentials that are refused unread, and what that is called in an audit. */
const AUDITED: Readonly<Record<string, AuditEventType | undefined>> = {
  [BayeuxErrors.multipleCredentials]: 'multiple_credentials',
  [BayeuxErrors.tokenInQuery]: 'token_in_query',
};

/**
 * The way from a decoded request into the server, the same for all transports: credentials are taken out and
 * verified, and only then do the messages go on. If nothing can be told of a token at present, the client is asked to
 * try again later; it is never let in, and never told that its token is bad.
 */
export class Intake {
  /** What transports write for many clients. */
  readonly runs: RunCache;
  /** New tokens by session. */
  readonly #renewals: RateLimit;

  constructor(
    readonly server: BayeuxServer,
    readonly authenticator: Authenticator,
    readonly logger: Logger,
    { refreshes }: Pick<TransportOptions, 'refreshes'>,
  ) {
    const rate = { times: refreshes, window: 60_000 };
    this.#renewals = new RateLimit(rate, MAX_RENEWING, () => server.scheduler.now());
    this.runs = new RunCache(server.scheduler);
  }

  /** Whether a request is turned away for the token in its header, so that its body need not be read. */
  refusesUnread({ authorization, browser, context: { address } }: RequestScope): boolean {
    if (authorization === undefined) return false;
    // The cookie of a browser may prove a session, which its body names.
    if (browser && browser.setCookie === undefined) return false;
    const presenter: Presenter = { lane: 'clients', network: networkOf(address) };
    if (!this.authenticator.refusesUnread(authorization, presenter)) return false;
    this.#limitedAt(address);
    return true;
  }

  /** Settles as soon as the messages are on their way; they may be under way for longer. Never fails. */
  accept(messages: readonly unknown[], scope: RequestScope, link: Link): MaybePromise<Accepted> {
    try {
      const accepted = this.#accept(messages, scope, link);
      if (!isThenable(accepted)) return this.#followed(accepted, link);
      return accepted.then(
        (settled) => this.#followed(settled, link),
        (error: unknown) => this.#failed(error, link),
      );
    } catch (error) {
      return this.#failed(error, link);
    }
  }

  /** The same, of which also what comes later never fails. */
  #followed(accepted: Accepted, link: Link): Accepted {
    if (!isThenable(accepted.handled)) return accepted;
    const handled = accepted.handled.then(undefined, (error: unknown) => void this.#failed(error, link));
    return { handled };
  }

  /** What is thrown here would end the process: it ends the request instead. */
  #failed(error: unknown, link: Link): Accepted {
    this.logger.error('Messages could not be handled.', error);
    link.end('unavailable');
    return NOTHING;
  }

  #accept(messages: readonly unknown[], scope: RequestScope, link: Link): MaybePromise<Accepted> {
    const { authorization, tokenInQuery } = scope;
    const { address } = scope.context;
    const authenticated = this.authenticator.authenticate({ messages, authorization, tokenInQuery }, () =>
      this.#presenter(messages, scope, link),
    );
    if (!isThenable(authenticated)) return this.#enter(authenticated, scope, link);
    return authenticated.then(
      (settled) => this.#enter(settled, scope, link),
      (error: unknown): Accepted => {
        if (error instanceof TokenLimitError) {
          this.#limitedAt(address);
          link.end('limited');
          return NOTHING;
        }
        const { name, reason } = error as { name?: string; reason?: string };
        this.logger.debug(`Tokens cannot be verified at present: ${reason ?? name ?? 'unknown reason'}.`);
        this.server.audit.record({ type: 'issuer_unavailable', address });
        link.end('unavailable');
        return NOTHING;
      },
    );
  }

  #enter(authenticated: Authenticated, { context }: RequestScope, link: Link): MaybePromise<Accepted> {
    const { messages } = authenticated;
    if (authenticated.credential.kind === 'none') {
      const handled = this.server.handle({ messages, context }, link);
      return handled ? { handled } : NOTHING;
    }
    const credential = this.#limited(authenticated, context.address);
    const ofConnection = authenticated.inHeader && !link.once;
    const vouching = { ...context, credential, ...(ofConnection && { ofConnection }) };
    return vouch(this.server, { messages, context: vouching }, (vouched): Accepted => {
      if (vouched) return { handled: this.server.handle(vouched, link) };
      link.end('unavailable');
      return NOTHING;
    });
  }

  #limitedAt(address: string | undefined): void {
    this.server.audit.record({ type: 'rate_limited', address, reason: 'bad tokens' });
  }

  /** A client that is a session without its token, by its socket or by its browser cookie, is told from its neighbours. */
  #presenter(messages: readonly unknown[], { context }: RequestScope, link: Link): Presenter {
    const network = networkOf(context.address);
    const { sessions, options } = this.server;
    const bound = link.once ? undefined : link.sessionId;
    const id = bound ?? firstClientId(messages);
    const session = id === undefined || messages.some(isHandshake) ? undefined : sessions.find(id);
    const { kind, tenant, identity } = session?.principal ?? {};
    if (!session || kind === 'anonymous') return { lane: 'clients', network };
    const { browser } = session.state;
    const ofBrowser =
      options.sessionBinding === 'principal' && browser !== undefined && browser === context.browser;
    const proven = bound !== undefined || ofBrowser;
    return { lane: 'clients', network, holder: proven ? `${tenant} ${identity}` : undefined };
  }

  /** Takes note of what was presented; a session that presents new tokens too often is not heard. */
  #limited({ credential, messages }: Authenticated, address: string | undefined): Credential {
    const { audit } = this.server;
    if (credential.kind === 'refused') {
      const type = AUDITED[credential.error];
      if (type) audit.record({ type, address });
    } else if (credential.kind === 'principal') {
      const { principal } = credential;
      const session = this.#renewed(messages, principal);
      if (session && !this.#renewals.take(session.id)) {
        audit.record({ type: 'rate_limited', principal, address, reason: 'refreshes' });
        return { kind: 'refused', error: BayeuxErrors.tooManyAttempts };
      }
    }
    return credential;
  }

  /** The session that a token is new to. Those of others are left alone: nobody shall use up their attempts. */
  #renewed(messages: readonly unknown[], principal: CometPrincipal): Session | undefined {
    for (const message of messages) {
      if (!isJsonObject(message) || typeof message['clientId'] !== 'string') continue;
      const session = this.server.sessions.find(message['clientId']);
      const current = session?.principal as CometPrincipal | undefined;
      const own = current?.identity === principal.identity && current.tenant === principal.tenant;
      return own && current.tokenRef !== principal.tokenRef ? session : undefined;
    }
    return undefined;
  }
}
