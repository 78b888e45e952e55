import { BayeuxErrors } from './errors.js';
import { isThenable } from './maybe-promise.js';
import { firstClientId, isHandshake } from './message.js';
import type { BayeuxRequest, MaybePromise } from './ports.js';
import type { Revocations } from './revocations.js';
import type { Session } from './session.js';
import type { SessionDirectory } from './sessions.js';

/** What is needed to vouch for a request. */
export interface VouchHost {
  readonly directory: SessionDirectory;
  readonly revocations: Revocations;
}

/**
 * Runs `next` with the request, whose token counts as refused if it was revoked; with `undefined` if that cannot be told
 * at present. The token a session has is not looked up again: what revokes it ends the session. Handshakes are looked up
 * where they are admitted.
 */
export function vouch<T>(
  { directory, revocations }: VouchHost,
  request: BayeuxRequest,
  next: (vouched: BayeuxRequest | undefined) => T,
): MaybePromise<T> {
  const { messages, context } = request;
  const { credential } = context;
  if (credential.kind !== 'principal' || messages.some(isHandshake)) return next(request);
  const { principal } = credential;
  const judge = (session: Session | undefined): MaybePromise<T> =>
    session && revocations.areAlike(principal, session.principal)
      ? next(request)
      : revocations.ask(principal, (standing) => {
          if (standing === 'unknown') return next(undefined);
          return next(
            standing === 'good' ? request : { messages, context: { ...context, credential: REVOKED } },
          );
        });
  const clientId = firstClientId(messages);
  const found = clientId === undefined ? undefined : directory.find(clientId);
  return isThenable(found) ? found.then(judge) : judge(found);
}

const REVOKED = Object.freeze({ kind: 'refused', error: BayeuxErrors.sessionRevoked } as const);
