import { setTimeout as pause } from 'node:timers/promises';
import type { ContenderName } from '../contenders/catalogue.js';
import { roundOf } from '../lab/round.js';
import { onStage } from '../lab/stage.js';
import type { BenchCase, Cell } from './case.js';

const CONTENDERS: readonly ContenderName[] = ['ours', 'ws', 'uws', 'socket.io', 'faye'];
/** What is there once, compiled code for example, is there before the first measurement. */
const BEFORE = 1_000;
const CLIENTS = 11_000;
/** Milliseconds until what coming in has left behind is gone. */
const SETTLE = 2_000;

/** (f) Connections that do nothing but wait for messages. */
export const idle: BenchCase = {
  id: 'f',
  title: '10,000 idle connections, each subscribed to one channel',
  headline: { metric: 'heapBytes', unit: 'KiB of heap/connection' },
  inQuick: false,
  cells: () =>
    CONTENDERS.map((contender): Cell => ({
      contender,
      measure: (lab) =>
        onStage(contender, lab, async (stage) => {
          const common = ['/news/today'];
          await stage.join({ from: 0, to: BEFORE, common });
          await pause(SETTLE);
          const before = await stage.server.call('memory');
          await stage.join({ from: BEFORE, to: CLIENTS, common });
          await pause(SETTLE);
          const after = await stage.server.call('memory');
          const { faults } = await stage.load.call('observe');
          const each = (what: 'rss' | 'heap'): number => (after[what] - before[what]) / (CLIENTS - BEFORE);
          const round = roundOf({ rssBytes: each('rss'), heapBytes: each('heap') }, faults);
          return faults.closed > 0 ? { ...round, failed: `${faults.closed} clients cut off` } : round;
        }),
    })),
};
