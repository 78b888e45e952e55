import { cpus } from 'node:os';
import { isEmpty } from '../control.js';
import type { Tally } from '../load/tally.js';
import { type Slope, slopeOf } from './slope.js';
import type { SoakResult, TimedSample } from './soak.run.js';

const MIB = 1024 * 1024;

/** One line of what is going on. */
export function progressLine(sample: TimedSample, tally: Tally): string {
  const { counts, delay } = sample;
  return [
    `${sample.minute.toFixed(2)} min`,
    `clients ${sample.clients}`,
    `sessions ${counts.sessions}`,
    `sockets ${counts.sockets}`,
    `channels ${counts.channels}`,
    `deadlines ${counts.deadlines}`,
    `heap ${mib(sample.heapUsed)}`,
    `rss ${mib(sample.rss)}`,
    `external ${mib(sample.external)}`,
    `delay p99 ${delay.p99.toFixed(0)} max ${delay.max.toFixed(0)} ms`,
    `cpu ${sample.cpu.toFixed(1)} s`,
    `received ${tally.of('messages received')}`,
    `violations ${tally.violated}`,
  ].join(' | ');
}

/** The measurements after the warm-up: the first sixth, in which everything fills up and is compiled. */
export function steady({ samples, options }: SoakResult): readonly TimedSample[] {
  return samples.filter(({ minute }) => minute > options.minutes / 6);
}

/** The growth of the heap, in bytes. */
export function heapSlope(result: SoakResult): Slope | undefined {
  return slopeOf(steady(result).map(({ minute, heapUsed }) => [minute, heapUsed]));
}

/** Why the run has failed; empty if it has not. */
export function failuresOf(result: SoakResult): string[] {
  const { tally, incidents, after } = result;
  return [
    ...Object.entries(tally.violations).map(([kind, count]) => `${count} × ${kind}`),
    ...incidents.problems.map((problem) => `server: ${problem}`),
    ...(isEmpty(after)
      ? []
      : [`not empty in the end: ${JSON.stringify({ ...after.counts, connections: after.connections })}`]),
  ];
}

/** Everything as a table in Markdown. */
export function markdown(result: SoakResult): string {
  const { options, tally, before, after, samples, incidents } = result;
  const calm = steady(result);
  const heaps = calm.map(({ heapUsed }) => heapUsed);
  const last = samples.at(-1);
  const cpu = calm.reduce((sum, sample) => sum + sample.cpu, 0) / ((calm.length || 1) * options.sample);
  const rows: [string, string][] = [
    ['clients at a time / in all', `${options.clients} / ${result.clientsInAll}`],
    ['minutes, seed', `${(last?.minute ?? 0).toFixed(1)}, ${options.seed}`],
    ['sessions begun', String(tally.of('sessions begun'))],
    ['messages received and checked', String(tally.of('messages received'))],
    ['violations', String(tally.violated)],
    ['problems of the server', String(incidents.problems.length)],
    ['sessions ended for a full queue', String(incidents.warnings)],
    ['heap before the first client', mib(before.heapUsed)],
    ['heap after the warm-up', `${mib(Math.min(...heaps))} to ${mib(Math.max(...heaps))}`],
    ['growth of the heap after the warm-up', slopeText(heapSlope(result))],
    ['heap when all had gone', mib(after.heapUsed)],
    ['rss at most', mib(Math.max(...samples.map(({ rss }) => rss)))],
    ['external / array buffers at the end', `${mib(last?.external ?? 0)} / ${mib(last?.arrayBuffers ?? 0)}`],
    ['event-loop delay, p99 at most', `${Math.max(...calm.map(({ delay }) => delay.p99)).toFixed(0)} ms`],
    ['event-loop delay, at most', `${Math.max(...calm.map(({ delay }) => delay.max)).toFixed(0)} ms`],
    ['CPU of the server', `${(cpu * 100).toFixed(0)} % of one core`],
    ['left when all had gone', leftText(result)],
    ['Node, system', `${process.version}, ${process.platform}, ${cpus().length} cores`],
  ];
  return ['| what | value |', '| --- | --- |', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

/** Everything for programs. */
export function json(result: SoakResult): string {
  const { tally, ...rest } = result;
  const found = { events: tally.events, violations: tally.violations, examples: tally.examples };
  const node = process.version;
  return JSON.stringify(
    { ...rest, ...found, slope: heapSlope(result), failures: failuresOf(result), node },
    null,
    2,
  );
}

function leftText({ after: { counts, connections } }: SoakResult): string {
  const { sessions, channels, deadlines, sockets } = counts;
  return `${sessions} sessions, ${channels} channels, ${deadlines} deadlines, ${sockets} sockets, ${connections} connections`;
}

/** A slope in words. */
export function slopeText(slope: Slope | undefined): string {
  if (!slope) return 'too few measurements';
  const { perMinute, margin, points } = slope;
  const kib = (bytes: number): string => (bytes / 1024).toFixed(1);
  return `${kib(perMinute)} ± ${kib(margin)} KiB/min (${perMinute.toFixed(0)} bytes/min, ${points} points)`;
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
