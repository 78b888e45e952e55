import { createRemoteJWKSet, customFetch } from 'jose';
import type { CryptoKey, FlattenedJWSInput, JWSHeaderParameters } from 'jose';
import type { Logger } from '../bayeux/ports.js';
import { failureCode } from './failure-code.js';
import { issuerFetch } from './issuer-fetch.js';
import { ISSUER_COOL_DOWN, ISSUER_TIMEOUT, IssuerMetadata } from './issuer-metadata.js';
import type { IssuerOptions } from './issuer-metadata.js';
import { isWithin, SingleFlight } from './single-flight.js';
import { AuthUnavailableError } from './token-verifier.js';

/** Milliseconds after a fetch in which a key id that is not known causes no other one: peers choose key ids. */
const UNKNOWN_KEY_COOL_DOWN = 10_000;

/** Milliseconds after which the keys are fetched again even if all is well, so that a withdrawn key ends. */
const MAX_AGE = 600_000;

interface LoadedKeys {
  readonly set: ReturnType<typeof createRemoteJWKSet>;
  readonly url: string;
  readonly loadedAt: number;
}

/**
 * The public keys of the one issuer that is configured. Nothing a token says (`iss`, `jku`, `jwk`, `x5u`, `kid`)
 * decides where they come from, and no flood of key ids makes more than one fetch in ten seconds, or one in a
 * second while the issuer is down.
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

  /**
   * @param now milliseconds since the epoch.
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
   * The key that verifies a token with this header.
   *
   * @throws AuthUnavailableError as a rejection, if the keys cannot be had; errors of jose, if none of them fits.
   */
  async find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const keys = this.#isYounger(this.#loaded, MAX_AGE) ? this.#loaded : await this.#fetch.run();
    try {
      return await keys.set(header, token);
    } catch (error) {
      const rotated =
        failureCode(error) === 'ERR_JWKS_NO_MATCHING_KEY' &&
        !this.#isYounger(this.#loaded, UNKNOWN_KEY_COOL_DOWN);
      if (!rotated) throw error;
    }
    const renewed = await this.#fetch.run();
    return renewed.set(header, token);
  }

  #isYounger(keys: LoadedKeys | undefined, age: number): keys is LoadedKeys {
    return keys !== undefined && isWithin(this.#now(), keys.loadedAt, age);
  }

  async #load(): Promise<LoadedKeys> {
    const url = String((await this.#metadata.get()).jwks_uri);
    const set =
      this.#loaded?.url === url
        ? this.#loaded.set
        : createRemoteJWKSet(new URL(url), {
            timeoutDuration: this.#timeout,
            cooldownDuration: Infinity,
            cacheMaxAge: Infinity,
            [customFetch]: issuerFetch,
          });
    try {
      await set.reload();
    } catch (error) {
      const code = failureCode(error);
      this.#metadata.forget();
      this.#logger.warn(`The keys of the issuer could not be fetched: ${code}.`);
      throw new AuthUnavailableError(`no keys (${code})`);
    }
    this.#loaded = { set, url, loadedAt: this.#now() };
    return this.#loaded;
  }
}
