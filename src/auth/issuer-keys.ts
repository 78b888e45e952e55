import { createRemoteJWKSet, customFetch, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTVerifyOptions, JWTVerifyResult } from 'jose';
import type { Logger, MaybePromise } from '../bayeux/ports.js';
import { failureCode } from './failure-code.js';
import { issuerFetch } from './issuer-fetch.js';
import { ISSUER_COOL_DOWN, ISSUER_TIMEOUT, IssuerMetadata } from './issuer-metadata.js';
import type { IssuerOptions } from './issuer-metadata.js';
import { isWithin, SingleFlight } from './single-flight.js';
import { AuthUnavailableError } from './token-verifier.js';

/** Milliseconds after a fetch in which no token causes another one: peers choose key ids and signatures. */
const RENEWAL_COOL_DOWN = 10_000;

/** Keys that are tried for a token that names none of them. */
const MAX_TRIED = 8;

/** Milliseconds after which the keys are fetched again even if all is well, so that a withdrawn key ends. */
const MAX_AGE = 600_000;

interface LoadedKeys {
  readonly set: ReturnType<typeof createRemoteJWKSet>;
  readonly loadedAt: number;
  /** How many fetches had begun when this one did, itself included. */
  readonly fetch: number;
}

/**
 * The public keys of the one issuer that is configured. Nothing a token says (`iss`, `jku`, `jwk`, `x5u`, `kid`)
 * decides where they come from, and no flood of tokens makes more than one fetch in ten seconds, or one in a
 * second while the issuer is down.
 *
 * The keys may be older than the token. A token that no known key verifies is refused only when the keys were asked
 * for after it came; until they can be asked for again, nothing can be told of it.
 *
 * jose fetches, selects and imports; when to fetch is decided here, as jose knows no clock but the system's, and
 * sets no limit to attempts that fail.
 *
 * @internal
 */
export class IssuerKeys {
  readonly #metadata: IssuerMetadata;
  readonly #timeout: number;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #fetch: SingleFlight<LoadedKeys>;
  #loaded: LoadedKeys | undefined;
  #begun = 0;

  /**
   * @param now milliseconds that pass evenly.
   * @param metadata what tells where the keys are, if others use it too.
   */
  constructor(
    options: IssuerOptions,
    logger: Logger,
    now: () => number,
    metadata = new IssuerMetadata(options, ['jwks_uri'], logger, now),
  ) {
    this.#metadata = metadata;
    this.#timeout = options.issuerTimeout ?? ISSUER_TIMEOUT;
    this.#logger = logger;
    this.#now = now;
    this.#fetch = new SingleFlight(() => this.#load(), ISSUER_COOL_DOWN, now);
  }

  /**
   * Verifies the signature and the claims of a token.
   *
   * @param waits whether the token may wait for keys that have to be fetched.
   * @throws AuthUnavailableError as a rejection, if the keys cannot be had, or may have been replaced since they were
   * fetched; errors of jose, if the token is not good.
   */
  async verify(token: string, options: JWTVerifyOptions, waits = true): Promise<JWTVerifyResult> {
    const begun = this.#begun;
    let keys: LoadedKeys | undefined;
    try {
      return await verifyWith(async () => (keys = await this.#known(waits)), token, options);
    } catch (error) {
      const doubt = doubtOf(error);
      if (doubt === undefined || this.#isFresh(keys, begun)) throw error;
      if (this.#isYounger(this.#loaded, RENEWAL_COOL_DOWN)) {
        // The issuer has published the very key that the token names, and the signature is not made with it.
        if (doubt === 'signature' && namesItsKey(token)) throw error;
        throw new AuthUnavailableError('the keys may have been replaced since they were fetched');
      }
      if (!waits) throw tooManyWait();
    }
    try {
      return await verifyWith(async () => (keys = await this.#fetch.run()), token, options);
    } catch (error) {
      // The fetch that was under way when the token came may have missed its key.
      if (doubtOf(error) === undefined || this.#isFresh(keys, begun)) throw error;
      throw new AuthUnavailableError('the keys were fetched too early');
    }
  }

  #known(waits: boolean): MaybePromise<LoadedKeys> {
    if (this.#isYounger(this.#loaded, MAX_AGE)) return this.#loaded;
    if (!waits) throw tooManyWait();
    return this.#fetch.run();
  }

  /** Whether keys were asked for after so many fetches had begun. */
  #isFresh(keys: LoadedKeys | undefined, begun: number): boolean {
    return keys !== undefined && keys.fetch > begun;
  }

  #isYounger(keys: LoadedKeys | undefined, age: number): keys is LoadedKeys {
    return keys !== undefined && isWithin(this.#now(), keys.loadedAt, age);
  }

  async #load(): Promise<LoadedKeys> {
    const fetch = ++this.#begun;
    const url = String((await this.#metadata.get()).jwks_uri);
    // A set of its own, so that the keys there are stay until there are others.
    const set = createRemoteJWKSet(new URL(url), {
      timeoutDuration: this.#timeout,
      cooldownDuration: Infinity,
      cacheMaxAge: Infinity,
      [customFetch]: issuerFetch,
    });
    try {
      await set.reload();
      if (set.jwks()?.keys.length === 0)
        throw Object.assign(new Error('no keys'), { code: 'ISSUER_HAS_NO_KEYS' });
    } catch (error) {
      const code = failureCode(error);
      this.#metadata.forget();
      this.#logger.warn(`The keys of the issuer could not be fetched: ${code}.`);
      throw new AuthUnavailableError(`no keys (${code})`);
    }
    this.#loaded = { set, loadedAt: this.#now(), fetch };
    return this.#loaded;
  }
}

function tooManyWait(): AuthUnavailableError {
  return new AuthUnavailableError('too many tokens wait for the keys of their issuer');
}

/** Verifies a token with the key that it names, or with each that it may mean if it names none. */
async function verifyWith(
  keys: () => Promise<LoadedKeys>,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, async (header, jws) => (await keys()).set(header, jws), options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let tried = 0;
    for await (const key of error) {
      try {
        return await jwtVerify(token, key, options);
      } catch (failure) {
        if (doubtOf(failure) !== 'signature') throw failure;
      }
      if (++tried === MAX_TRIED) break;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Why newer keys could verify a token that these do not; `undefined` if no key can. */
function doubtOf(error: unknown): 'key' | 'signature' | undefined {
  if (error instanceof errors.JWKSNoMatchingKey) return 'key';
  return error instanceof errors.JWSSignatureVerificationFailed ? 'signature' : undefined;
}

function namesItsKey(token: string): boolean {
  return decodeProtectedHeader(token).kid !== undefined;
}
