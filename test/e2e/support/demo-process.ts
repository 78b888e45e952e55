import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '../../support/free-port.js';

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Milliseconds from the signal to the end. */
  readonly took: number;
}

/** Milliseconds from the signal to the end of a process that ends by itself, on a machine that is busy elsewhere. */
export const ENDS_WITHIN = 20_000;

/** The demo as a user starts it: a process of its own, built, with a port of its own. */
export class DemoProcess {
  private constructor(
    readonly url: string,
    readonly port: number,
    readonly child: ChildProcess,
    readonly output: () => string,
  ) {}

  /** Starts the demo; resolves when it says that it is ready. */
  static async start(env: Record<string, string> = {}, port?: number): Promise<DemoProcess> {
    const ours = port ?? (await freePort());
    const child = spawn(process.execPath, ['dist-demo/demo/main.js'], {
      env: { ...cleanEnvironment(), PORT: String(ours), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const ready = new Promise<void>((resolve, reject) => {
      const collect = (chunk: Buffer): void => {
        output += chunk.toString();
        if (output.includes('is ready')) resolve();
      };
      child.stdout.on('data', collect);
      child.stderr.on('data', collect);
      child.once('exit', (code) => reject(new Error(`The demo ended with ${code}:\n${output}`)));
    });
    await ready;
    const url = env['PUBLIC_URL'] ?? `http://127.0.0.1:${ours}`;
    return new DemoProcess(url, ours, child, () => output);
  }

  /** Asks the process to end as an operator would, and waits for it. */
  async stop(): Promise<Exit> {
    if (this.child.exitCode !== null) throw new Error(`The demo had ended before:\n${this.output()}`);
    const started = performance.now();
    const ended = once(this.child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    this.child.kill('SIGTERM');
    const [code, signal] = await ended;
    return { code, signal, took: performance.now() - started };
  }
}

/** The environment without what would configure the demo. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:HOST|PORT|PUBLIC_URL|TOKEN_LIFETIME|OIDC_\w+|NODE_ENV|NODE_OPTIONS)$/.test(name),
  );
  return Object.fromEntries(kept);
}
