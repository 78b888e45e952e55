import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { CometCounts, CometModuleOptions } from '../../src/index.js';
import type { HttpKind } from './comet-app.js';
import { PATIENCE, within } from './until.js';

/** What the applications in the process are like. Only what can be written as JSON. */
export interface AppProcessSettings {
  /** An application on each. */
  readonly http: readonly HttpKind[];
  /** Whether there is an ordinary gateway, on `/plain`. */
  readonly gateway?: boolean;
  /** Whether it ends by a signal as applications do, with services that are at work then: `/service/slow` and `/service/hung`. */
  readonly signals?: boolean;
  /** Options of the module; without any, everybody gets in. */
  readonly options?: CometModuleOptions;
  /** Options of Node. */
  readonly node?: readonly string[];
}

/** What the process holds. */
export interface AppProcessState {
  /** Connections over TCP, of which each is a descriptor. */
  readonly connections: number;
  /** Of each application. */
  readonly counts: readonly CometCounts[];
  /** Bytes. */
  readonly heap: number;
}

/** Milliseconds a process may take to start on a machine with other things to do. */
const START = 150_000;
/** Milliseconds for the hook that starts one. */
export const APP_PROCESS_HOOK = START + 10_000;
const HOOKS = new URL('typescript.hooks.js', import.meta.url).href;
const SCRIPT = new URL('app.process.ts', import.meta.url);

/** Applications in a process of their own, which a test may try to end: it takes seconds to start, so start few. */
export class AppProcess {
  readonly #ended: Promise<undefined>;

  private constructor(
    readonly child: ChildProcess,
    /** Where each application is. */
    readonly origins: Readonly<Record<string, string>>,
    /** What it has printed. */
    readonly output: () => string,
  ) {
    this.#ended = once(child, 'exit').then(() => undefined);
  }

  static async start({ node = [], ...settings }: AppProcessSettings): Promise<AppProcess> {
    const child = fork(SCRIPT, [JSON.stringify(settings)], {
      execArgv: ['--import', HOOKS, ...node],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    const ended = once(child, 'exit').then((): never => {
      throw new Error(`The applications did not start:\n${output}`);
    });
    ended.catch(() => undefined);
    const started = once(child, 'message') as Promise<[number[]]>;
    const [ports] = await within('the applications to start', Promise.race([started, ended]), START);
    const origins = ports.map((port, index) => [settings.http[index], `http://127.0.0.1:${port}`] as const);
    return new AppProcess(child, Object.fromEntries(origins) as Record<string, string>, () => output);
  }

  /** Whether the process is still there. */
  get alive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** @throws Error with what the process printed, if it has ended. */
  async state(): Promise<AppProcessState> {
    const answered = once(this.child, 'message') as Promise<[AppProcessState]>;
    if (this.alive) this.child.send('state');
    const answer = await within('the process to answer', Promise.race([answered, this.#ended]));
    if (!answer) throw new Error(`The applications have ended:\n${this.output()}`);
    return answer[0];
  }

  /** Waits until the process holds what it should. @throws Error with what it holds instead. */
  async until(what: string, condition: (state: AppProcessState) => boolean): Promise<void> {
    const end = performance.now() + 2 * PATIENCE;
    for (let state = await this.state(); !condition(state); state = await this.state()) {
      if (performance.now() > end) throw new Error(`Waited in vain for ${what}: ${JSON.stringify(state)}`);
      await pause(10);
    }
  }

  /** Sends a signal. @returns the one that the process has ended by, if any. */
  async signal(signal: NodeJS.Signals): Promise<NodeJS.Signals | null> {
    this.child.kill(signal);
    await within('the process to end', this.#ended);
    return this.child.signalCode;
  }

  async stop(): Promise<void> {
    if (!this.alive) return;
    this.child.kill('SIGKILL');
    await this.#ended;
  }
}
