import { parseArgs } from 'node:util';
import { CONTENDERS, type ContenderName, isContender } from './contenders/catalogue.js';
import { CASES } from './cases/index.js';

/** What a run is asked for. */
export interface BenchOptions {
  readonly quick: boolean;
  readonly rounds: number;
  /** Ids of cases; all if none is named. */
  readonly cases: readonly string[];
  /** Contenders; all if none is named. */
  readonly contenders: readonly ContenderName[];
  /** Whether to go on with what stands in `out`. */
  readonly resume: boolean;
  /** Where results go, as JSON. */
  readonly out: string;
  /** Where CPU profiles of the servers go, if anywhere. */
  readonly profiles: string | undefined;
}

const ROUNDS = '5';

/** Reads the command line. @throws Error that says what is wrong with it. */
export function readOptions(args: string[]): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      case: { type: 'string', multiple: true, default: [] },
      contender: { type: 'string', multiple: true, default: [] },
      resume: { type: 'boolean', default: false },
      out: { type: 'string', default: 'bench-result.json' },
      profiles: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? '1' : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds has to be a whole number above 0.');
  const known = CASES.map(({ id }) => id);
  for (const id of values.case) {
    if (!known.includes(id)) throw new Error(`--case has to be one of ${known.join(', ')}, not ${id}.`);
  }
  const contenders = values.contender.map((name) => {
    if (isContender(name)) return name;
    throw new Error(`--contender has to be one of ${Object.keys(CONTENDERS).join(', ')}, not ${name}.`);
  });
  const { quick, case: cases, resume, out, profiles } = values;
  return { quick, rounds, cases, contenders, resume, out, profiles };
}
