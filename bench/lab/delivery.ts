import { setTimeout as pause } from 'node:timers/promises';
import { now } from '../clock.js';
import type { ContenderName } from '../contenders/catalogue.js';
import type { Arrival } from '../load/crowd.js';
import type { Talk } from '../load/talk.js';
import type { Observed } from '../processes/load.js';
import type { Schedule, Work } from '../processes/work.js';
import { type Metrics, type Round, roundOf } from './round.js';
import { onStage, type Stage, type StageOptions } from './stage.js';

/** A measurement of deliveries: who receives, who sends, and how much. */
export interface DeliveryPlan {
  readonly arrival: Pick<Arrival, 'common' | 'own'>;
  readonly clients: number;
  readonly source: { readonly work: Work } | { readonly talk: Talk };
  /** Deliveries that one tick causes. */
  readonly perTick: number;
  /** Milliseconds between two ticks, at the fixed load. */
  readonly interval: number;
  /** Ticks before anything is measured, and at the fixed load. */
  readonly warmUp: number;
  readonly ticks: number;
  /** Seconds at saturation; 0: not measured. */
  readonly saturation: number;
}

/** How long clients may take for what is still on its way, in milliseconds. */
const PATIENCE = 15_000;
/** Until due times begin: both processes have to know of them. */
const LEAD_MICROS = 100_000;
/** Deliveries that are on their way at saturation, at least. */
const AHEAD = 4_000;
/** Milliseconds at saturation before it is measured. */
const RISE = 700;

/** Measures one contender once, in processes of its own. */
export function measureDeliveries(
  contender: ContenderName,
  plan: DeliveryPlan,
  options: StageOptions,
): Promise<Round> {
  return onStage(contender, options, async (stage) => {
    await stage.join({ ...plan.arrival, from: 0, to: plan.clients });
    const run = new DeliveryRun(stage, plan);
    await run.prepare();
    return run.measure();
  });
}

class DeliveryRun {
  #tick = 0;

  constructor(
    readonly stage: Stage,
    readonly plan: DeliveryPlan,
  ) {}

  async prepare(): Promise<void> {
    const { source } = this.plan;
    if ('work' in source) await this.stage.server.call('prepare', source.work);
    else await this.stage.load.call('talk', source.talk);
    // First connects are answered, and whatever else is left of coming in.
    await pause(300);
  }

  async measure(): Promise<Round> {
    const warm = await this.#fixed(this.plan.warmUp, false);
    if (warm.missing > 0) return this.#unfinished(warm.observed, warm.missing);
    const { observed, missing, micros } = await this.#fixed(this.plan.ticks, true);
    const { p50, p99, p999 } = observed.latency;
    const metrics: Metrics = { cpuMicros: micros / observed.deliveries, p50, p99, p999, busy: observed.busy };
    if (missing > 0) return { ...this.#unfinished(observed, missing), metrics };
    if (this.plan.saturation > 0) return this.#saturate(metrics);
    // What comes twice may come late.
    await pause(100);
    return roundOf(metrics, (await this.stage.load.call('observe')).faults);
  }

  /** At the fixed load. */
  async #fixed(
    ticks: number,
    timed: boolean,
  ): Promise<{ observed: Observed; missing: number; micros: number }> {
    const { server, load } = this.stage;
    const { interval, perTick, source } = this.plan;
    const start = now() + LEAD_MICROS;
    const schedule: Schedule = { first: this.#tick, ticks, interval: interval * 1e3, start };
    await load.call('begin', { creditEvery: 0, ...(timed && { due: this.#due(schedule) }) });
    const cpu = await server.call('cpu');
    const sent = 'work' in source ? server.call('run', schedule) : load.call('run', schedule);
    this.#tick += ticks;
    const total = this.#tick * perTick;
    await Promise.all([sent, load.call('until', total, ticks * interval + PATIENCE)]);
    const observed = await load.call('observe');
    const micros = (await server.call('cpu')) - cpu;
    return { observed, missing: total - observed.total, micros };
  }

  /** As fast as clients receive; what comes is checked to the last message. */
  async #saturate(metrics: Metrics): Promise<Round> {
    const { server, load } = this.stage;
    const { perTick, source, saturation } = this.plan;
    const phase = { creditEvery: perTick };
    const ahead = Math.max(4, Math.ceil(AHEAD / perTick));
    await load.call('begin', phase);
    load.on('credit', () => void server.call('grant', 1).catch(() => undefined));
    await load.call('credit', 'work' in source ? 'server' : 'clients');
    if ('work' in source) await server.call('flood', ahead);
    else await load.call('speak', ahead);
    await pause(RISE);
    await load.call('begin', phase);
    const cpu = await server.call('cpu');
    await pause(saturation * 1e3);
    const { deliveries, seconds, busy } = await load.call('observe');
    const micros = (await server.call('cpu')) - cpu;
    const halted = 'work' in source ? server.call('halt') : load.call('hush');
    const total = (await halted) * perTick;
    await load.call('until', total, PATIENCE);
    await pause(100);
    const observed = await load.call('observe');
    const measured: Metrics = {
      ...metrics,
      saturation: deliveries / seconds,
      saturationBusy: busy,
      saturationMicros: micros / deliveries,
    };
    if (observed.total < total) {
      return { ...this.#unfinished(observed, total - observed.total), metrics: measured };
    }
    return roundOf(measured, observed.faults);
  }

  #due({ first, interval, start }: Schedule) {
    const { source } = this.plan;
    if ('talk' in source) {
      return { first, interval, start, burst: source.talk.burst, turns: source.talk.channels.length };
    }
    return { first, interval, start, burst: source.work.to === 'users' ? 1 : source.work.burst, turns: 1 };
  }

  #unfinished(observed: Observed, missing: number): Round {
    const { faults, total } = observed;
    const closed = faults.closed > 0 ? `, ${faults.closed} clients cut off` : '';
    const failed = `${missing} of ${total + missing} messages missing after ${PATIENCE / 1e3} s${closed}`;
    return { metrics: {}, missing, faults, failed };
  }
}
