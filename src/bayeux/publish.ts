import type { Core } from './core.js';
import { serialise } from './delivery.js';
import { BINARY_EXT, BinaryData, isMarkedBinary, readBinary } from './extensions/binary.js';
import { BayeuxErrors, denied } from './errors.js';
import type { Exchange, Replies } from './exchange.js';
import { failure, type Incoming, replyTo } from './incoming.js';
import { afterHook, isThenable, withTimeLimit } from './maybe-promise.js';
import { isJsonObject, type Reply } from './message.js';
import type { Decision, MaybePromise } from './ports.js';
import { passesListeners, send } from './sending.js';
import { detailsOf, type Failure, type PublishOutcome, type ServiceOutcome } from './service.js';
import type { Session } from './session.js';

/** A publish to a broadcast channel (Bayeux 1.0 §6.1). Answered once this node has delivered it. */
export function publish(
  core: Core,
  exchange: Exchange,
  message: Incoming,
  session: Session,
): MaybePromise<Replies> {
  const data = readData(core, message);
  if (!data.ok) return [failure(message, data.error)];
  const decision = core.decide('publish', session, message.channel);
  const decided = (settled: Decision): MaybePromise<Replies> => {
    if (!settled.allowed) return [failure(message, denied(settled.operation ?? 'publish', settled.why))];
    const then = (value: unknown): MaybePromise<Replies> =>
      listened(core, message, session, value, () => {
        exchange.defer();
        return conclude(core, message, session, value);
      });
    return core.services.judgesPublishes
      ? judged(core, message, session, data.value, then)
      : then(data.value);
  };
  return isThenable(decision) ? decision.then(decided) : decided(decision);
}

/** Goes on with what handlers of the application make of the data, unless they refuse it. */
function judged(
  core: Core,
  message: Incoming,
  session: Session,
  data: unknown,
  then: (data: unknown) => MaybePromise<Replies>,
): MaybePromise<Replies> {
  const { channel, id } = message;
  const failed = (error: unknown): Replies => {
    core.logger.error(`A publish on ${channel} could not be judged, so it is refused.`, error);
    return [failure(message, BayeuxErrors.publishFailed)];
  };
  const next = (outcome: PublishOutcome): MaybePromise<Replies> =>
    outcome.kind === 'passed' ? then(outcome.data) : [refusal(message, outcome.failure)];
  return afterHook<PublishOutcome, Replies>(
    core.scheduler,
    core.options.hookTimeout,
    `Judging a publish on ${channel}`,
    (expired) => core.services.publish?.({ session, channel, id, data }, expired) ?? { kind: 'passed', data },
    next,
    failed,
  );
}

/** The reply that says why the application refuses a message. */
function refusal(message: Incoming, why: Failure): Reply {
  return failure(message, why.error, detailsOf(why));
}

/** Goes on with `then`, unless somebody who listens to the channel has stopped the message. */
function listened(
  core: Core,
  message: Incoming,
  session: Session,
  data: unknown,
  then: () => MaybePromise<Replies>,
): MaybePromise<Replies> {
  const { channel } = message;
  const passes = passesListeners(core, session.principal.tenant, { channel, data }, session);
  const next = (passed: boolean | Failure): MaybePromise<Replies> => {
    if (passed === false) return [failure(message, BayeuxErrors.messageDeleted)];
    if (passed !== true) return [refusal(message, passed)];
    // A client that leaves meant what it said before; one that was sent away has no say any more.
    const sentAway = session.endedBy !== undefined && session.endedBy !== 'disconnect';
    return sentAway ? [failure(message, BayeuxErrors.sessionUnknown)] : then();
  };
  return isThenable(passes) ? passes.then(next) : next(passes);
}

type ReadData =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

function readData(core: Core, { body }: Incoming): ReadData {
  const value = body['data'];
  if (value === undefined) return { ok: false, error: BayeuxErrors.dataMissing };
  if (!core.options.binary || !isMarkedBinary(body)) return { ok: true, value };
  const binary = readBinary(value);
  return binary ? { ok: true, value: binary } : { ok: false, error: BayeuxErrors.binaryInvalid };
}

function conclude(core: Core, message: Incoming, session: Session, data: unknown): MaybePromise<Replies> {
  const failed = (error: unknown): Replies => {
    core.logger.error(`A message on ${message.channel} could not be published.`, error);
    return [failure(message, BayeuxErrors.publishFailed)];
  };
  const published = (): Replies => [replyTo(message, { successful: true })];
  try {
    const { tenant } = session.principal;
    const { channel } = message;
    const result = withTimeLimit(core.scheduler, core.options.hookTimeout, 'Publishing', () =>
      send(core, { tenant, channel, data, sender: session }),
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
export function callService(core: Core, message: Incoming, session: Session): MaybePromise<Replies> {
  const data = readData(core, message);
  if (!data.ok) return [failure(message, data.error)];
  const decision = core.decide('call', session, message.channel);
  const decided = (settled: Decision): MaybePromise<Replies> => {
    if (!settled.allowed) return [failure(message, denied('call', settled.why))];
    return listened(core, message, session, data.value, () => dispatch(core, message, session, data.value));
  };
  return isThenable(decision) ? decision.then(decided) : decided(decision);
}

function dispatch(core: Core, message: Incoming, session: Session, data: unknown): MaybePromise<Replies> {
  const answers: Reply[] = [];
  let over = false;
  const done = (outcome: ServiceOutcome): Replies => {
    switch (outcome.kind) {
      case 'done':
        if (answers.length === 0 && (core.options.answerVoid || isRemoteCall(message))) call.answer(null);
        over = true;
        return [...answers, replyTo(message, { successful: true })];
      case 'failed':
        over = true;
        return [...answers, refusal(message, outcome.failure)];
      case 'unknown':
        over = true;
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
    data,
    answer: (answer: unknown) => {
      // A reply is written later, where nobody could be told that it cannot be.
      serialise(answer);
      if (over) {
        core.logger.warn(
          `An answer of ${message.channel} came after its handler had returned, and is lost: ` +
            'return a promise that settles after the last answer.',
        );
        return;
      }
      const ext = core.options.binary && answer instanceof BinaryData ? { ext: BINARY_EXT } : {};
      answers.push(replyTo(message, { data: answer, successful: true, ...ext }));
    },
  };
  try {
    const outcome = withTimeLimit(
      core.scheduler,
      core.options.maxProcessing,
      `The service ${message.channel}`,
      (expired) => core.services.call(call, expired),
    );
    return isThenable(outcome) ? outcome.then(done, failed) : done(outcome);
  } catch (error) {
    return failed(error);
  }
}

/** Whether a client waits for an answer, and says so: a handler without a result then answers `null`. */
function isRemoteCall({ body }: Incoming): boolean {
  return isJsonObject(body['ext']) && body['ext']['call'] === true;
}
