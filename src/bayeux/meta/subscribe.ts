import { isMeta, isService, isSubscription } from '../channel.js';
import type { Core } from '../core.js';
import { plainName } from '../dialect.js';
import { BayeuxErrors, denied } from '../errors.js';
import type { Exchange, Replies } from '../exchange.js';
import { echoSubscription, failure, type Incoming, replyTo } from '../incoming.js';
import { afterHook, isThenable } from '../maybe-promise.js';
import type { Reply } from '../message.js';
import type { Decision, MaybePromise } from '../ports.js';
import { detailsOf, type Failure } from '../service.js';
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

  const decision = decideFor(core, message, session, channels);
  return isThenable(decision)
    ? decision.then((settled) => conclude(core, message, session, channels, settled))
    : conclude(core, message, session, channels, decision);
}

/** Yes, or no with the reply's error: rules and authorizers give a reason, handlers of the application words of their own. */
type Verdict = Decision | { readonly allowed: false; readonly failure: Failure };

function conclude(
  core: Core,
  message: Incoming,
  session: Session,
  channels: readonly string[],
  decision: Verdict,
): Replies {
  const refused = (error: string, rest: Reply = {}): Replies => {
    for (const channel of channels) forget(core, session.principal.tenant, channel);
    return [failure(message, error, rest)];
  };
  if (!decision.allowed) {
    return 'failure' in decision
      ? refused(decision.failure.error, detailsOf(decision.failure))
      : refused(denied(decision.operation ?? 'subscribe', decision.why));
  }
  if (session.endedBy) return refused(BayeuxErrors.subscribeFailed);
  for (const channel of channels) {
    enter(core, session, channel);
    // A listener may have ended it: what is entered now nobody would take back.
    if (session.ended) return refused(BayeuxErrors.subscribeFailed);
  }
  return [replyTo(message, { ...echoSubscription(message), successful: true })];
}

/** What was decided for a principal that the session has no more, because its token was renewed meanwhile, is no yes. */
function decideFor(
  core: Core,
  message: Incoming,
  session: Session,
  channels: readonly string[],
): MaybePromise<Verdict> {
  const { principal } = session;
  const decision = decideAll(core, message, session, channels);
  if (!isThenable(decision)) return decision;
  return decision.then((settled) =>
    settled.allowed && session.principal !== principal
      ? decideFor(core, message, session, channels)
      : settled,
  );
}

function decideAll(
  core: Core,
  message: Incoming,
  session: Session,
  channels: readonly string[],
  from = 0,
): MaybePromise<Verdict> {
  for (let index = from; index < channels.length; index++) {
    const decision = decideOne(core, message, session, channels[index] as string);
    if (isThenable(decision)) {
      return decision.then((settled) =>
        settled.allowed ? decideAll(core, message, session, channels, index + 1) : settled,
      );
    }
    if (!decision.allowed) return decision;
  }
  return { allowed: true };
}

/** Rules and authorizers come first, so that handlers hear only of what is permitted. */
function decideOne(core: Core, message: Incoming, session: Session, channel: string): MaybePromise<Verdict> {
  const decision = core.decide('subscribe', session, channel);
  const next = (settled: Decision): MaybePromise<Verdict> =>
    settled.allowed ? judge(core, message, session, channel) : settled;
  return isThenable(decision) ? decision.then(next) : next(decision);
}

function judge(core: Core, { id }: Incoming, session: Session, channel: string): MaybePromise<Verdict> {
  const verdict = (refused: Failure | undefined): Verdict =>
    refused ? { allowed: false, failure: refused } : { allowed: true };
  const failed = (error: unknown): Verdict => {
    core.logger.error(`A subscription to ${channel} could not be judged, so it is refused.`, error);
    return verdict({ error: BayeuxErrors.subscribeFailed });
  };
  return afterHook(
    core.scheduler,
    core.options.hookTimeout,
    `Judging a subscription to ${channel}`,
    (expired) => core.services.subscribe?.({ session, channel, id }, expired),
    verdict,
    failed,
  );
}
