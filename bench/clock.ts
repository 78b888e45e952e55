/** Microseconds, comparable between processes. */
export function now(): number {
  return OFFSET + performance.now() * 1e3;
}

/**
 * From the clock that is cheap to read, and begins with the process, to the one that all processes of a machine share.
 * They are read one after the other, and anything may come between: the pair that took the least time counts.
 */
const OFFSET = ((): number => {
  let offset = 0;
  let least = Infinity;
  for (let attempt = 0; attempt < 100; attempt++) {
    const before = performance.now();
    const shared = Number(process.hrtime.bigint()) / 1e3;
    const after = performance.now();
    if (after - before >= least) continue;
    least = after - before;
    offset = shared - ((before + after) / 2) * 1e3;
  }
  return offset;
})();
