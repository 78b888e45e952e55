import { isMeta, isService, isSubscription } from '../channel.js';
import type { Core } from '../core.js';
import { plainName } from '../dialect.js';
import { BayeuxErrors, denied } from '../errors.js';
import type { Exchange, Replies } from '../exchange.js';
import { echoSubscription, failure, type Incoming, replyTo } from '../incoming.js';
import { isThenable } from '../maybe-promise.js';
import type { Decision, MaybePromise } from '../ports.js';
import type { Session } from '../session.js';
import { enter, forget } from '../subscribing.js';

/**
 * The subscriptions a message names, each once, or the error it deserves. An empty list is as good as none. Each name
 * costs a decision, so that those of a request are counted.
 */
export function readSubscriptions(
  { options }: Core,
  exchange: Exchange,
  message: Incoming,
): readonly string[] | string {
  const value = message.body['subscription'];
  const written: readonly unknown[] = Array.isArray(value) ? value : [value];
  exchange.names += written.length;
  if (exchange.names > options.maxNames) return BayeuxErrors.tooManyNames;
  const names = written.map((name) => plainName(name, message.dialect));
  if (value === undefined || names.length === 0) return BayeuxErrors.subscriptionMissing;
  return names.every((name) => isSubscription(name, options.channel))
    ? [...new Set(names)]
    : BayeuxErrors.subscriptionInvalid;
}

/**
 * `/meta/subscribe` (Bayeux 1.0 §5.3). An array is all or nothing: a client that is told "no" holds none of it.
 */
export function subscribe(
  core: Core,
  exchange: Exchange,
  message: Incoming,
  session: Session,
): MaybePromise<Replies> {
  const names = readSubscriptions(core, exchange, message);
  if (typeof names === 'string') return [failure(message, names)];
  if (names.some(isMeta)) return [failure(message, denied('subscribe', 'denied_by_security_policy'))];
  // Services answer whom they like; subscribing to one is a habit of some clients and leaves nothing behind.
  const channels = names.filter((name) => !isService(name));

  const { subscriptions } = session.state;
  const added = channels.filter((name) => !subscriptions.has(name)).length;
  if (subscriptions.size + added > core.options.maxSubscriptions) {
    return [failure(message, BayeuxErrors.tooManySubscriptions)];
  }

  const decision = decideFor(core, session, channels);
  return isThenable(decision)
    ? decision.then((settled) => conclude(core, message, session, channels, settled))
    : conclude(core, message, session, channels, decision);
}

function conclude(
  core: Core,
  message: Incoming,
  session: Session,
  channels: readonly string[],
  decision: Decision,
): Replies {
  const refused = (error: string): Replies => {
    for (const channel of channels) forget(core, session.principal.tenant, channel);
    return [failure(message, error)];
  };
  if (!decision.allowed) return refused(denied(decision.operation ?? 'subscribe', decision.why));
  if (session.endedBy) return refused(BayeuxErrors.subscribeFailed);
  for (const channel of channels) {
    enter(core, session, channel);
    // A listener may have ended it: what is entered now nobody would take back.
    if (session.ended) return refused(BayeuxErrors.subscribeFailed);
  }
  return [replyTo(message, { ...echoSubscription(message), successful: true })];
}

/** What was decided for a principal that the session has no more, because its token was renewed meanwhile, is no yes. */
function decideFor(core: Core, session: Session, channels: readonly string[]): MaybePromise<Decision> {
  const { principal } = session;
  const decision = decideAll(core, session, channels);
  if (!isThenable(decision)) return decision;
  return decision.then((settled) =>
    settled.allowed && session.principal !== principal ? decideFor(core, session, channels) : settled,
  );
}

function decideAll(
  core: Core,
  session: Session,
  channels: readonly string[],
  from = 0,
): MaybePromise<Decision> {
  for (let index = from; index < channels.length; index++) {
    const decision = core.decide('subscribe', session, channels[index] as string);
    if (isThenable(decision)) {
      return decision.then((settled) =>
        settled.allowed ? decideAll(core, session, channels, index + 1) : settled,
      );
    }
    if (!decision.allowed) return decision;
  }
  return { allowed: true };
}
