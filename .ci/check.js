// The minute in between: types, and of what has changed against main the lint and the tests that depend on it.
// `npm test` is for everything. Another base than main: `npm run check -- BASE`.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** What a command of git prints; undefined if it fails. */
function git(...args) {
  const { status, stdout } = spawnSync('git', args, { encoding: 'utf8' });
  return status === 0 ? stdout.split('\n').filter(Boolean) : undefined;
}

/** Runs a tool of the project, and ends with its code if it fails. */
function run(name, bin, ...args) {
  if (name) console.log(`\n== ${name}`);
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const { status } = spawnSync(process.execPath, [...flags, require.resolve(bin), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

// A clone may have no main of its own. Without any base there is only what is not committed yet.
const names = [process.argv[2] ?? 'main', 'origin/main', 'origin/HEAD'];
const base = names.map((name) => git('merge-base', name, 'HEAD')?.[0]).find(Boolean) ?? 'HEAD';
const changed = [
  ...(git('diff', '--name-only', '--diff-filter=d', base) ?? []),
  ...(git('ls-files', '--others', '--exclude-standard') ?? []),
];
console.log(`against ${base.slice(0, 12)}: ${changed.length} files`);

const tsc = '../node_modules/typescript/bin/tsc';
run('types', tsc, '--noEmit', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/check.tsbuildinfo');
run('', tsc, '--noEmit', '-p', 'src/client');
if (changed.length > 0) {
  const code = changed.filter((file) => /\.[jt]s$/.test(file));
  if (code.length > 0) run('lint', '../node_modules/eslint/bin/eslint.js', '--no-warn-ignored', ...code);
  run('', '../node_modules/prettier/bin/prettier.cjs', '--check', '--ignore-unknown', ...changed);
  const jest = ['../node_modules/jest/bin/jest.js', '--selectProjects', 'node'];
  run('tests', ...jest, `--changedSince=${base}`, '--passWithNoTests');
  // These read files, which no import tells.
  run('', ...jest, 'test/docs');
}
