import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  enableNonRepudiationChecks,
  PrivateKeyJwt,
  ResponseBodyError,
  tokenIntrospection,
} from 'openid-client';
import type { ClientAuth, IntrospectionResponse, ServerMetadata } from 'openid-client';
import type { Logger } from '../bayeux/ports.js';
import { failureCode } from './failure-code.js';
import { issuerFetch } from './issuer-fetch.js';
import { ISSUER_COOL_DOWN, ISSUER_TIMEOUT, type IssuerMetadata } from './issuer-metadata.js';
import type { IntrospectionSettings, IssuerSettings } from './issuer-settings.js';
import { permitsHttp } from './issuer-url.js';
import { isWithin } from './single-flight.js';
import { AuthUnavailableError, TokenError } from './token-verifier.js';

/** Milliseconds for which metadata is kept although asking fails: some tokens may make an issuer fail on purpose. */
const FORGET_COOL_DOWN = 10_000;

/** What RFC 9701 §4 calls a signed answer. */
const SIGNED = 'application/token-introspection+jwt';

interface Connection {
  readonly metadata: ServerMetadata;
  readonly configuration: Configuration;
  readonly since: number;
}

/**
 * Asks an issuer about tokens (RFC 7662), and nothing but that. Whatever is no clear answer means that nothing is
 * known of the token.
 *
 * @internal
 */
export class IntrospectionClient {
  readonly #issuer: IssuerSettings;
  readonly #settings: IntrospectionSettings;
  readonly #metadata: IssuerMetadata;
  readonly #logger: Logger;
  readonly #now: () => number;
  #connection: Connection | undefined;
  #complained: number | undefined;

  /** @param now milliseconds that pass evenly. */
  constructor(
    issuer: IssuerSettings,
    settings: IntrospectionSettings,
    metadata: IssuerMetadata,
    logger: Logger,
    now: () => number,
  ) {
    this.#issuer = issuer;
    this.#settings = settings;
    this.#metadata = metadata;
    this.#logger = logger;
    this.#now = now;
  }

  /**
   * What the issuer says of the token.
   *
   * @throws TokenError as a rejection, if the issuer says that it answers for no tokens of this kind.
   * @throws AuthUnavailableError as a rejection, if it gives no answer that can be used.
   */
  async ask(token: string): Promise<IntrospectionResponse> {
    const { configuration } = await this.#connect();
    try {
      return await tokenIntrospection(configuration, token, { token_type_hint: 'access_token' });
    } catch (error) {
      if (error instanceof ResponseBodyError && error.error === 'unsupported_token_type') {
        throw new TokenError('invalid_token', 'the issuer is not asked about tokens of this kind');
      }
      throw this.#failed(failureCode(error));
    }
  }

  async #connect(): Promise<Connection> {
    const metadata = await this.#metadata.get();
    if (this.#connection?.metadata !== metadata) {
      this.#connection = { metadata, configuration: this.#configure(metadata), since: this.#now() };
    }
    return this.#connection;
  }

  #configure(metadata: ServerMetadata): Configuration {
    const { clientId, signedResponseAlg } = this.#settings;
    const configuration = new Configuration(
      metadata,
      clientId,
      signedResponseAlg === undefined ? {} : { introspection_signed_response_alg: signedResponseAlg },
      authenticationOf(this.#settings),
    );
    const endpoint = String(metadata.introspection_endpoint);
    configuration.timeout = (this.#issuer.issuerTimeout ?? ISSUER_TIMEOUT) / 1000;
    configuration[customFetch] = async (url, init) => {
      const answer = await issuerFetch(url, init);
      if (signedResponseAlg !== undefined && url === endpoint && answer.status === 200)
        refuseUnsigned(answer);
      return answer;
    };
    if (permitsHttp(new URL(endpoint), this.#issuer.allowInsecureIssuer))
      allowInsecureRequests(configuration);
    if (signedResponseAlg !== undefined) enableNonRepudiationChecks(configuration);
    return configuration;
  }

  #failed(code: string): AuthUnavailableError {
    const now = this.#now();
    if (this.#connection && !isWithin(now, this.#connection.since, FORGET_COOL_DOWN)) this.#metadata.forget();
    if (this.#complained === undefined || !isWithin(now, this.#complained, ISSUER_COOL_DOWN)) {
      this.#complained = now;
      this.#logger.warn(`The issuer ${this.#issuer.issuer} could not be asked about a token: ${code}.`);
    }
    return new AuthUnavailableError(`no introspection (${code})`);
  }
}

function authenticationOf({ clientSecret, privateKey, authentication }: IntrospectionSettings): ClientAuth {
  if (privateKey !== undefined) return PrivateKeyJwt(privateKey);
  return authentication === 'client_secret_post'
    ? ClientSecretPost(clientSecret)
    : ClientSecretBasic(clientSecret);
}

/** An answer that is not signed would say no less to openid-client. */
function refuseUnsigned(answer: Response): void {
  const type = answer.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== SIGNED) throw Object.assign(new Error('not signed'), { code: 'ISSUER_ANSWER_NOT_SIGNED' });
}
