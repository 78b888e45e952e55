import { CASES } from './cases/index.js';
import { type BenchCase, type Cell, cellName, type Lab } from './cases/case.js';
import { Issuer } from './lab/issuer.js';
import { failedRound, isWrong, type Round } from './lab/round.js';
import { type BenchOptions, readOptions } from './options.js';
import { goalsTable } from './report/goals.js';
import { Results } from './report/results.js';
import { markdown } from './report/table.js';

/** Runs cases one after the other, and in each the rounds of all contenders in turn. True if all counts were right. */
async function main(options: BenchOptions): Promise<boolean> {
  const { quick, out, resume, cases, profiles } = options;
  const started = performance.now();
  const results = Results.open(out, quick, resume);
  let issuer: Promise<Issuer> | undefined;
  const lab: Lab = { profiles, issuer: () => (issuer ??= Issuer.start()) };
  const wanted = CASES.filter(({ id, inQuick }) =>
    cases.length > 0 ? cases.includes(id) : inQuick || !quick,
  );
  let right = true;
  for (const benchCase of wanted) right = (await runCase(benchCase, lab, options, results)) && right;
  (await issuer)?.close();
  console.log(`\n${markdown(CASES, results)}\n`);
  if (!quick) console.log(`${goalsTable(results)}\n`);
  const minutes = ((performance.now() - started) / 60_000).toFixed(1);
  console.log(
    `It took ${minutes} minutes, with what was resumed ${(results.seconds / 60).toFixed(1)}; ${out}`,
  );
  if (!right) console.log('FAILED: clients did not receive what they should have.');
  return right;
}

async function runCase(
  benchCase: BenchCase,
  lab: Lab,
  { quick, rounds, contenders }: BenchOptions,
  results: Results,
): Promise<boolean> {
  const { id, title } = benchCase;
  console.log(`(${id}) ${title}`);
  const cells = benchCase
    .cells({ quick })
    .filter(({ contender }) => contenders.length === 0 || contenders.includes(contender));
  let right = true;
  for (let round = 1; round <= rounds; round++) {
    for (const cell of cells) {
      const name = cellName(cell);
      if (results.rounds(id, name).length >= round) continue;
      const began = performance.now();
      const measured = await attempt(cell, lab);
      results.add(id, name, measured, (performance.now() - began) / 1e3);
      right &&= !isWrong(measured);
      console.log(`  ${round}/${rounds} ${name}: ${summary(measured)}`);
    }
  }
  return right;
}

async function attempt(cell: Cell, lab: Lab): Promise<Round> {
  try {
    return await cell.measure(lab);
  } catch (error) {
    return failedRound(error instanceof Error ? error.message : String(error));
  }
}

function summary({ metrics, missing, faults, failed }: Round): string {
  const numbers = Object.entries(metrics).map(([name, value]) => `${name} ${Number(value).toPrecision(4)}`);
  const counts = { missing, ...faults };
  const wrong = Object.entries(counts).flatMap(([what, count]) => (count > 0 ? `${count} ${what}` : []));
  return [...numbers, ...wrong, ...(failed === undefined ? [] : [failed])].join(', ');
}

try {
  process.exit((await main(readOptions(process.argv.slice(2)))) ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
