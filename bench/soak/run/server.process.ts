import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Incidents, Order, Report, Sample } from '../control.js';

/** The server, in a process of its own. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #died: Promise<never>;
  #stopping = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#died = new Promise((_, reject) => {
      child.once('exit', (code, signal) => {
        if (!this.#stopping) reject(new Error(`The server died, with ${code ?? signal}.`));
      });
    });
    this.#died.catch(() => undefined);
  }

  /** Starts it; resolves with where it listens. */
  static async start(): Promise<{ process: ServerProcess; url: string }> {
    const file = fileURLToPath(new URL('../server/main.js', import.meta.url));
    const process = new ServerProcess(fork(file, { execArgv: ['--expose-gc', '--enable-source-maps'] }));
    const { port } = await process.#told('ready');
    return { process, url: `http://127.0.0.1:${port}/cometd` };
  }

  /** Collects garbage and measures. */
  async sample(): Promise<Sample> {
    const told = this.#told('sample');
    this.#order({ order: 'sample' });
    return (await told).sample;
  }

  broadcast(on: boolean): void {
    this.#order({ order: 'broadcast', on });
  }

  /** Closes the application; what went wrong in it. */
  async stop(): Promise<Incidents> {
    this.#stopping = true;
    const told = this.#told('stopped');
    this.#order({ order: 'stop' });
    return (await told).incidents;
  }

  kill(): void {
    this.#stopping = true;
    this.#child.kill();
  }

  #order(order: Order): void {
    if (this.#child.connected) this.#child.send(order);
  }

  async #told<R extends Report['report']>(which: R): Promise<Extract<Report, { report: R }>> {
    let listener: (report: Report) => void = () => undefined;
    const told = new Promise<Extract<Report, { report: R }>>((resolve) => {
      listener = (report) => {
        if (report.report === which) resolve(report as Extract<Report, { report: R }>);
      };
    });
    this.#child.on('message', listener);
    try {
      return await Promise.race([told, this.#died]);
    } finally {
      this.#child.off('message', listener);
    }
  }
}
