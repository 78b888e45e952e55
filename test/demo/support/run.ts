import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cleanEnvironment } from '../../e2e/support/demo-process.js';
import { PATIENCE } from '../../support/until.js';

/** A process that has ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of the built demo to its end, in an environment that holds nothing for the demo but `env`. */
export async function run(
  script: 'main' | 'token',
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [`dist-demo/demo/${script}.js`, ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  // A demo that starts although it must not would stay for ever.
  const guard = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(guard);
  return { code, stdout, stderr };
}

/** What the token script prints for `who`. @throws Error if it prints none. */
export async function token(who: string, port: number): Promise<string> {
  const { code, stdout, stderr } = await run('token', [who], { PORT: String(port) });
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}
