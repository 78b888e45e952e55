import { PATH } from '../nest/controller-path.js';
import { namesIssuers } from '../nest/trusted-issuers.js';

/**
 * How services push over HTTP.
 *
 * @publicApi
 */
export interface CometPushOptions {
  /** Path of the controller, below the global prefix of the application; it has no version. @default 'push' */
  path?: string;
  /** The scope that tokens need. @default 'comet:publish' */
  scope?: string;
  /**
   * Issuers whose services may push, exactly as in `auth`. A push reaches the users of all issuers of its tenant, so that
   * it must be given where several issuers share one.
   * @default the only issuer, or each in a tenant of its own
   */
  issuers?: readonly string[];
  /** Messages in one request. @default 100 */
  maxBatch?: number;
  /** Users that one message may be for. @default 1000 */
  maxUsers?: number;
  /** Milliseconds for which the answer to an `Idempotency-Key` is kept. @default 3600000 */
  keyTtl?: number;
  /** Keys that are kept for one service; past it the oldest is forgotten. @default 1000 */
  maxKeys?: number;
}

/** The same, complete. */
export type ResolvedPushOptions = Required<Omit<CometPushOptions, 'issuers'>> &
  Pick<CometPushOptions, 'issuers'>;

/** Injects them. */
export const PUSH_OPTIONS = Symbol('nestjs-comet:push-options');

const DEFAULTS: ResolvedPushOptions = Object.freeze({
  path: 'push',
  scope: 'comet:publish',
  maxBatch: 100,
  maxUsers: 1_000,
  keyTtl: 3_600_000,
  maxKeys: 1_000,
});

/**
 * Fills in the defaults.
 *
 * @throws TypeError that says what to write instead of an option that cannot mean what it says.
 */
export function resolvePushOptions(options: CometPushOptions): ResolvedPushOptions {
  const given = Object.entries(options as Record<string, unknown>).filter(([, value]) => value !== undefined);
  const unknown = given.find(([name]) => !Object.hasOwn(DEFAULTS, name) && name !== 'issuers');
  if (unknown) throw new TypeError(`${unknown[0]} is no option of CometPushModule: look for a misspelling.`);
  const resolved = { ...DEFAULTS, ...Object.fromEntries(given) } as ResolvedPushOptions;
  if (typeof resolved.path !== 'string' || !PATH.test(resolved.path)) {
    throw new TypeError("path must be a path without a slash at either end: write for example path: 'push'.");
  }
  for (const name of ['maxBatch', 'maxUsers', 'keyTtl', 'maxKeys'] as const) {
    if (Number.isSafeInteger(resolved[name]) && resolved[name] > 0) continue;
    throw new TypeError(
      `${name} must be a whole number above 0: write for example ${name}: ${DEFAULTS[name]}.`,
    );
  }
  if (resolved.issuers !== undefined && !namesIssuers(resolved.issuers)) {
    throw new TypeError(
      "issuers must name issuers: write for example issuers: ['https://login.example.com'].",
    );
  }
  return resolved;
}
