import type { Platform, TabChannel, TabLocks } from '../../../src/client/platform.js';
import type { Deadline } from '../../../src/bayeux/ports.js';
import { VirtualScheduler } from '../../support/virtual.scheduler.js';

/** What a browser gives its tabs, on a clock that stands still until a test moves it. Node has no locks between tabs. */
export class FakeBrowser {
  readonly #clock = new VirtualScheduler();
  readonly #channels = new Set<FakeChannel>();
  readonly #queues = new Map<string, Promise<unknown>>();
  /** Whether there are locks and channels: old browsers and insecure pages have none. */
  shares = true;

  /** Milliseconds since the epoch. */
  get now(): number {
    return this.#clock.wallTime();
  }

  /** Sets the clock of the machine. */
  stepWall(milliseconds: number): void {
    this.#clock.stepWall(milliseconds);
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#clock.armed;
  }

  /** Channels that are open. */
  get channels(): number {
    return this.#channels.size;
  }

  /** The world of one tab. */
  tab(): Platform {
    return {
      ...(this.shares && {
        locks: this.#locks,
        openChannel: (name: string) => new FakeChannel(name, this.#channels),
      }),
      now: () => this.#clock.now(),
      wallTime: () => this.#clock.wallTime(),
      random: () => 1,
      setTimeout: (run, delay) => {
        const deadline = this.#clock.deadline(run);
        deadline.moveTo(this.#clock.now() + delay);
        return deadline;
      },
      clearTimeout: (handle) => (handle as Deadline | undefined)?.cancel(),
    };
  }

  /** Moves the clock from timer to timer, and lets what they begin come to an end. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#clock.now() + milliseconds;
    await settled();
    while ((this.#clock.earliest ?? Infinity) <= end) {
      this.#clock.advance(Math.max(0, (this.#clock.earliest ?? end) - this.#clock.now()));
      await settled();
    }
    this.#clock.advance(end - this.#clock.now());
    await settled();
  }

  readonly #locks: TabLocks = {
    request: async (name, { signal }, task) => {
      const before = this.#queues.get(name) ?? Promise.resolve();
      let done = (): void => undefined;
      const turn = new Promise<void>((resolve) => (done = resolve));
      this.#queues.set(
        name,
        before.then(() => turn),
      );
      try {
        await Promise.race([before, aborted(signal)]);
        return await task();
      } finally {
        done();
      }
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
}

class FakeChannel implements TabChannel {
  onmessage: TabChannel['onmessage'] = null;

  constructor(
    readonly name: string,
    readonly all: Set<FakeChannel>,
  ) {
    all.add(this);
  }

  postMessage(message: unknown): void {
    const data: unknown = structuredClone(message);
    for (const other of this.all) {
      if (other !== this && other.name === this.name) setImmediate(() => other.onmessage?.({ data }));
    }
  }

  close(): void {
    this.all.delete(this);
  }
}

/** Promises and messages that are under way have arrived. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise(setImmediate);
}
