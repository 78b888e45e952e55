import { adviseHandshake } from './advice.js';
import { contains } from './channel.js';
import type { Core } from './core.js';
import type { CredentialLife } from './credential-life.js';
import { BayeuxErrors } from './errors.js';
import type { Exchange, Replies } from './exchange.js';
import { failure, type Incoming, replyTo } from './incoming.js';
import { isThenable } from './maybe-promise.js';
import type { MaybePromise, Principal } from './ports.js';
import { recheckSubscriptions } from './rechecking.js';
import type { Session } from './session.js';

/**
 * The principal of a session has presented a token. If it is a newer one the session lives by it from here on, and keeps
 * only the subscriptions that it grants.
 *
 * @returns whether it is.
 */
export function renew(core: Core, session: Session, principal: Principal): boolean {
  const release = session.credential?.renew(principal);
  if (!release) return false;
  const failed = (error: unknown): void => {
    core.logger.error('The subscriptions of a session could not be decided anew, so it is ended.', error);
    session.end('kick');
  };
  const follow = (lost: MaybePromise<readonly string[]>, then: () => void): void => {
    const settled = (names: readonly string[]): void => {
      if (names.length > 0) report(session, names);
      then();
    };
    if (isThenable(lost)) lost.then(settled, failed);
    else settled(lost);
  };
  try {
    let begun = false as boolean;
    const inOrder = session.inOrder(() => {
      begun = true;
      return recheckSubscriptions(core, session);
    });
    follow(begun ? inOrder : recheckSubscriptions(core, session), release);
    // What a slow handler or hook ahead of it was granted by the token before is looked at again behind it.
    if (!begun) follow(inOrder, () => undefined);
  } catch (error) {
    failed(error);
  }
  return true;
}

/** What waits of channels that the session has lost must not reach it either. */
function report(session: Session, lost: readonly string[]): void {
  const matches = (names: Iterable<string>, channel: string): boolean =>
    [...names].some((name) => contains(name, channel));
  session.mailbox.withdraw(
    ({ channel }) => matches(lost, channel) && !matches(session.state.subscriptions, channel),
  );
  session.credential?.notify({ type: 'unsubscribed', channels: lost });
}

/** A bad token, or that of somebody else, has been presented for a session, which goes on as it was. */
export function denyRenewal(core: Core, exchange: Exchange, session: Session): void {
  const { credential, address } = exchange.context;
  const refused = credential.kind === 'refused';
  const reason = refused ? credential.error : BayeuxErrors.principalMismatch;
  core.audit.record({ type: 'refresh_denied', principal: session.principal, address, reason });
  // Somebody else has a session of their own to begin.
  exchange.advice = refused && session.state.refreshes ? session.credential?.advice() : adviseHandshake(0);
}

/** Has the reply to `message` say for how long the token of the session is good. Salesforce has no such member. */
export function tellOfToken(message: Incoming, credential: CredentialLife): void {
  if (message.dialect !== undefined) return;
  const { complete } = message;
  message.complete = (reply) => {
    complete?.(reply);
    reply.ext = { ...reply.ext, auth: credential.describe() };
  };
}

/**
 * A publish to `/service/comet/auth`. Its token was taken out of the data, and has been judged with the request it came
 * in, like all others.
 */
export function answerToken({ context, renewed }: Exchange, message: Incoming, session: Session): Replies {
  const { credential } = session;
  if (context.credential.kind !== 'principal' || !credential)
    return [failure(message, BayeuxErrors.dataMissing)];
  if (credential.expired) return [failure(message, BayeuxErrors.tokenExpired)];
  if (!renewed) tellOfToken(message, credential);
  return [replyTo(message, { successful: true })];
}
