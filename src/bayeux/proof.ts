import type { BayeuxOptions } from './bayeux-options.js';
import type { Link, Principal, RequestContext } from './ports.js';
import type { Session } from './session.js';

/**
 * Whether a request may speak for the session it quotes. On a link that is proven without it, a token of somebody else
 * is a `mismatch` and a bad one `refused`; everything else that fails is `unproven` and answered like an unknown session.
 */
export type Proof = 'proven' | 'unproven' | 'mismatch' | 'refused';

/** What proof has to be like. */
export type ProofOptions = Pick<BayeuxOptions, 'sessionBinding' | 'requireHandshakePerConnection' | 'expiry'>;

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
  const { sessionBinding: binding } = options;
  const known = session.state.browser;
  const proven = bound || (binding === 'principal' && known !== undefined && known === browser);
  if (credential.kind === 'refused') return proven ? 'refused' : 'unproven';
  if (credential.kind === 'principal') {
    if (isSamePrincipal(credential.principal, session.principal, options)) return 'proven';
    return proven ? 'mismatch' : 'unproven';
  }
  const open = binding === 'clientId' || session.principal.kind === 'anonymous';
  return proven || open ? 'proven' : 'unproven';
}

function isSamePrincipal(left: Principal, right: Principal, { expiry }: ProofOptions): boolean {
  return (
    left.kind === right.kind &&
    left.tenant === right.tenant &&
    left.userId === right.userId &&
    left.identity === right.identity &&
    (expiry.anyClient || (left.clientId ?? null) === (right.clientId ?? null))
  );
}
