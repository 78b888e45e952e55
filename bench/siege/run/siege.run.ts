import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TEST_TLS } from '../../../test/support/tls.js';
import { type Command, type Measurement, NEWS, type Told } from '../control.js';
import { Losses } from '../load/losses.js';
import { Regulars, untilServed } from '../load/regulars.js';
import type { Place } from '../load/regular.client.js';
import { Target } from '../target/target.process.js';

/** What a run is asked for. */
export interface SiegeOptions {
  readonly seed: number;
  /** How long is attacked, how long everything is taken, and how long is waited after that. */
  readonly seconds: number;
  readonly crowd: number;
  readonly rest: number;
  /** Seconds within which a process has to serve again. */
  readonly patience: number;
}

/** What one process was like. */
export interface Condition {
  readonly name: string;
  /** How it ended, if it has. */
  readonly end: string | undefined;
  readonly before: Measurement | undefined;
  readonly most: Measurement;
  readonly after: Measurement | undefined;
  /** Milliseconds after the crowd until everything was served again. */
  readonly served: number | undefined;
  /** Lines it has printed, and the last ones. */
  readonly lines: number;
  readonly output: string;
  /** Lines that should not be among them. */
  readonly faults: readonly string[];
}

/** Everything a run has found out. */
export interface SiegeResult {
  readonly conditions: readonly Condition[];
  readonly losses: Losses;
  readonly attackers: Told;
  readonly attackersAlive: boolean;
}

/** Connections of the crowd to each process: more than it has descriptors. */
const CROWD = 1_500;
const USERS = ['alice', 'bob'];
const ATTACKER = 'carol';
const NOTHING: Measurement = { heap: 0, rss: 0, descriptors: 0, turn: 0 };

/** One process through the whole run. */
class Besieged {
  before: Measurement | undefined;
  after: Measurement | undefined;
  served: number | undefined;
  most = NOTHING;

  constructor(
    readonly target: Target,
    readonly place: Place,
  ) {}

  /** Measures it again and again. */
  async watch(over: AbortSignal): Promise<void> {
    while (!over.aborted && this.target.alive) {
      this.#keep(await this.target.measure());
      await pause(500);
    }
  }

  get condition(): Condition {
    const { before, most, after, served, target } = this;
    const { name, end, lines, output, faults } = target;
    return { name, end, before, most, after, served, lines, output, faults };
  }

  #keep(measured: Measurement | undefined): void {
    const { most } = this;
    if (!measured) return;
    this.most = {
      heap: Math.max(most.heap, measured.heap),
      rss: Math.max(most.rss, measured.rss),
      descriptors: Math.max(most.descriptors, measured.descriptors),
      turn: Math.max(most.turn, measured.turn),
    };
  }
}

/** Attacks two processes while regular clients work in them, then takes everything they have, then looks what is left. */
export async function siege(options: SiegeOptions, say: (text: string) => void): Promise<SiegeResult> {
  const targets = await Promise.all([Target.demo(), Target.small()]);
  const attackers = fork(fileURLToPath(new URL('../attack/main.js', import.meta.url)));
  attackers.once('exit', (code, signal) => {
    say(`the attackers have ended, with ${code ?? signal}`);
  });
  try {
    return await run(targets, attackers, options, say);
  } finally {
    attackers.kill('SIGKILL');
    for (const target of targets) target.kill();
  }
}

async function run(
  [demo, small]: readonly [Target, Target],
  attackers: ChildProcess,
  { seed, seconds, crowd, rest, patience }: SiegeOptions,
  say: (text: string) => void,
): Promise<SiegeResult> {
  const tokens = await Promise.all(USERS.map((user) => demo.token(user)));
  const besieged = [
    new Besieged(demo, {
      name: 'demo',
      origin: demo.origin,
      tokenOf: (index) => tokens[index % tokens.length],
      subscription: '/eXo/portal/notification',
    }),
    new Besieged(small, {
      name: 'small',
      origin: small.origin,
      ca: TEST_TLS.cert,
      tokenOf: () => undefined,
      subscription: NEWS,
    }),
  ];
  const marks = [{ ...demo.mark, token: await demo.token(ATTACKER) }, small.mark];
  const command = (order: Command): boolean => attackers.connected && attackers.send(order);
  for (const one of besieged) one.before = await one.target.measure(true);
  const over = new AbortController();
  const watching = besieged.map((one) => one.watch(over.signal));
  const losses = new Losses();
  const places = besieged.map(({ place }) => place);
  const regulars = new Regulars(places, losses, seed);
  /** Waits, unless there is nothing left to attack. */
  const phase = async (duration: number): Promise<void> => {
    const end = performance.now() + duration * 1_000;
    while (performance.now() < end && demo.alive && small.alive) await pause(100);
  };

  say(`attacking for ${seconds} s`);
  command({ command: 'attack', marks, seed });
  await phase(seconds);
  await quiet(attackers, command);

  say(`${CROWD} connections to each for ${crowd} s`);
  losses.excusing = true;
  command({ command: 'crowd', marks, each: CROWD });
  await phase(crowd);
  const told = await quiet(attackers, command);
  say('the connections are gone');
  const served = besieged.map(async (one) => (one.served = await untilServed(one.place, patience * 1_000)));
  await Promise.all(served);
  losses.excusing = false;

  say('the regular clients leave');
  await regulars.leave();
  say(`waiting for ${rest} s`);
  await phase(rest);
  over.abort();
  await Promise.all(watching);
  for (const one of besieged) one.after = await one.target.measure(true);
  return {
    conditions: besieged.map(({ condition }) => condition),
    losses,
    attackers: told,
    attackersAlive: attackers.exitCode === null && attackers.signalCode === null,
  };
}

/** Has all attackers go; what they did. */
async function quiet(attackers: ChildProcess, command: (order: Command) => boolean): Promise<Told> {
  const told = once(attackers, 'message', { signal: AbortSignal.timeout(20_000) }) as Promise<[Told]>;
  command({ command: 'rest' });
  return told.then(
    ([answer]) => answer,
    () => ({ attacks: {}, most: 0 }),
  );
}
