import { writeFileSync } from 'node:fs';
import { failuresOf, heapSlope, json, markdown, slopeText } from './run/report.js';
import { ServerProcess } from './run/server.process.js';
import { soak } from './run/soak.run.js';
import { readOptions, type SoakOptions } from './run/soak.options.js';

/** Runs the load in this process and the server in another; true if all is well. */
async function main(options: SoakOptions): Promise<boolean> {
  const { clients, minutes, seed, out } = options;
  console.log(`${clients} clients for ${minutes} minutes, --seed ${seed}`);
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort();
  });
  const { process: server, url } = await ServerProcess.start();
  try {
    const result = await soak(server, url, options, interrupted.signal);
    writeFileSync(out, `${json(result)}\n`);
    console.log(`\n${markdown(result)}\n`);
    const failures = failuresOf(result);
    for (const failure of failures) console.log(failure);
    const verdict = failures.length === 0 ? 'PASSED' : `FAILED (repeat with --seed ${seed})`;
    console.log(`${verdict}; the heap grew by ${slopeText(heapSlope(result))}`);
    return failures.length === 0;
  } finally {
    server.kill();
  }
}

try {
  // What the load has left open itself must not keep the process.
  process.exit((await main(readOptions(process.argv.slice(2)))) ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
