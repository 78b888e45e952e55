import type { Authenticated, Authenticator } from '../auth/authenticator.js';
import { isThenable } from '../bayeux/maybe-promise.js';
import type { Link, Logger, MaybePromise } from '../bayeux/ports.js';
import type { BayeuxServer } from '../bayeux/server.js';
import { vouch } from '../bayeux/vouch.js';
import { RunCache } from './run-cache.js';
import type { RequestScope } from './request-scope.js';

/** Settles when the messages of a request are answered or held. */
export interface Accepted {
  readonly handled: MaybePromise<void>;
}

/**
 * The way from a decoded request into the server, the same for all transports: credentials are taken out and
 * verified, and only then do the messages go on. If nothing can be told of a token at present, the client is asked to
 * try again later; it is never let in, and never told that its token is bad.
 */
export class Intake {
  /** What transports write for many clients. */
  readonly runs: RunCache;

  constructor(
    readonly server: BayeuxServer,
    readonly authenticator: Authenticator,
    readonly logger: Logger,
  ) {
    this.runs = new RunCache(server.scheduler);
  }

  /** Settles as soon as the messages are on their way; they may be under way for longer. Never fails. */
  accept(messages: readonly unknown[], scope: RequestScope, link: Link): MaybePromise<Accepted> {
    const { authorization, tokenInQuery } = scope;
    const authenticated = this.authenticator.authenticate({ messages, authorization, tokenInQuery });
    if (!isThenable(authenticated)) return this.#enter(authenticated, scope, link);
    return authenticated.then(
      (settled) => this.#enter(settled, scope, link),
      (error: unknown): Accepted => {
        const { name, reason } = error as { name?: string; reason?: string };
        this.logger.debug(`Tokens cannot be verified at present: ${reason ?? name ?? 'unknown reason'}.`);
        link.end('unavailable');
        return { handled: undefined };
      },
    );
  }

  #enter(
    { messages, credential }: Authenticated,
    { context }: RequestScope,
    link: Link,
  ): MaybePromise<Accepted> {
    if (credential.kind === 'none') return { handled: this.server.handle({ messages, context }, link) };
    return vouch(this.server, { messages, context: { ...context, credential } }, (vouched): Accepted => {
      if (vouched) return { handled: this.server.handle(vouched, link) };
      link.end('unavailable');
      return { handled: undefined };
    });
  }
}
