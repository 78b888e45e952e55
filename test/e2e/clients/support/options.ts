import type { CometModuleOptions } from '../../../../src/index.js';

/** The transports that clients have in a browser. */
export const BROWSER_TRANSPORTS = ['websocket', 'long-polling', 'callback-polling'] as const;

/** One of them. */
export type BrowserTransport = (typeof BROWSER_TRANSPORTS)[number];

/** Those that need no token with every message, and that extensions work on without limits of length. */
export const USUAL_TRANSPORTS = ['websocket', 'long-polling'] as const;

/** What has the server offer all of them. */
export const ALL_TRANSPORTS = { transports: BROWSER_TRANSPORTS } satisfies Partial<CometModuleOptions>;

/** Short enough to see several rounds of a connect, and long enough for a slow machine. */
export const TIMES = { timeout: 300, maxInterval: 8_000, multiSessionInterval: 100, rehandshakeSpread: 0 };
