import { createServer } from 'node:net';
import { parseArgs } from 'node:util';
import { ATTACKERS } from './control.js';
import { failuresOf, markdown } from './run/report.js';
import { siege, type SiegeOptions } from './run/siege.run.js';

/** Reads the command line. @throws Error that says what is wrong with it. */
function readOptions(args: string[]): SiegeOptions {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      seconds: { type: 'string', default: '120' },
      crowd: { type: 'string', default: '10' },
      rest: { type: 'string', default: '60' },
      patience: { type: 'string', default: '5' },
    },
  });
  const number = (name: keyof typeof values): number => {
    const value = Number(values[name]);
    if (!(value >= 0 && value <= 2 ** 31))
      throw new Error(`--${name} has to be a number, not ${values[name]}.`);
    return value;
  };
  return {
    seed: number('seed'),
    seconds: number('seconds'),
    crowd: number('crowd'),
    rest: number('rest'),
    patience: number('patience'),
  };
}

async function main(options: SiegeOptions): Promise<boolean> {
  console.log(`--seed ${options.seed}`);
  const result = await siege(options, (text) => {
    console.log(`${process.uptime().toFixed(1)} s: ${text}`);
  });
  console.log(`\n${markdown(result)}\n`);
  const failures = failuresOf(result, options);
  for (const failure of failures) console.log(failure);
  console.log(failures.length === 0 ? 'HELD' : `FELL (repeat with --seed ${options.seed})`);
  return failures.length === 0;
}

/** Whether this machine has the addresses that attackers come from, as Linux does; elsewhere they have to be added. */
function hasAddresses(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(0, ATTACKERS.at(-1), () => server.close(() => resolve(true)));
  });
}

if (process.platform === 'win32') {
  console.error('The siege needs ulimit, which only POSIX systems have: nothing was run.');
  process.exit(1);
}
if (!(await hasAddresses())) {
  console.error(`The siege needs the addresses ${ATTACKERS.join(', ')} on this machine: nothing was run.`);
  process.exit(1);
}
try {
  process.exit((await main(readOptions(process.argv.slice(2)))) ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
