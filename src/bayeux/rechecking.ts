import type { Core } from './core.js';
import { afterHook, isThenable } from './maybe-promise.js';
import type { Decision, MaybePromise } from './ports.js';
import type { Session } from './session.js';
import { leave } from './subscribing.js';

/**
 * Takes back the subscriptions that the principal of a session, as it is now, may not have any more: rules,
 * authorizers and guards are asked anew. All are decided side by side, so that slow authorizers take no longer together than one of
 * them may; where the answer is clear at once it holds at once.
 *
 * @returns the names of those that were taken back, in the order they were made.
 */
export function recheckSubscriptions(core: Core, session: Session): MaybePromise<readonly string[]> {
  const names = [...session.state.subscriptions];
  const removed = new Set<string>();
  const waiting: PromiseLike<void>[] = [];
  for (const name of names) {
    const settle = (stays: boolean): void => {
      // It may have left by itself meanwhile.
      if (stays || session.ended || !session.state.subscriptions.has(name)) return;
      leave(core, session, name);
      removed.add(name);
    };
    const decision = mayStay(core, session, name);
    if (isThenable(decision)) waiting.push(decision.then(settle));
    else settle(decision);
  }
  const result = (): readonly string[] => names.filter((name) => removed.has(name));
  return waiting.length === 0 ? result() : Promise.all(waiting).then(result);
}

/** Guards of the application have their say too, after rules and authorizers. */
function mayStay(core: Core, session: Session, name: string): MaybePromise<boolean> {
  const guarded = ({ allowed }: Decision): MaybePromise<boolean> =>
    allowed && passesGuards(core, session, name);
  const decision = core.decide('subscribe', session, name);
  return isThenable(decision) ? decision.then(guarded) : guarded(decision);
}

function passesGuards(core: Core, session: Session, name: string): MaybePromise<boolean> {
  const failed = (error: unknown): boolean => {
    core.logger.error(`A subscription to ${name} could not be judged anew, so it ends.`, error);
    return false;
  };
  return afterHook(
    core.scheduler,
    core.options.hookTimeout,
    `Judging a subscription to ${name}`,
    (expired) => core.services.resubscribe?.(session, name, expired),
    (refused) => !refused,
    failed,
  );
}
