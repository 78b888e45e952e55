import { AsyncResource } from 'node:async_hooks';

/** What the process had in its asynchronous context when it loaded this: nothing of any request. */
const ROOT = new AsyncResource('Comet', { requireManualDestroy: true });

/**
 * Runs `task` outside the asynchronous context of its caller. Timers and connections keep the context in which they
 * were made: one that serves many must not keep, or show to the others, the `AsyncLocalStorage` of the one who came
 * first.
 *
 * @internal
 */
export function inRootContext<T>(task: () => T): T {
  return ROOT.runInAsyncScope(task);
}
