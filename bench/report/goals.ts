import { isWrong, type Metrics } from '../lab/round.js';
import type { Results } from './results.js';

/** What must be reached; `undefined` where it was not measured. */
interface Goal {
  readonly caseId: string;
  readonly what: string;
  readonly bound: string;
  /** The value that counts, and whether it is good enough. */
  readonly reached: (results: Results) => { readonly value: number; readonly met: boolean } | undefined;
}

/** Ours divided by another contender, which must not be more than `most`. */
function ratio(
  caseId: string,
  what: string,
  metric: keyof Metrics,
  most: number,
  other: string,
  ours = 'ours',
): Goal {
  return {
    caseId,
    what,
    bound: `≤ ${most} × ${other}`,
    reached: (results) => {
      const mine = results.spread(caseId, ours, metric)?.median;
      const theirs = results.spread(caseId, other, metric)?.median;
      if (mine === undefined || theirs === undefined) return undefined;
      return { value: mine / theirs, met: mine <= most * theirs };
    },
  };
}

const CPU = 'server CPU per delivery';

const GOALS: readonly Goal[] = [
  ...['a', 'a-5000'].flatMap((id) => [
    ratio(id, CPU, 'cpuMicros', 1.1, 'floor'),
    ratio(id, CPU, 'cpuMicros', 1.6, 'uws'),
    ratio(id, CPU, 'cpuMicros', 0.75, 'socket.io'),
    ratio(id, CPU, 'cpuMicros', 0.45, 'faye'),
  ]),
  ratio('b', CPU, 'cpuMicros', 1.5, 'uws'),
  ratio('b', CPU, 'cpuMicros', 0.25, 'socket.io'),
  ...['a', 'b'].flatMap((id) => [
    ratio(id, `${CPU}, long-polling`, 'cpuMicros', 1.3, 'http-polling', 'ours-polling'),
    ratio(id, `${CPU}, long-polling`, 'cpuMicros', 0.6, 'cometd-polling', 'ours-polling'),
  ]),
  {
    caseId: 'c',
    what: 'deliveries/s at saturation',
    bound: '≥ 3 × faye',
    reached: (results) => {
      const ours = results.spread('c', 'ours', 'saturation')?.median;
      const faye = results.spread('c', 'faye', 'saturation')?.median;
      if (ours === undefined || faye === undefined) return undefined;
      return { value: ours / faye, met: ours >= 3 * faye };
    },
  },
  ratio('c', 'p99', 'p99', 1, 'faye'),
  ratio('d', CPU, 'cpuMicros', 1.3, 'ws'),
  ratio(
    'e',
    `${CPU}, by the number of channels`,
    'cpuMicros',
    1.1,
    'ours, 100 channels',
    'ours, 10000 channels',
  ),
  ...(['heapBytes', 'rssBytes'] as const).map((metric): Goal => ({
    caseId: 'f',
    what: `${metric === 'heapBytes' ? 'heap' : 'RSS'} of an idle session, in KiB above ws`,
    bound: '≤ 3 KiB',
    reached: (results) => {
      const ours = results.spread('f', 'ours', metric)?.median;
      const ws = results.spread('f', 'ws', metric)?.median;
      if (ours === undefined || ws === undefined) return undefined;
      return { value: (ours - ws) / 1024, met: ours - ws <= 3 * 1024 };
    },
  })),
  {
    caseId: 'g',
    what: 'server CPU per authenticated handshake',
    bound: '≤ 1.25 × (ws upgrade + jose verification)',
    reached: (results) => {
      const [ours, ws, jose] = ['ours', 'ws', 'jose'].map(
        (cell) => results.spread('g', cell, 'handshakeMicros')?.median,
      );
      if (ours === undefined || ws === undefined || jose === undefined) return undefined;
      return { value: ours / (ws + jose), met: ours <= 1.25 * (ws + jose) };
    },
  },
  ratio('h', 'p99 of those who read', 'p99', 1.2, 'ours, all read', 'ours, one in a hundred does not read'),
  {
    caseId: 'h',
    what: 'sessions ended of those that did not read',
    bound: 'all 2',
    reached: (results) => {
      const ended = results.spread('h', 'ours, one in a hundred does not read', 'ended');
      return ended && { value: ended.min, met: ended.min === 2 && ended.max === 2 };
    },
  },
  {
    caseId: 'h',
    what: 'MiB by which the server grew at most',
    bound: '≤ 64 MiB',
    reached: (results) => {
      const growth = results.spread('h', 'ours, one in a hundred does not read', 'growthMiB');
      return growth && { value: growth.max, met: growth.max <= 64 };
    },
  },
];

/** What was to be shown, and whether it was, as a table in Markdown. */
export function goalsTable(results: Results): string {
  const measured = GOALS.filter(({ caseId }) => results.cells(caseId).length > 0);
  const rows = measured.map(({ caseId, what, bound, reached }) => {
    const outcome = reached(results);
    const verdict = outcome?.met ? 'met' : '**missed**';
    // A median over rounds in which messages were lost says nothing.
    const wrong = results.cells(caseId).some((cell) => results.rounds(caseId, cell).some(isWrong));
    const cells = outcome
      ? [outcome.value.toFixed(2), wrong ? `${verdict}, but with wrong counts` : verdict]
      : ['–', 'not measured'];
    return `| ${[caseId, what, bound, ...cells].join(' | ')} |`;
  });
  return ['| case | what | goal | reached | |', '| --- | --- | --- | --- | --- |', ...rows].join('\n');
}
