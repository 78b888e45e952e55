/** Mutual exclusion among the tabs of an origin: `navigator.locks` (Web Locks API). */
export interface TabLocks {
  request<T>(name: string, options: { readonly signal: AbortSignal }, task: () => Promise<T>): Promise<T>;
}

/** A `BroadcastChannel`: what one tab posts, the others of its origin hear. */
export interface TabChannel {
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

/** What the helper asks of the page's world. Without locks or channels every tab fetches its own tokens. */
export interface Platform {
  readonly locks?: TabLocks | undefined;
  openChannel?(name: string): TabChannel;
  /** Milliseconds that pass evenly, though perhaps not while the machine sleeps. */
  now(): number;
  /** Milliseconds since the epoch, by a clock that can be set. */
  wallTime(): number;
  /** From 0 to 1. */
  random(): number;
  setTimeout(run: () => void, delay: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The names looked for, by shape: this code is compiled without the types of any one world. */
interface Globals {
  readonly navigator?: { readonly locks?: TabLocks };
  readonly BroadcastChannel?: new (name: string) => TabChannel;
  readonly performance?: { now(): number };
  setTimeout(run: () => void, delay: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The browser as it is. Locks exist in secure contexts only: https, or this machine. */
export function browserPlatform(): Platform {
  const globals = globalThis as unknown as Globals;
  const { BroadcastChannel: Channel, navigator, performance } = globals;
  return {
    locks: navigator?.locks,
    ...(Channel && { openChannel: (name: string) => new Channel(name) }),
    now: () => performance?.now() ?? Date.now(),
    wallTime: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (run, delay) => globals.setTimeout(run, delay),
    clearTimeout: (handle) => {
      globals.clearTimeout(handle);
    },
  };
}
