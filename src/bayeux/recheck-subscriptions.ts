import type { Core } from './core.js';
import { isThenable } from './maybe-promise.js';
import type { Decision, MaybePromise } from './ports.js';
import type { Session } from './session.js';
import { leave } from './subscribing.js';

/**
 * Decides anew about every subscription of a session, as its principal may do less than before, and takes back those
 * that are denied.
 *
 * @returns the names of those.
 */
export function recheckSubscriptions(core: Core, session: Session): MaybePromise<readonly string[]> {
  const names = [...session.state.subscriptions];
  const decisions = names.map((name) => core.decide('subscribe', session, name));
  const settle = (settled: readonly Decision[]): readonly string[] => {
    const denied = names.filter(
      // It may have been unsubscribed meanwhile.
      (name, index) => settled[index]?.allowed !== true && session.state.subscriptions.has(name),
    );
    for (const name of denied) leave(core, session, name);
    return denied;
  };
  if (!decisions.some(isThenable)) return settle(decisions as Decision[]);
  return Promise.all(decisions.map((decision) => Promise.resolve(decision))).then(settle);
}
