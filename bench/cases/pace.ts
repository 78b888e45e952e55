import type { ContenderName } from '../contenders/catalogue.js';
import { CONTENDERS } from '../contenders/catalogue.js';
import type { DeliveryPlan } from '../lab/delivery.js';
import { measureDeliveries } from '../lab/delivery.js';
import type { Cell, Scale } from './case.js';

/** How long things take, in seconds. */
const FULL = { warmUp: 3, fixed: 5, saturation: 2.5 };
const QUICK = { warmUp: 0.7, fixed: 1, saturation: 0 };

/** Milliseconds between two ticks of a case, over WebSocket and over long-polling. */
export interface Pace {
  readonly socket: number;
  readonly polling: number;
}

/** Ticks and seconds for a pace. */
export function paced(contender: ContenderName, pace: Pace, { quick }: Scale) {
  const interval = CONTENDERS[contender].dialect.endsWith('polling') ? pace.polling : pace.socket;
  const { warmUp, fixed, saturation } = quick ? QUICK : FULL;
  const ticks = (seconds: number): number => Math.max(1, Math.round((seconds * 1e3) / interval));
  return { interval, warmUp: ticks(warmUp), ticks: ticks(fixed), saturation };
}

/** A cell for each contender, all with the same work. */
export function deliveryCells(
  contenders: readonly ContenderName[],
  pace: Pace,
  scale: Scale,
  plan: Omit<DeliveryPlan, keyof ReturnType<typeof paced>>,
): Cell[] {
  return contenders.map((contender) => ({
    contender,
    measure: (lab) => measureDeliveries(contender, { ...plan, ...paced(contender, pace, scale) }, lab),
  }));
}

/** Contenders of the quick run. */
export const QUICK_CONTENDERS: readonly ContenderName[] = ['ours', 'ws', 'uws', 'socket.io', 'faye'];
export const QUICK_CLIENTS = 200;
export const SOCKETS: readonly ContenderName[] = ['ours', 'floor', 'ws', 'uws', 'socket.io', 'faye'];
export const POLLING: readonly ContenderName[] = ['ours-polling', 'http-polling', 'cometd-polling'];

/** Bytes that messages carry besides their number, as in CometD's own load test. */
export const PAD = 50;
