import { allowInsecureRequests, customFetch, discovery } from 'openid-client';
import type { ServerMetadata } from 'openid-client';
import type { Logger } from '../bayeux/ports.js';
import { failureCode } from './failure-code.js';
import { issuerFetch } from './issuer-fetch.js';
import { isPermitted, permitsHttp } from './issuer-url.js';
import { SingleFlight } from './single-flight.js';
import { AuthUnavailableError } from './token-verifier.js';

/** Milliseconds after a failure in which the issuer is not asked again. */
export const ISSUER_COOL_DOWN = 1_000;

/** Milliseconds one request to the issuer may take. */
export const ISSUER_TIMEOUT = 5_000;

/** Where the issuer is and how it may be asked. */
export interface IssuerOptions {
  /** The issuer, exactly as in the `iss` of its tokens. */
  readonly issuer: string;
  /** Permits plain HTTP to an issuer that is not on this host. */
  readonly allowInsecureIssuer: boolean;
  /** Milliseconds one request to the issuer may take. @default 5000 */
  readonly issuerTimeout?: number | undefined;
  /** Where the issuer publishes its keys, if that shall not be discovered. */
  readonly jwksUri?: string | undefined;
  /** Where the issuer is asked about tokens, if that shall not be discovered. */
  readonly introspectionEndpoint?: string | undefined;
}

/** What of the metadata is used. */
export type IssuerEndpoint = 'jwks_uri' | 'introspection_endpoint';

/** openid-client wants the name of a client; a resource server is none and never sends it. */
const NO_CLIENT = 'resource-server';

/** What a server answers that does not publish this form of the document: another status, a page, no metadata. */
const NOT_PUBLISHED: ReadonlySet<string> = new Set([
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
  'OAUTH_INVALID_RESPONSE',
]);

const MISMATCH = 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED';

/**
 * The metadata of the issuer, fetched when first needed and never before, as the issuer may start after this
 * process or live in it. OpenID Connect Discovery is asked first, then RFC 8414.
 *
 * @internal
 */
export class IssuerMetadata {
  readonly #issuer: string;
  readonly #url: URL;
  readonly #given: Partial<Record<IssuerEndpoint, string>>;
  readonly #needs: readonly IssuerEndpoint[];
  readonly #allowInsecure: boolean;
  readonly #timeout: number;
  readonly #logger: Logger;
  readonly #discovery: SingleFlight<ServerMetadata>;
  #metadata: ServerMetadata | undefined;

  /**
   * @param needs what the metadata must name.
   * @param now milliseconds that pass evenly; the cool-down after a failure is measured with it.
   */
  constructor(options: IssuerOptions, needs: readonly IssuerEndpoint[], logger: Logger, now: () => number) {
    this.#issuer = options.issuer;
    this.#url = new URL(options.issuer);
    this.#given = {
      ...(options.jwksUri !== undefined && { jwks_uri: options.jwksUri }),
      ...(options.introspectionEndpoint !== undefined && {
        introspection_endpoint: options.introspectionEndpoint,
      }),
    };
    this.#needs = needs;
    this.#allowInsecure = options.allowInsecureIssuer;
    this.#timeout = options.issuerTimeout ?? ISSUER_TIMEOUT;
    this.#logger = logger;
    this.#discovery = new SingleFlight(() => this.#discover(), ISSUER_COOL_DOWN, now);
  }

  /**
   * The metadata, in which all that is needed is there and may be used.
   *
   * @throws AuthUnavailableError as a rejection, if the metadata cannot be had or cannot be trusted.
   */
  async get(): Promise<ServerMetadata> {
    return this.#metadata ?? this.#discovery.run();
  }

  /** The metadata led nowhere: asks again at the next need, as the issuer may have moved its keys. */
  forget(): void {
    this.#metadata = undefined;
  }

  async #discover(): Promise<ServerMetadata> {
    const metadata = { ...(await this.#published()), ...this.#given };
    for (const name of this.#needs) {
      const url = metadata[name];
      if (typeof url !== 'string' || !URL.canParse(url) || !isPermitted(new URL(url), this.#allowInsecure)) {
        throw this.#distrust(`its metadata names no ${name} that may be used.`);
      }
    }
    this.#metadata = metadata;
    return metadata;
  }

  /** Nobody is asked for what the options say. */
  async #published(): Promise<ServerMetadata> {
    if (this.#needs.every((name) => this.#given[name] !== undefined)) return { issuer: this.#issuer };
    const metadata = await this.#fetch();
    // Compared as text, which is stricter than the comparison of URLs in openid-client, and has no exceptions for
    // single vendors (RFC 8414 §3.3: identical).
    if (metadata.issuer !== this.#issuer) throw this.#mismatch();
    return metadata;
  }

  async #fetch(): Promise<ServerMetadata> {
    try {
      return await this.#request('oidc').catch((error: unknown) => {
        if (NOT_PUBLISHED.has(failureCode(error))) return this.#request('oauth2');
        throw error;
      });
    } catch (error) {
      const code = failureCode(error);
      if (code === MISMATCH) throw this.#mismatch();
      this.#logger.warn(`The metadata of the issuer ${this.#issuer} could not be fetched: ${code}.`);
      throw new AuthUnavailableError(`no metadata (${code})`);
    }
  }

  async #request(algorithm: 'oidc' | 'oauth2'): Promise<ServerMetadata> {
    const configuration = await discovery(this.#url, NO_CLIENT, undefined, undefined, {
      algorithm,
      timeout: this.#timeout / 1000,
      [customFetch]: issuerFetch,
      ...(permitsHttp(this.#url, this.#allowInsecure) && { execute: [allowInsecureRequests] }),
    });
    return configuration.serverMetadata();
  }

  #mismatch(): AuthUnavailableError {
    return this.#distrust(
      'its metadata names another issuer. Write the issuer exactly as its metadata does.',
    );
  }

  #distrust(why: string): AuthUnavailableError {
    this.#logger.error(`The issuer ${this.#issuer} cannot be used: ${why}`);
    return new AuthUnavailableError('the metadata cannot be trusted');
  }
}
