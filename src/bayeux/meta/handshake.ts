import { ADVICE_NONE } from '../advice.js';
import type { Core } from '../core.js';
import { BayeuxErrors } from '../errors.js';
import type { Exchange, Greeting, Replies } from '../exchange.js';
import { failure, type Incoming, replyTo } from '../incoming.js';
import { isThenable, TimeLimitError, withTimeLimit } from '../maybe-promise.js';
import { isJsonObject } from '../message.js';
import type { LinkEnd, MaybePromise, Principal } from '../ports.js';
import { OperationRefusal, detailsOf, type Failure } from '../service.js';
import { Session } from '../session.js';
import { NOTHING_SETTLED, timeOf } from '../session-state.js';

const VERSION = '1.0';

/**
 * `/meta/handshake` (Bayeux 1.0 §5.1). A refusal is final: its advice is always `none`, as clients that are told to
 * handshake again do so at once and without end. What passes by itself (the server is full, or going away) is left to
 * the transport, where clients wait longer each time.
 */
export function handshake(core: Core, exchange: Exchange, message: Incoming): MaybePromise<Replies> {
  const { options } = core;
  const negotiation = negotiate(message, options.transports);
  if (negotiation) return [refuseHandshake(core, exchange, message, negotiation)];

  const { credential } = exchange.context;
  if (credential.kind === 'refused') return [refuseHandshake(core, exchange, message, credential.error)];
  if (isFull(core)) return turnAway(exchange);
  const principal = credential.kind === 'principal' ? credential.principal : core.authority.anonymous;
  if (!principal) return [refuseHandshake(core, exchange, message, BayeuxErrors.authenticationRequired)];
  if ((principal.expiresAt ?? Infinity) <= core.scheduler.wallTime())
    return exchange.context.ofConnection
      ? turnAway(exchange, 'expired')
      : [refuseHandshake(core, exchange, message, BayeuxErrors.tokenExpired)];
  return core.revocations.ask(principal, (standing) => {
    if (standing === 'revoked') {
      return [refuseHandshake(core, exchange, message, BayeuxErrors.sessionRevoked)];
    }
    if (standing === 'unknown' || isFull(core)) return turnAway(exchange);
    return isCrowded(core, exchange, principal)
      ? turnAway(exchange, 'limited')
      : admit(core, exchange, message, principal);
  });
}

function isFull({ draining, sessions, options }: Core): boolean {
  return draining || sessions.size >= options.maxSessions;
}

/**
 * Whether an anonymous client comes from where so many others have come from. Of those none is let go for it, as they may
 * be anybody's: even one whose connection broke may come back.
 */
function isCrowded(core: Core, { context }: Exchange, principal: Principal): boolean {
  const { maxAnonymousPerNetwork: most } = core.options;
  const { address } = context;
  if (principal.kind !== 'anonymous' || most === 0) return false;
  if (core.sessions.countOf(principal, address) < most) return false;
  core.audit.record({ type: 'rate_limited', address, reason: 'anonymous sessions' });
  if (!TOLD_OF_CROWD.has(core)) {
    TOLD_OF_CROWD.add(core);
    core.logger.warn(
      'A handshake without a token was turned away, as its address has as many anonymous sessions as it may. If that is a ' +
        'proxy with many clients behind it, set `trustProxy`; if so many are usual, raise ' +
        '`limits.anonymousSessionsPerAddress`. Further ones are not logged.',
    );
  }
  return true;
}

/** Servers that have said so once: an attacker must not fill the log. */
const TOLD_OF_CROWD = new WeakSet<Core>();

/** It may succeed later: that is said by the transport. */
function turnAway(exchange: Exchange, why: LinkEnd = 'unavailable'): Replies {
  exchange.link.end(why);
  exchange.abandon();
  return [];
}

function admit(
  core: Core,
  exchange: Exchange,
  message: Incoming,
  principal: Principal,
): MaybePromise<Replies> {
  const { options } = core;
  const { address, headers } = exchange.context;
  if (
    principal.kind !== 'anonymous' &&
    core.sessions.countOf(principal, address) >= options.maxSessionsPerUser
  ) {
    // Pages that were reloaded leave sessions behind that only wait to expire: those make room, living ones do not.
    const left = core.sessions.abandonedOf(principal, address);
    if (!left) return [refuseHandshake(core, exchange, message, BayeuxErrors.tooManySessions)];
    left.end('timeout');
  }
  const { transport } = exchange.link;
  const session = new Session(
    core,
    {
      id: core.ids.clientId(),
      principal,
      browser: exchange.context.browser,
      client: { headers, ...(address !== undefined && { address }) },
      refreshes: declaresRefresh(message),
      connected: false,
      interval: timeOf('interval', options, {}, transport),
      subscriptions: new Set(),
      own: NOTHING_SETTLED,
    },
    transport,
  );
  // Registered before it is admitted, so that many handshakes at once cannot pass the limits together.
  core.sessions.add(session);
  core.revocations.watch();

  const denied = (error: unknown): Replies => {
    const why = `A handshake was refused: ${String((error as Partial<Error> | undefined)?.message)}`;
    if (error instanceof TimeLimitError) core.logger.warn(why);
    else core.logger.debug(why);
    const revoked = session.endedBy === 'revoked';
    session.end('kick');
    return [refuseHandshake(core, exchange, message, reasonOf(error, revoked))];
  };
  const admitted = (): Replies => {
    if (!session.endedBy) core.announce(session);
    // Another node may let it in.
    if (session.endedBy === 'shutdown') return turnAway(exchange);
    // A hook may have ended it meanwhile.
    if (session.endedBy) return denied(new Error('the session has ended'));
    return [welcome(core, exchange, message, session)];
  };
  try {
    const answer = withTimeLimit(core.scheduler, options.hookTimeout, 'Admitting a session', (expired) =>
      core.listener.admit(session, { id: message.id, ext: message.body['ext'] }, expired),
    );
    return isThenable(answer) ? answer.then(admitted, denied) : admitted();
  } catch (error) {
    return denied(error);
  }
}

