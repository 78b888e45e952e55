import type { Measurement } from '../control.js';
import type { Condition, SiegeOptions, SiegeResult } from './siege.run.js';

const MIB = 1024 * 1024;
/** What may be left of a siege: descriptors, and bytes of the heap for compiled code, caches and what expires later. */
const DESCRIPTORS_LEFT = 30;
const HEAP_LEFT = 96 * MIB;
/** Milliseconds of 99 of 100 calls. */
const P99 = 2_500;
/** Milliseconds of CPU for which one turn of the event loop keeps all others waiting. */
const TURN = 1_000;

/** The promises that were broken; empty if there are none. */
export function failuresOf(
  { conditions, losses, attackersAlive }: SiegeResult,
  options: SiegeOptions,
): string[] {
  const { violations } = losses.tally;
  const { p99 } = losses.latency;
  return [
    ...conditions.flatMap((condition) => failuresOfProcess(condition, options)),
    ...Object.entries(violations).map(([kind, count]) => `${count} × ${kind}`),
    ...(losses.tally.of('calls answered') === 0 ? ['no call of a regular client was answered'] : []),
    ...(p99 > P99 * (options.patience / 5) ? [`p99 of the calls is ${p99.toFixed(0)} ms`] : []),
    ...(attackersAlive ? [] : ['the attackers ended themselves, so that nothing is shown']),
  ];
}

function failuresOfProcess(condition: Condition, { patience }: SiegeOptions): string[] {
  const { name, end, before, after, most, served, output, faults } = condition;
  if (end !== undefined) return [`${name} ${end}:\n${output}`];
  if (!before || !after) return [`${name} does not answer`];
  return [
    ...(served === undefined ? [`${name} does not serve within ${patience} s after the crowd`] : []),
    ...(after.descriptors > before.descriptors + DESCRIPTORS_LEFT
      ? [`${name} keeps ${after.descriptors - before.descriptors} descriptors`]
      : []),
    ...(after.heap > before.heap + HEAP_LEFT ? [`${name} keeps ${mib(after.heap - before.heap)}`] : []),
    ...(most.turn > TURN ? [`${name} was busy for ${most.turn.toFixed(0)} ms in one turn`] : []),
    ...(faults.length > 0 ? [`${name} logs faults:\n${faults.join('\n')}\n${output}`] : []),
  ];
}

/** Everything as a table in Markdown. */
export function markdown({ conditions, losses, attackers }: SiegeResult): string {
  const { tally, latency, excused } = losses;
  const connections = Object.values(attackers.attacks).reduce((sum, count) => sum + count, 0);
  const rows: string[][] = [
    ['what', ...conditions.map(({ name }) => name)],
    ['---', ...conditions.map(() => '---')],
    ['alive', ...conditions.map(({ end }) => end ?? 'yes')],
    ...(['descriptors', 'heap', 'rss'] as const).map((what) => [
      `${what} before / at most / after`,
      ...conditions.map(({ before, most, after }) =>
        [before, most, after].map((measured) => shown(what, measured)).join(' / '),
      ),
    ]),
    ['longest turn of the event loop', ...conditions.map(({ most }) => `${most.turn.toFixed(0)} ms of CPU`)],
    [
      'served after the crowd',
      ...conditions.map(({ served }) => (served === undefined ? 'no' : `${served.toFixed(0)} ms`)),
    ],
    ['lines in the log', ...conditions.map(({ lines }) => String(lines))],
  ];
  return [
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    `regular clients: ${tally.of('sessions begun')} sessions, ${tally.of('calls answered')} calls, ` +
      `${tally.violated} losses, ${excused} connections broken by the crowd; ` +
      `p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms, slowest ${latency.slowest.toFixed(0)} ms`,
    `attackers: ${connections} connections, ${attackers.most} at a time at most`,
    Object.entries(attackers.attacks)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
  ].join('\n');
}

function shown(what: 'descriptors' | 'heap' | 'rss', measured: Measurement | undefined): string {
  if (!measured) return '–';
  return what === 'descriptors' ? String(measured.descriptors) : mib(measured[what]);
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(0)} MiB`;
}
