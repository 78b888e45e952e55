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
  /** Milliseconds since the epoch. */
  now(): number;
  /** From 0 to 1. */
  random(): number;
  setTimeout(run: () => void, delay: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The names looked for, by shape: this code is compiled without the types of any one world. */
interface Globals {
  readonly navigator?: { readonly locks?: TabLocks };
  readonly BroadcastChannel?: new (name: string) => TabChannel;
  setTimeout(run: () => void, delay: number): unknown;
  clearTimeout(handle: unknown): void;
}

/** The browser as it is. Locks exist in secure contexts only: https, or this machine. */
export function browserPlatform(): Platform {
  const globals = globalThis as unknown as Globals;
  const { BroadcastChannel: Channel, navigator } = globals;
  return {
    locks: navigator?.locks,
    ...(Channel && { openChannel: (name: string) => new Channel(name) }),
    now: () => Date.now(),
    random: () => Math.random(),
    setTimeout: (run, delay) => globals.setTimeout(run, delay),
    clearTimeout: (handle) => {
      globals.clearTimeout(handle);
    },
  };
}
