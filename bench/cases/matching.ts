import { measureDeliveries } from '../lab/delivery.js';
import type { BenchCase, Cell } from './case.js';
import { PAD, paced } from './pace.js';

const CLIENTS = 500;
/** Channels that messages are sent on; each has one subscriber of its own. */
const HOT = Array.from({ length: 10 }, (_, index) => `/match/hot/c${index}`);
/** Each held by one client: together they match every hot channel twice. */
const WILDCARDS = ['/match/hot/*', '/match/**'];
const BURST = 2;
const RECEIVERS = 1 + WILDCARDS.length;

/** Subscriptions of every client, by its number, if there are so many other channels. */
function subscriptions(others: number): string[][] {
  const own = Array.from({ length: CLIENTS }, (): string[] => []);
  for (const [index, channel] of [...HOT, ...WILDCARDS].entries()) own[index]?.push(channel);
  for (let index = 0; index < others; index++) {
    // One of ten is a wildcard that matches nothing that is sent.
    const name = `/other/branch${index % 100}/c${String(index).padStart(5, '0')}`;
    own[index % CLIENTS]?.push(index % 10 === 0 ? `${name}/*` : name);
  }
  return own;
}

/** (e) Wildcard and exact subscriptions mixed: what a match costs among few and among many others. */
export const matching: BenchCase = {
  id: 'e',
  title: 'exact and wildcard subscriptions mixed, among 100 and among 10,000 channels',
  headline: { metric: 'cpuMicros', unit: 'µs/delivery' },
  inQuick: false,
  cells: (scale) =>
    (['ours', 'faye'] as const).flatMap((contender) =>
      [100, 10_000].map((others): Cell => {
        // 2,000 messages a second, 6,000 deliveries: few for each message, so that the match is what costs.
        const pace = paced(contender, { socket: 10, polling: 10 }, scale);
        return {
          contender,
          variant: `${others.toLocaleString('en').replace(',', '')} channels`,
          measure: (lab) =>
            measureDeliveries(
              contender,
              {
                ...pace,
                clients: CLIENTS,
                arrival: { common: [], own: subscriptions(others) },
                source: { work: { to: 'channels', channels: HOT, burst: BURST, pad: PAD } },
                perTick: HOT.length * BURST * RECEIVERS,
              },
              lab,
            ),
        };
      }),
    ),
};
