import { readdirSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { DESCRIPTORS, type Measurement } from '../control.js';

// Is loaded ahead of an application, and measures the process from within for the one that has started it.
let turn = 0;
let since = process.cpuUsage();
setInterval(() => {
  const { user, system } = process.cpuUsage(since);
  since = process.cpuUsage();
  turn = Math.max(turn, (user + system) / 1_000);
}, 20).unref();

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
  const measurement: Measurement = { heap, ...counted(), turn };
  turn = 0;
  process.send?.(measurement);
});
process.once('disconnect', () => process.exit());
// The application ends when it has nothing left to do, as it would without this.
process.channel?.unref();
