import { userName } from '../processes/work.js';
import type { BenchCase } from './case.js';
import { deliveryCells, PAD, QUICK_CLIENTS, QUICK_CONTENDERS, SOCKETS } from './pace.js';

/** (d) A message to each of many users. */
export const users: BenchCase = {
  id: 'd',
  title: 'a message to each of 1,000 users',
  headline: { metric: 'cpuMicros', unit: 'µs/delivery' },
  inQuick: true,
  cells: (scale) => {
    const clients = scale.quick ? QUICK_CLIENTS : 1_000;
    const pace = { socket: clients / 20, polling: clients / 3 };
    return deliveryCells(scale.quick ? QUICK_CONTENDERS : SOCKETS, pace, scale, {
      clients,
      // For those who know no users. The others need no subscription, and have one that nothing is sent to.
      arrival: {
        common: [],
        own: Array.from({ length: clients }, (_, index) => [`/inbox/${userName(index)}`]),
      },
      source: { work: { to: 'users', users: clients, pad: PAD } },
      perTick: clients,
    });
  },
};
