import { randomBytes } from 'node:crypto';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import type { ServerMetadata } from 'openid-client';
import OAuth2Strategy from 'passport-oauth2';
import type { TokenVerifier } from '../../src/index.js';
import type { DemoConfig } from '../config/demo.config.js';
import { NoticeException } from '../web/notice.exception.js';
import { LoginRefusedError } from './auth.errors.js';
import { IdTokenVerifier } from './id-token.js';
import type { LoginState, LoginStateStore } from './login-state.store.js';
import type { TokenSet } from './token-set.js';

/** The name under which passport knows the strategy. */
export const OIDC_STRATEGY = 'portal-oidc';

/** What a login that went through yields. */
export interface LoginResult {
  readonly userId: string;
  readonly name: string;
  /** The `sid` of the tokens. */
  readonly loginId?: string;
  readonly roles: readonly string[];
  readonly tokens: TokenSet;
  readonly returnTo: string;
}

export interface OidcStrategyOptions {
  readonly config: DemoConfig;
  readonly metadata: Readonly<ServerMetadata>;
  readonly resourceParameters: Readonly<Record<string, string>>;
  readonly store: LoginStateStore;
  /** The push server's own verifier, so that both derive the same user id from a token. */
  readonly verifier: TokenVerifier;
}

/** How the guards call the strategy: a login that begins has something to remember, one that ends has not. */
export type OidcAuthenticateOptions = { readonly begin?: LoginState };

interface TokenAnswer {
  readonly id_token?: unknown;
  readonly expires_in?: unknown;
}

/**
 * Login by authorization code with PKCE. What passport-oauth2 lacks of OpenID Connect is added here: the issuer of the
 * answer (RFC 9207), the nonce, the ID token; and errors are believed only of a login that this browser began.
 */
export class OidcStrategy extends PassportStrategy(OAuth2Strategy, OIDC_STRATEGY, 6) {
  private readonly idTokens: IdTokenVerifier;

  constructor(private readonly options: OidcStrategyOptions) {
    const { config, metadata, store } = options;
    super({
      authorizationURL: metadata.authorization_endpoint ?? '',
      tokenURL: metadata.token_endpoint ?? '',
      clientID: config.provider.clientId,
      clientSecret: config.provider.clientSecret ?? '',
      // Absolute: a relative one would be resolved from the Host header.
      callbackURL: `${config.publicUrl}/auth/callback`,
      scope: config.provider.scope,
      pkce: true, // S256
      // The typings do not know the forms of `store` and `verify` that go with PKCE.
      store: store as unknown as OAuth2Strategy.StateStore,
      passReqToCallback: true,
    });
    this.idTokens = new IdTokenVerifier(metadata, config.provider.clientId);
  }

  override authenticate(request: Request, { begin, ...options }: OidcAuthenticateOptions): void {
    this.problemOf(request, begin)
      .then((problem) => {
        if (problem) this.error(problem);
        // An object, never a string: with a string passport-oauth2 would go past the store.
        else super.authenticate(request, { ...options, begin, state: begin });
      })
      .catch((error: unknown) => {
        this.error(error);
      });
  }

  override authorizationParams({ begin }: OidcAuthenticateOptions): object {
    const { config, resourceParameters } = this.options;
    return {
      ...resourceParameters,
      ...(begin && { nonce: begin.nonce }),
      ...(config.embedded && { claims: JSON.stringify({ id_token: { sid: null } }) }),
    };
  }

  /** Called by passport-oauth2 with the tokens; what it throws refuses the login. */
  async validate(
    request: Request,
    accessToken: string,
    refreshToken: string | undefined,
    answer: TokenAnswer,
  ): Promise<LoginResult> {
    const state = this.options.store.stateOf(request);
    if (!state) throw new LoginRefusedError('no login under way');
    const claims = await this.idTokens.verify(answer.id_token, state.nonce);
    const { userId, sid } = await this.options.verifier.verify(accessToken);
    if (!userId) throw new LoginRefusedError('the access token names no user');
    const lifetime = (Number(answer.expires_in) || 60) * 1000;
    return {
      userId,
      name: firstText(claims['name'], claims['preferred_username'], claims['email']) ?? userId,
      ...(sid !== undefined && { loginId: sid }),
      roles: textsOf(claims['roles']),
      returnTo: state.returnTo,
      tokens: {
        accessToken,
        ...(refreshToken && { refreshToken }),
        idToken: String(answer.id_token),
        lifetime,
        expiresAt: performance.now() + lifetime,
      },
    };
  }

  private async problemOf(request: Request, begin: LoginState | undefined): Promise<Error | undefined> {
    return begin ? this.problemAtStart(request) : this.problemAtEnd(request);
  }

  /** With an answer in the query passport-oauth2 would take the start of a login for its end. */
  private problemAtStart({ query }: Request): Error | undefined {
    return 'code' in query || 'error' in query
      ? new LoginRefusedError('an answer where a login begins')
      : undefined;
  }

  private async problemAtEnd(request: Request): Promise<Error | undefined> {
    const { code, error, error_description: description, iss, state } = request.query;
    if (!this.isFromIssuer(iss)) return new LoginRefusedError('answer of another issuer');
    if (error === undefined) return typeof code === 'string' ? undefined : new LoginRefusedError('no code');
    // Without a login of this browser the words are anybody's, and are not shown.
    if (!(await this.options.store.take(request, state)))
      return new LoginRefusedError('error for an unknown state');
    return NoticeException.providerError(excerpt(error, 60) ?? 'error', excerpt(description, 200));
  }

  /** RFC 9207: an answer of another provider than the one that was asked is not ours. */
  private isFromIssuer(iss: unknown): boolean {
    const { metadata } = this.options;
    if (iss === undefined) return metadata.authorization_response_iss_parameter_supported !== true;
    return iss === metadata.issuer;
  }
}

const excerpt = (text: unknown, length: number): string | undefined =>
  typeof text === 'string' ? text.slice(0, length) : undefined;

/** The beginning of a login. */
export const newLoginState = (returnTo: string): LoginState => ({
  nonce: randomBytes(24).toString('base64url'),
  returnTo,
});

const firstText = (...values: unknown[]): string | undefined =>
  values.find((value): value is string => typeof value === 'string' && value.trim() !== '');

const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
