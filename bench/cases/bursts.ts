import type { BenchCase } from './case.js';
import { deliveryCells, PAD, POLLING, QUICK_CLIENTS, QUICK_CONTENDERS, SOCKETS } from './pace.js';

const CHANNEL = '/news/today';
const BURST = 10;

/** (b) Ten messages in one turn to all. */
export const bursts: BenchCase = {
  id: 'b',
  title: 'ten messages in one turn to 1,000 subscribers',
  headline: { metric: 'cpuMicros', unit: 'µs/delivery' },
  inQuick: true,
  cells: (scale) => {
    const clients = scale.quick ? QUICK_CLIENTS : 1_000;
    const contenders = scale.quick ? QUICK_CONTENDERS : [...SOCKETS, ...POLLING];
    const pace = { socket: clients / 2, polling: clients / 2 };
    return deliveryCells(contenders, pace, scale, {
      clients,
      arrival: { common: [CHANNEL] },
      source: { work: { to: 'channels', channels: [CHANNEL], burst: BURST, pad: PAD } },
      perTick: clients * BURST,
    });
  },
};
