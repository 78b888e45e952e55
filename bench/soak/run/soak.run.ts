import { setTimeout as pause } from 'node:timers/promises';
import { HOLD, type Incidents, isEmpty, MAX_INTERVAL, type Sample } from '../control.js';
import { Population } from '../load/population.js';
import { Tally } from '../load/tally.js';
import { progressLine } from './report.js';
import type { ServerProcess } from './server.process.js';
import type { SoakOptions } from './soak.options.js';

/** A measurement, at so many minutes after the first client. */
export interface TimedSample extends Sample {
  readonly minute: number;
  readonly clients: number;
}

/** Everything a run has found out. */
export interface SoakResult {
  readonly options: SoakOptions;
  readonly clientsInAll: number;
  readonly before: Sample;
  readonly samples: readonly TimedSample[];
  /** After everybody has gone and everything has expired. */
  readonly after: Sample;
  readonly tally: Tally;
  readonly incidents: Incidents;
}

/** The longest that anything of a client outlives it, and some time to spare. */
const EXPIRY = HOLD + MAX_INTERVAL + 20_000;

/** Fills the server with clients, keeps them coming and going, lets them all go, and measures throughout. */
export async function soak(
  server: ServerProcess,
  url: string,
  options: SoakOptions,
  interrupted: AbortSignal,
): Promise<SoakResult> {
  const tally = new Tally();
  const before = await server.sample();
  const population = new Population(options.clients, options.seed, { url, tally });
  server.broadcast(true);
  const running = population.run();
  const samples = await measure(server, population, tally, options, interrupted);
  console.log('Everybody leaves.');
  await population.finish();
  await running;
  server.broadcast(false);
  const after = await untilEmpty(server);
  const incidents = await server.stop();
  return { options, clientsInAll: population.born, before, samples, after, tally, incidents };
}

async function measure(
  server: ServerProcess,
  population: Population,
  tally: Tally,
  { minutes, sample: seconds }: SoakOptions,
  interrupted: AbortSignal,
): Promise<TimedSample[]> {
  const samples: TimedSample[] = [];
  const start = performance.now();
  const minute = (): number => (performance.now() - start) / 60_000;
  while (minute() < minutes && !interrupted.aborted) {
    await pause(seconds * 1_000, undefined, { signal: interrupted }).catch(() => undefined);
    const sample = { minute: minute(), clients: population.alive, ...(await server.sample()) };
    samples.push(sample);
    console.log(progressLine(sample, tally));
  }
  return samples;
}

/** Waits until nothing is left in the server, or for as long as anything might be. */
async function untilEmpty(server: ServerProcess): Promise<Sample> {
  const end = performance.now() + EXPIRY;
  for (;;) {
    const sample = await server.sample();
    if (isEmpty(sample) || performance.now() > end) return sample;
    await pause(1_000);
  }
}
