import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, platform, totalmem } from 'node:os';
import { CONTENDERS } from '../contenders/catalogue.js';
import type { Metrics, Round } from '../lab/round.js';
import { PINS } from '../processes/child.js';
import { type Spread, spreadOf } from './statistics.js';

/** Where and with what it was measured. */
interface Circumstances {
  readonly node: string;
  readonly machine: string;
  readonly pinned: boolean;
  readonly quick: boolean;
  readonly versions: Readonly<Record<string, string>>;
}

interface Stored extends Circumstances {
  /** Seconds that each case took. */
  readonly seconds: Record<string, number>;
  /** Rounds by case and cell. */
  readonly cases: Record<string, Record<string, Round[]>>;
}

/** Everything that was measured, on the disk after every round. */
export class Results {
  readonly #file: string;
  readonly #stored: Stored;

  private constructor(file: string, stored: Stored) {
    this.#file = file;
    this.#stored = stored;
  }

  /** Begins anew, or goes on. @throws Error if what is there was measured under other circumstances. */
  static open(file: string, quick: boolean, resume: boolean): Results {
    const here = circumstances(quick);
    if (!resume || !existsSync(file)) return new Results(file, { ...here, seconds: {}, cases: {} });
    const stored = JSON.parse(readFileSync(file, 'utf8')) as Stored;
    for (const what of ['node', 'machine', 'pinned', 'quick'] as const) {
      if (stored[what] === here[what]) continue;
      throw new Error(`${file} cannot be resumed: ${what} was ${stored[what]} and is ${here[what]}.`);
    }
    return new Results(file, stored);
  }

  get circumstances(): Circumstances {
    return this.#stored;
  }

  get seconds(): number {
    return Object.values(this.#stored.seconds).reduce((sum, seconds) => sum + seconds, 0);
  }

  rounds(caseId: string, cell: string): readonly Round[] {
    return this.#stored.cases[caseId]?.[cell] ?? [];
  }

  /** Names of the cells of a case that have rounds. */
  cells(caseId: string): readonly string[] {
    return Object.keys(this.#stored.cases[caseId] ?? {});
  }

  /** All rounds of a metric, if it was measured at all. */
  spread(caseId: string, cell: string, metric: keyof Metrics): Spread | undefined {
    return spreadOf(this.rounds(caseId, cell).flatMap(({ metrics }) => metrics[metric] ?? []));
  }

  add(caseId: string, cell: string, round: Round, seconds: number): void {
    const { cases, seconds: taken } = this.#stored;
    ((cases[caseId] ??= {})[cell] ??= []).push(round);
    taken[caseId] = (taken[caseId] ?? 0) + seconds;
    writeFileSync(this.#file, `${JSON.stringify(this.#stored, null, 2)}\n`);
  }
}

function circumstances(quick: boolean): Circumstances {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return {
    node: process.version,
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'processor'}, ${memory} GiB, ${platform()}`,
    pinned: PINS,
    quick,
    versions: Object.fromEntries(
      Object.entries(CONTENDERS).map(([name, { versionOf }]) => [name, versionOf()]),
    ),
  };
}
