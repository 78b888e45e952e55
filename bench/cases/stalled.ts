import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../clock.js';
import { roundOf } from '../lab/round.js';
import { onStage, type Stage } from '../lab/stage.js';
import type { BenchCase, Cell } from './case.js';

const CLIENTS = 200;
/** One in a hundred reads nothing. */
const STALLED = [50, 150];
const CHANNEL = '/news/today';
/** Bytes of a message, and milliseconds between two: 650 KB a second for each client. */
const PAD = 16 * 1024;
const INTERVAL = 25;
const WARM_UP = 120;
const TICKS = 600;
const MIB = 2 ** 20;

/** (h) One reader in a hundred stops reading. */
export const stalled: BenchCase = {
  id: 'h',
  title: 'one reader in a hundred stops reading: 200 clients, messages of 16 KiB',
  headline: { metric: 'p99', unit: 'ms, p99 of those who read' },
  inQuick: false,
  cells: () =>
    [[], STALLED].map((silent): Cell => ({
      contender: 'ours',
      variant: silent.length === 0 ? 'all read' : 'one in a hundred does not read',
      measure: (lab) => onStage('ours', lab, (stage) => run(stage, silent)),
    })),
};

async function run(stage: Stage, silent: readonly number[]) {
  const { server, load } = stage;
  await stage.join({ from: 0, to: CLIENTS, common: [CHANNEL] });
  await server.call('prepare', { to: 'channels', channels: [CHANNEL], burst: 1, pad: PAD });
  await pause(300);
  await send(stage, 0, WARM_UP, WARM_UP * CLIENTS);
  const before = await server.call('resident');
  const { sessions = 0 } = await server.call('counts');
  await load.call('stall', silent);
  const growth = watch(stage, before);
  const readers = CLIENTS - silent.length;
  const total = WARM_UP * CLIENTS + TICKS * readers;
  await send(stage, WARM_UP, TICKS, total);
  const { latency, faults, total: received } = await load.call('observe');
  const growthMiB = (await growth.stop()) / MIB;
  const ended = sessions - ((await server.call('counts')).sessions ?? 0);
  const { p50, p99, p999 } = latency;
  // Those who do not read are cut off: that is how it should be, and no fault.
  return roundOf({ p50, p99, p999, growthMiB, ended }, faults, Math.max(0, total - received));
}

async function send(stage: Stage, first: number, ticks: number, total: number): Promise<void> {
  const start = now() + 100_000;
  const interval = INTERVAL * 1e3;
  await stage.load.call('begin', { creditEvery: 0, due: { start, interval, first, burst: 1, turns: 1 } });
  const sent = stage.server.call('run', { first, ticks, interval, start });
  await Promise.all([sent, stage.load.call('until', total, ticks * INTERVAL + 15_000)]);
}

/** Looks at the memory of the server now and then. `stop` gives by how many bytes it grew at most. */
function watch({ server }: Stage, before: number): { stop: () => Promise<number> } {
  const over = new AbortController();
  const watching = (async () => {
    let most = 0;
    while (!over.signal.aborted) {
      most = Math.max(most, (await server.call('resident')) - before);
      await pause(200);
    }
    return most;
  })();
  return {
    stop: () => {
      over.abort();
      return watching;
    },
  };
}
