import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/** Milliseconds within which everything happens on a machine that is busy elsewhere; reached only by a test that fails. */
export const PATIENCE = 30_000;

/** Waits for a condition. @throws Error if it does not come true within `limit` milliseconds. */
export async function until(what: string, condition: () => boolean, limit = PATIENCE): Promise<void> {
  const end = performance.now() + limit;
  for (let look = 0; !condition(); look++) {
    if (performance.now() > end) throw new Error(`Waited ${limit} ms in vain for ${what}.`);
    await (look < 100 ? nextTurn() : pause(2));
  }
}

/** Waits for a promise. @throws Error if it is not settled within `limit` milliseconds. */
export async function within<T>(what: string, promise: Promise<T>, limit = PATIENCE): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`Waited ${limit} ms in vain for ${what}.`));
    }, limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
