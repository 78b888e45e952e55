import type { AuditEventType } from '../bayeux/audit.js';
import { BayeuxErrors } from '../bayeux/errors.js';
import type { Authenticated, Authenticator } from '../auth/authenticator.js';
import { isThenable } from '../bayeux/maybe-promise.js';
import type { Link, Logger, MaybePromise } from '../bayeux/ports.js';
import type { BayeuxServer } from '../bayeux/server.js';
import type { RequestScope } from './request-scope.js';

/** Settles when the messages of a request are answered or held. */
export interface Accepted {
  readonly handled: MaybePromise<void>;
}

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
  constructor(
    readonly server: BayeuxServer,
    readonly authenticator: Authenticator,
    readonly logger: Logger,
  ) {}

  /** Settles as soon as the messages are on their way; they may be under way for longer. Never fails. */
  accept(
    messages: readonly unknown[],
    { context, authorization, tokenInQuery }: RequestScope,
    link: Link,
  ): MaybePromise<Accepted> {
    const { audit } = this.server;
    const { address } = context;
    const enter = (authenticated: Authenticated): Accepted => {
      const { credential } = authenticated;
      const type = credential.kind === 'refused' ? AUDITED[credential.error] : undefined;
      if (type) audit.record({ type, address });
      const request = {
        messages: authenticated.messages,
        context: { ...context, credential },
      };
      return { handled: this.server.handle(request, link) };
    };
    const authenticated = this.authenticator.authenticate({ messages, authorization, tokenInQuery });
    if (!isThenable(authenticated)) return enter(authenticated);
    return authenticated.then(enter, (error: unknown): Accepted => {
      const { name, reason } = error as { name?: string; reason?: string };
      this.logger.debug(`Tokens cannot be verified at present: ${reason ?? name ?? 'unknown reason'}.`);
      audit.record({ type: 'issuer_unavailable', address });
      link.end('unavailable');
      return { handled: undefined };
    });
  }
}
