import { CONTENDERS, type ContenderName } from '../contenders/catalogue.js';
import type { Setup } from '../contenders/contender.js';
import type { Arrival } from '../load/crowd.js';
import { Child } from '../processes/child.js';
import type { LoadMethods } from '../processes/load.js';
import type { ServerMethods } from '../processes/server.js';

const SERVER_CPU = 0;
const LOAD_CPU = 1;

/** What all cells of a run share. */
export interface StageOptions {
  /** Where profiles of the servers go, if they are wanted. */
  readonly profiles: string | undefined;
}

/** A server and a load, each in a process that was started for this one measurement. */
export class Stage {
  readonly #port: number;

  private constructor(
    readonly contender: ContenderName,
    readonly server: Child<ServerMethods>,
    readonly load: Child<LoadMethods>,
    port: number,
  ) {
    this.#port = port;
  }

  static async open(contender: ContenderName, { profiles }: StageOptions, setup: Setup = {}): Promise<Stage> {
    const profiling = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}/${contender}`];
    const server = new Child<ServerMethods>('./server.js', [contender], {
      cpu: SERVER_CPU,
      execArgv: ['--expose-gc', ...profiling],
    });
    const load = new Child<LoadMethods>('./load.js', ['load'], { cpu: LOAD_CPU });
    try {
      return new Stage(contender, server, load, await server.call('listen', setup));
    } catch (error) {
      await Promise.all([load.stop(), server.stop()]);
      throw error;
    }
  }

  /** Has clients come in. @returns seconds it took. */
  join(arrival: Omit<Arrival, 'dialect' | 'port'>): Promise<number> {
    const { dialect } = CONTENDERS[this.contender];
    return this.load.call('join', { dialect, port: this.#port, ...arrival });
  }

  async close(): Promise<void> {
    await this.load.stop();
    await this.server.stop();
  }
}

/** Opens a stage, uses it, and closes it whatever happens. */
export async function onStage<T>(
  contender: ContenderName,
  options: StageOptions,
  use: (stage: Stage) => Promise<T>,
  setup?: Setup,
): Promise<T> {
  const stage = await Stage.open(contender, options, setup);
  try {
    return await use(stage);
  } finally {
    await stage.close();
  }
}
