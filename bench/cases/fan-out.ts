import type { BenchCase } from './case.js';
import { deliveryCells, PAD, POLLING, QUICK_CLIENTS, QUICK_CONTENDERS, SOCKETS } from './pace.js';

const CHANNEL = '/news/today';

/** (a) One message at a time to all. */
function fanOut(id: string, subscribers: number, polling: boolean, inQuick: boolean): BenchCase {
  return {
    id,
    title: `one message at a time to ${subscribers.toLocaleString('en')} subscribers`,
    headline: { metric: 'cpuMicros', unit: 'µs/delivery' },
    inQuick,
    cells: (scale) => {
      const clients = scale.quick ? QUICK_CLIENTS : subscribers;
      const contenders = scale.quick ? QUICK_CONTENDERS : [...SOCKETS, ...(polling ? POLLING : [])];
      // 20,000 deliveries a second over WebSocket, 3,000 over long-polling.
      const pace = { socket: clients / 20, polling: clients / 3 };
      return deliveryCells(contenders, pace, scale, {
        clients,
        arrival: { common: [CHANNEL] },
        source: { work: { to: 'channels', channels: [CHANNEL], burst: 1, pad: PAD } },
        perTick: clients,
      });
    },
  };
}

export const fanOut1000 = fanOut('a', 1_000, true, true);
export const fanOut5000 = fanOut('a-5000', 5_000, false, false);
