import type { AuditEventType } from '../bayeux/audit.js';
import { BayeuxErrors } from '../bayeux/errors.js';
import type { CometPrincipal } from '../auth/comet-principal.js';
import type { Authenticated, Authenticator } from '../auth/authenticator.js';
import { isHandshake, isJsonObject } from '../bayeux/message.js';
import { isThenable } from '../bayeux/maybe-promise.js';
import type { Credential, Link, Logger, MaybePromise } from '../bayeux/ports.js';
import type { BayeuxServer } from '../bayeux/server.js';
import { vouch } from '../bayeux/vouch.js';
import type { Session } from '../bayeux/session.js';
import type { Attempts } from './attempts.js';
import { RunCache } from './run-cache.js';
import type { RequestScope } from './request-scope.js';

/** Settles when the messages of a request are answered or held. */
export interface Accepted {
  readonly handled: MaybePromise<void>;
}

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
  #toldOfLimit = false;

  constructor(
    readonly server: BayeuxServer,
    readonly authenticator: Authenticator,
    readonly attempts: Attempts,
    readonly logger: Logger,
  ) {
    this.runs = new RunCache(server.scheduler);
  }

  /** Settles as soon as the messages are on their way; they may be under way for longer. Never fails. */
  accept(messages: readonly unknown[], scope: RequestScope, link: Link): MaybePromise<Accepted> {
    const { authorization, tokenInQuery } = scope;
    const { address } = scope.context;
    if (messages.some(isHandshake) && this.attempts.exhausted(address)) {
      this.server.audit.record({ type: 'rate_limited', address, reason: 'bad handshakes' });
      this.#tellOfLimit();
      link.end('limited');
      return NOTHING;
    }
    const authenticated = this.authenticator.authenticate({ messages, authorization, tokenInQuery });
    if (!isThenable(authenticated)) return this.#enter(authenticated, scope, link);
    return authenticated.then(
      (settled) => this.#enter(settled, scope, link),
      (error: unknown): Accepted => {
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

  #tellOfLimit(): void {
    if (this.#toldOfLimit) return;
    this.#toldOfLimit = true;
    this.logger.warn(
      'Handshakes from one address were turned away, as too many bad tokens came from there. If that is a proxy with many ' +
        'clients behind it, set `trustProxy`; if so many are usual, raise `limits.badHandshakes`. ' +
        'Further ones are not logged.',
    );
  }

  /** Takes note of what was presented; a session that presents new tokens too often is not heard. */
  #limited({ credential, messages }: Authenticated, address: string | undefined): Credential {
    const { audit } = this.server;
    if (credential.kind === 'refused') {
      const type = AUDITED[credential.error];
      if (type) audit.record({ type, address });
      // A token that was good once is a sign of a laptop that was asleep, and of nobody who tries some.
      if (credential.error !== BayeuxErrors.tokenExpired) this.attempts.failed(address);
    } else if (credential.kind === 'principal') {
      const { principal } = credential;
      const session = this.#renewed(messages, principal);
      if (session && !this.attempts.mayRenew(session.id)) {
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
