import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { DESCRIPTORS, type Measurement } from '../control.js';

// Is loaded ahead of an application, and measures the process from within for the one that has started it.
const RESOLUTION = 10;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION });
delay.enable();

/** Looking takes a descriptor: where there is none left, all are in use, and the memory cannot be told. */
function counted(): Pick<Measurement, 'descriptors' | 'rss'> {
  try {
    return { descriptors: readdirSync('/dev/fd').length, rss: process.memoryUsage.rss() };
  } catch {
    return { descriptors: DESCRIPTORS, rss: 0 };
  }
}

process.on('message', (message: { readonly collect?: boolean }) => {
  if (message.collect) gc?.();
  const heap = getHeapStatistics().used_heap_size;
  const late = Math.max(0, delay.max / 1e6 - RESOLUTION);
  delay.reset();
  const measurement: Measurement = { heap, ...counted(), delay: late };
  process.send?.(measurement);
});
process.once('disconnect', () => process.exit());
// The application ends when it has nothing left to do, as it would without this.
process.channel?.unref();
