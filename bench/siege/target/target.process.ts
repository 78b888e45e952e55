import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '../../../test/support/free-port.js';
import { until } from '../../../test/support/until.js';
import { DESCRIPTORS, HEAP_MEGABYTES, type Mark, type Measurement } from '../control.js';

/** Milliseconds a process may take to start, or to answer, on a machine with other things to do. */
const START = 60_000;
const ANSWER = 20_000;
/** Lines of its output that are kept. */
const KEPT = 200;
/** Something that was thrown in the library, or a warning of the process; Fastify itself causes the one left out. */
const FAULT = /ERROR \[Comet|^\(node:\d+\) (?!UnsupportedWarning)\w*Warning/;

const PROBE = new URL('probe.js', import.meta.url).href;
const SMALL_APP = fileURLToPath(new URL('small.app.js', import.meta.url));
const built = (script: string): string =>
  fileURLToPath(new URL(`../../../../dist-demo/demo/${script}.js`, import.meta.url));

/** An application in a process of its own, with few descriptors and little memory, which is measured all the time. */
export class Target {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #faults: string[] = [];
  #said = 0;
  #ended: string | undefined;

  private constructor(
    readonly name: string,
    readonly mark: Mark,
    child: ChildProcess,
  ) {
    this.#child = child;
    const hear = (chunk: Buffer): void => {
      const lines = chunk.toString().split('\n').filter(Boolean);
      this.#said += lines.length;
      this.#lines.push(...lines);
      if (this.#faults.length < KEPT) this.#faults.push(...lines.filter((line) => FAULT.test(line)));
      this.#lines.splice(0, this.#lines.length - KEPT);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code, signal) => (this.#ended = `ended with ${code ?? signal}`));
  }

  /** The demo, as `npm start` runs it. */
  static demo(): Promise<Target> {
    return Target.#start('demo', built('main'), false, { TOKEN_LIFETIME: '3600' });
  }

  /** The small application. */
  static small(): Promise<Target> {
    return Target.#start('small', SMALL_APP, true, {});
  }

  static async #start(
    name: string,
    script: string,
    tls: boolean,
    env: Readonly<Record<string, string>>,
  ): Promise<Target> {
    const port = await freePort();
    const node = [
      `--max-old-space-size=${HEAP_MEGABYTES}`,
      '--expose-gc',
      '--trace-warnings',
      '--import',
      PROBE,
      script,
    ];
    const child = spawn(
      'sh',
      ['-c', `ulimit -n ${DESCRIPTORS} && exec "$0" "$@"`, process.execPath, ...node],
      {
        env: environment({ PORT: String(port), NO_COLOR: '1', ...env }),
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    const target = new Target(name, { port, tls }, child);
    await until(`${name} to start`, () => !target.alive || target.output.includes('is ready'), START);
    if (!target.alive) throw new Error(`${name} did not start:\n${target.output}`);
    return target;
  }

  get origin(): string {
    return `${this.mark.tls ? 'https' : 'http'}://127.0.0.1:${this.mark.port}`;
  }

  get alive(): boolean {
    return this.#ended === undefined;
  }

  /** The last lines it has printed. */
  get output(): string {
    return this.#lines.join('\n');
  }

  /** Lines that should not be among them. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** How many lines it has printed. */
  get lines(): number {
    return this.#said;
  }

  /** How the process ended, if it has. */
  get end(): string | undefined {
    return this.#ended;
  }

  /** `undefined` if it has ended, or does not answer. */
  async measure(collect = false): Promise<Measurement | undefined> {
    if (!this.alive) return undefined;
    const late = AbortSignal.timeout(ANSWER);
    const answer = once(this.#child, 'message', { signal: late }) as Promise<[Measurement]>;
    this.#child.send({ collect });
    return answer.then(
      ([measurement]) => measurement,
      () => undefined,
    );
  }

  /** An access token of one of the demo's users. */
  async token(user: string): Promise<string> {
    const env = environment({ PORT: String(this.mark.port) });
    const { stdout } = await promisify(execFile)(process.execPath, [built('token'), user], { env });
    return stdout.trim();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** The environment of this process without what would configure the demo. */
function environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:HOST|PUBLIC_URL|OIDC_\w+|NODE_ENV|NODE_OPTIONS)$/.test(name),
  );
  return { ...Object.fromEntries(kept), ...more };
}