function reasonOf(error: unknown, revoked: boolean): Failure {
  if (revoked) return { error: BayeuxErrors.sessionRevoked };
  return error instanceof OperationRefusal ? error.failure : { error: BayeuxErrors.handshakeDenied };
}

function welcome(core: Core, exchange: Exchange, message: Incoming, session: Session) {
  const { link } = exchange;
  if (!link.once) {
    // The session this socket spoke for so far is left to expire.
    const before = link.sessionId === undefined ? undefined : core.sessions.find(link.sessionId);
    before?.closed(link);
    // A handshake gives a client that has spent its share no new one.
    session.meter = before?.meter;
    link.sessionId = session.id;
    link.bearsToken = exchange.context.ofConnection === true;
    link.bound(session.id);
  }
  const acknowledges = core.options.acknowledge && wantsAcknowledgement(message);
  if (acknowledges) session.state.acknowledged = 0;
  const reply = replyTo(message, {
    clientId: session.id,
    version: VERSION,
    minimumVersion: VERSION,
    supportedConnectionTypes: core.options.transports,
    successful: true,
    advice: session.advice(),
  });
  const { address } = exchange.context;
  core.audit.record({ type: 'handshake_ok', principal: session.principal, address });
  const greeting = greetingFor(core, exchange, session);
  exchange.greet(greeting);
  const count = greeting.messages.length;
  if (core.options.deliverDuringHandshake) reply['x-messages'] = count;
  if (session.credential && message.dialect === undefined)
    reply.ext = { ...reply.ext, auth: { ...session.credential.describe(), refresh: true } };
  if (acknowledges) {
    const ack = core.options.deliverDuringHandshake
      ? { enabled: true, batch: session.state.acknowledged }
      : true;
    reply.ext = { ...reply.ext, ack };
  }
  return reply;
}

/** What waits already may go with the reply; otherwise it comes with the first connect. */
function greetingFor(core: Core, { link }: Exchange, session: Session): Greeting {
  const { mailbox, state } = session;
  if (!core.options.deliverDuringHandshake || mailbox.waiting === 0) return { session, messages: [] };
  if (state.acknowledged !== undefined)
    return { session, messages: mailbox.retain(++state.acknowledged, []) };
  const batch = mailbox.take(link, link.once, []);
  return { session, messages: batch.messages, receipt: batch };
}

/** `ext.ack` must be the boolean: clients that write "true" have not read how it works. */
function wantsAcknowledgement({ body }: Incoming): boolean {
  return isJsonObject(body['ext']) && body['ext']['ack'] === true;
}

/**
 * Whether the client presents newer tokens by itself, so that its session is worth keeping for one. Clients of Salesforce
 * do not know notices, whatever an extension of theirs says.
 */
function declaresRefresh({ body, dialect }: Incoming): boolean {
  if (dialect !== undefined) return false;
  const auth = isJsonObject(body['ext']) ? body['ext']['auth'] : undefined;
  return isJsonObject(auth) && auth['refresh'] === true;
}

/** A handshake that fails, fails for good. */
export function refuseHandshake(
  core: Core,
  exchange: Exchange,
  message: Incoming,
  refused: string | Failure,
) {
  const why = typeof refused === 'string' ? { error: refused } : refused;
  const { error } = why;
  const { address, credential } = exchange.context;
  const principal = credential.kind === 'principal' ? credential.principal : undefined;
  core.audit.record({ type: 'handshake_denied', principal, address, reason: error });
  exchange.link.stopped('refused');
  return failure(message, error, {
    supportedConnectionTypes: core.options.transports,
    advice: ADVICE_NONE,
    ...detailsOf(why),
  });
}

/** Fails only where the two sides clearly cannot talk; clients that leave these members out are let in. */
function negotiate({ body }: Incoming, transports: readonly string[]): string | undefined {
  const minimum = body['minimumVersion'];
  if (typeof minimum === 'string' && isAbove(minimum, VERSION)) return BayeuxErrors.versionUnsupported;
  const offered = body['supportedConnectionTypes'];
  if (!Array.isArray(offered) || offered.length === 0) return undefined;
  return offered.some((type) => transports.includes(type as string))
    ? undefined
    : BayeuxErrors.connectionTypesUnsupported;
}

function isAbove(version: string, reference: string): boolean {
  const parts = version.split('.', 4).map((part) => Number.parseInt(part, 10) || 0);
  const against = reference.split('.').map(Number);
  for (let index = 0; index < Math.max(parts.length, against.length); index++) {
    const difference = (parts[index] ?? 0) - (against[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
