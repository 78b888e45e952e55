import type { Deadline, MaybePromise, Scheduler } from './ports.js';

/** Tells a promise from a value without allocating one. */
export function isThenable<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** A promise where none is taken: nobody hears it, and one that rejects must not end the process. */
export function leaveUnheard(answer: unknown): void {
  if (isThenable(answer)) answer.then(undefined, () => undefined);
}

/** Runs `task`, and `then` once it is through or has failed. */
export function afterwards<T>(task: () => MaybePromise<T>, then: () => void): MaybePromise<T> {
  let result: MaybePromise<T>;
  try {
    result = task();
  } catch (error) {
    then();
    throw error;
  }
  if (isThenable(result)) result.then(then, then);
  else then();
  return result;
}

/** A hook of the application that took longer than it may. */
export class TimeLimitError extends Error {
  constructor(what: string, milliseconds: number) {
    super(`${what} took more than ${milliseconds} ms.`);
    this.name = 'TimeLimitError';
  }
}

/**
 * Calls `hook`, with a question whether its time is over, and waits for its answer no longer than `milliseconds`. A synchronous answer or exception passes
 * through as it is; only a promise costs a deadline.
 *
 * @throws TimeLimitError as a rejection, if the promise is not settled in time.
 */
export function withTimeLimit<T>(
  scheduler: Scheduler,
  milliseconds: number,
  what: string,
  hook: (expired: () => boolean) => MaybePromise<T>,
): MaybePromise<T> {
  let over = false;
  const answer = hook(() => over);
  if (!isThenable(answer)) return answer;
  let deadline: Deadline | undefined;
  const limit = new Promise<never>((_, reject) => {
    deadline = scheduler.deadline(() => {
      over = true;
      reject(new TimeLimitError(what, milliseconds));
    });
    deadline.moveTo(scheduler.now() + milliseconds);
  });
  return Promise.race([answer, limit]).finally(() => deadline?.cancel());
}

/**
 * The same, and goes on with the answer, or with what went wrong where there is none. What comes after has failures of its
 * own.
 */
export function afterHook<T, R>(
  scheduler: Scheduler,
  milliseconds: number,
  what: string,
  hook: (expired: () => boolean) => MaybePromise<T>,
  next: (answer: T) => MaybePromise<R>,
  failed: (error: unknown) => R,
): MaybePromise<R> {
  let answer: MaybePromise<T>;
  try {
    answer = withTimeLimit(scheduler, milliseconds, what, hook);
  } catch (error) {
    return failed(error);
  }
  return isThenable(answer) ? answer.then(next, failed) : next(answer);
}
