import type { BayeuxOptions } from './bayeux-options.js';
import type { Link, Principal, RequestContext } from './ports.js';
import type { Session } from './session.js';

/**
 * Whether a request may speak for the session it quotes: `mismatch` is a token of somebody else on a link that is
 * proven already, everything else that fails is `unproven` and answered like an unknown session.
 */
export type Proof = 'proven' | 'unproven' | 'mismatch';

/** What proof has to be like. */
export type ProofOptions = Pick<BayeuxOptions, 'sessionBinding' | 'requireHandshakePerConnection'>;

/**
 * A `clientId` alone proves nothing, as it may have been seen in a log or a proxy. A connection is no proof either:
 * proxies share theirs between users. What counts is a token of the same principal, or the cookie the browser was
 * given for the session; a socket that has proven itself stays so.
 */
export function prove(
  session: Session,
  link: Link,
  { credential, browser }: RequestContext,
  options: ProofOptions,
): Proof {
  const bound = !link.once && link.sessionId !== undefined;
  if (bound && link.sessionId !== session.id) return 'unproven';
  if (!link.once && !bound && options.requireHandshakePerConnection) return 'unproven';
  if (credential.kind === 'refused') return 'unproven';
  if (credential.kind === 'principal') {
    if (isSamePrincipal(credential.principal, session.principal)) return 'proven';
    return bound ? 'mismatch' : 'unproven';
  }
  const { sessionBinding: binding } = options;
  if (bound || binding === 'clientId' || session.principal.kind === 'anonymous') return 'proven';
  const known = session.state.browser;
  return binding === 'principal' && known !== undefined && known === browser ? 'proven' : 'unproven';
}

function isSamePrincipal(left: Principal, right: Principal): boolean {
  return (
    left.kind === right.kind &&
    left.tenant === right.tenant &&
    left.userId === right.userId &&
    left.identity === right.identity
  );
}
