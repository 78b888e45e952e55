import type { Core } from './core.js';
import { Delivery, serialise } from './delivery.js';
import { BayeuxErrors, denied } from './errors.js';
import type { Exchange, Replies } from './exchange.js';
import { failure, type Incoming, replyTo } from './incoming.js';
import { isThenable, withTimeLimit } from './maybe-promise.js';
import type { Reply } from './message.js';
import type { Decision, MaybePromise } from './ports.js';
import type { ServiceOutcome } from './service.js';
import type { Session } from './session.js';

/** A publish to a broadcast channel (Bayeux 1.0 §6.1). Answered once this node has delivered it. */
export function publish(core: Core, message: Incoming, session: Session): MaybePromise<Replies> {
  if (message.body['data'] === undefined) return [failure(message, BayeuxErrors.dataMissing)];
  const decision = core.decide('publish', session.principal, message.channel);
  return isThenable(decision)
    ? decision.then((settled) => conclude(core, message, session, settled))
    : conclude(core, message, session, decision);
}

function conclude(
  core: Core,
  message: Incoming,
  session: Session,
  decision: Decision,
): MaybePromise<Replies> {
  if (!decision.allowed) return [failure(message, denied('publish', decision.why))];
  const failed = (error: unknown): Replies => {
    core.logger.error(`A message on ${message.channel} could not be published.`, error);
    return [failure(message, BayeuxErrors.publishFailed)];
  };
  const published = (): Replies => [replyTo(message, { successful: true })];
  try {
    const { tenant } = session.principal;
    const result = withTimeLimit(core.scheduler, core.options.hookTimeout, 'Publishing', () =>
      core.engine.publish({
        to: 'channel',
        tenant,
        delivery: new Delivery(message.channel, message.body['data']),
      }),
    );
    return isThenable(result) ? result.then(published, failed) : published();
  } catch (error) {
    return failed(error);
  }
}

/**
 * A message to a service (Bayeux 1.0 §6.2): handlers answer, and no other client hears of it. The answers precede
 * the ordinary reply and carry the request's id, as remote calls expect.
 */
export function callService(
  core: Core,
  exchange: Exchange,
  message: Incoming,
  session: Session,
): MaybePromise<Replies> {
  if (message.body['data'] === undefined) return [failure(message, BayeuxErrors.dataMissing)];
  const decision = core.decide('call', session.principal, message.channel);
  if (isThenable(decision)) {
    exchange.slowHandler();
    return decision.then((settled) => dispatch(core, exchange, message, session, settled));
  }
  return dispatch(core, exchange, message, session, decision);
}

function dispatch(
  core: Core,
  exchange: Exchange,
  message: Incoming,
  session: Session,
  decision: Decision,
): MaybePromise<Replies> {
  if (!decision.allowed) return [failure(message, denied('call', decision.why))];
  const answers: Reply[] = [];
  let over = false;
  const done = (outcome: ServiceOutcome): Replies => {
    over = true;
    switch (outcome.kind) {
      case 'done':
        return [...answers, replyTo(message, { successful: true })];
      case 'failed':
        return [...answers, failure(message, outcome.error)];
      case 'unknown':
        return [failure(message, BayeuxErrors.serviceUnknown)];
    }
  };
  const failed = (error: unknown): Replies => {
    over = true;
    core.logger.error(`The service ${message.channel} failed.`, error);
    return [...answers, failure(message, BayeuxErrors.serviceFailed)];
  };
  const call = {
    session,
    channel: message.channel,
    id: message.id,
    data: message.body['data'],
    answer: (data: unknown) => {
      // A reply is written later, where nobody could be told that it cannot be.
      serialise(data);
      if (over) {
        core.logger.warn(
          `An answer of ${message.channel} came after its handler had returned, and is lost: ` +
            'return a promise that settles after the last answer.',
        );
        return;
      }
      answers.push(replyTo(message, { data, successful: true }));
    },
  };
  try {
    const outcome = withTimeLimit(
      core.scheduler,
      core.options.maxProcessing,
      `The service ${message.channel}`,
      () => core.services.call(call),
    );
    if (!isThenable(outcome)) return done(outcome);
    exchange.slowHandler();
    return outcome.then(done, failed);
  } catch (error) {
    return failed(error);
  }
}
