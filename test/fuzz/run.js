// The long fuzz run: FUZZ_RUNS bodies and frames (100,000 unless given), spoiled in the ways of FUZZ_SEED (a new one
// unless given). It is a script of Node, as there is no one way to set variables in every shell.
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';

const runs = process.env.FUZZ_RUNS ?? '100000';
const seed = process.env.FUZZ_SEED ?? String(randomInt(2 ** 31));
const root = fileURLToPath(new URL('../..', import.meta.url));
const jest = fileURLToPath(new URL('../../node_modules/jest/bin/jest.js', import.meta.url));

console.log(`FUZZ_RUNS=${runs} FUZZ_SEED=${seed}`);
const child = spawn(
  process.execPath,
  ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest]
    // Jest takes patterns of paths, in which Windows has other slashes.
    .concat(['--selectProjects', 'node', '--runInBand', '--testPathPatterns', 'test[\\\\/]fuzz'])
    .concat(process.argv.slice(2)),
  { cwd: root, stdio: 'inherit', env: { ...process.env, FUZZ_RUNS: runs, FUZZ_SEED: seed } },
);
child.once('exit', (code) => {
  console.log(
    `To repeat this run, set FUZZ_RUNS=${runs} and FUZZ_SEED=${seed} in the environment of \`npm run fuzz\`.`,
  );
  process.exit(code ?? 1);
});
