import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { cpus, platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Answer, Methods } from './calls.js';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface ChildOptions {
  /** The processor it should have for itself, where the system can do that. */
  readonly cpu: number;
  readonly execArgv?: readonly string[];
}

/** Another process, and its methods. */
export class Child<M extends Methods<M>> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Map<string, (value: unknown) => void>();
  readonly #exited: Promise<void>;
  #ids = 0;
  #dead: Error | undefined;

  constructor(file: string, args: readonly string[], { cpu, execArgv = [] }: ChildOptions) {
    this.#child = fork(fileURLToPath(new URL(file, import.meta.url)), [...args], { execArgv: [...execArgv] });
    pin(this.#child.pid, cpu);
    this.#child.on('message', (answer: Answer) => this.#take(answer));
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => {
        this.#dead = new Error(`${args[0] ?? 'a process'} died, with ${code ?? signal}`);
        for (const { reject } of this.#waiting.values()) reject(this.#dead);
        this.#waiting.clear();
        resolve();
      });
    });
  }

  call<K extends keyof M & string>(
    method: K,
    ...params: Parameters<M[K]>
  ): Promise<Awaited<ReturnType<M[K]>>> {
    if (this.#dead) return Promise.reject(this.#dead);
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#child.send({ id, method, params });
    });
  }

  /** Listens to one kind of news. */
  on(news: string, listener: (value: unknown) => void): void {
    this.#listeners.set(news, listener);
  }

  /** Resolves when it has gone. What listens to the end of its parent has time to write a profile. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#exited;
    clearTimeout(patience);
  }

  #take(answer: Answer): void {
    if ('news' in answer) {
      this.#listeners.get(answer.news)?.(answer.value);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.value);
  }
}

/** Whether processes keep to a processor each here. */
export const PINS = platform() === 'linux' && cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0;

/** Moving between processors makes measurements scatter. */
function pin(pid: number | undefined, cpu: number): void {
  if (PINS && pid !== undefined) {
    spawnSync('taskset', ['-a', '-p', '-c', String(cpu % cpus().length), String(pid)]);
  }
}
