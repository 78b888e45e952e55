import { Injectable, Logger } from '@nestjs/common';
import * as oidc from 'openid-client';
import { DemoConfig } from '../config/demo.config.js';
import { errorCode, LoginRefusedError, ProviderUnavailableError } from './auth.errors.js';
import { discoverProvider } from './discover-provider.js';
import type { TokenSet } from './token-set.js';

/** The portal's conversations with the provider, other than the login itself. */
@Injectable()
export class OidcClient {
  private readonly logger = new Logger('Provider');
  private discovered: Promise<oidc.Configuration> | undefined;

  constructor(private readonly config: DemoConfig) {}

  /**
   * The provider's metadata. Asked for at the first login, not at boot: the embedded provider listens no earlier than
   * the portal does. A failure is not remembered.
   *
   * @throws {@link ProviderUnavailableError}
   */
  configuration(): Promise<oidc.Configuration> {
    this.discovered ??= this.discover().catch((error: unknown) => {
      this.discovered = undefined;
      this.logger.error(`${this.config.provider.issuer} cannot be discovered: ${errorCode(error)}`);
      throw new ProviderUnavailableError('discovery failed');
    });
    return this.discovered;
  }

  /**
   * Trades a refresh token for new tokens.
   *
   * @throws {@link LoginRefusedError} if the provider will not have it any more.
   * @throws {@link ProviderUnavailableError}
   */
  async refresh(refreshToken: string): Promise<TokenSet> {
    const configuration = await this.configuration();
    try {
      const answer = await oidc.refreshTokenGrant(configuration, refreshToken, this.resourceParameters());
      const lifetime = (answer.expires_in ?? 60) * 1000;
      return {
        accessToken: answer.access_token,
        refreshToken: answer.refresh_token ?? refreshToken,
        ...(answer.id_token && { idToken: answer.id_token }),
        lifetime,
        expiresAt: performance.now() + lifetime,
      };
    } catch (error) {
      if (error instanceof oidc.ResponseBodyError && error.status < 500)
        throw new LoginRefusedError(error.error);
      this.logger.error(`A token could not be renewed: ${errorCode(error)}`);
      throw new ProviderUnavailableError('refresh failed');
    }
  }

  /** Where to send a browser so that the provider's own session ends too; `null` if it has no such place. */
  async endSessionUrl(idToken: string | undefined): Promise<string | null> {
    const configuration = await this.configuration();
    if (!configuration.serverMetadata().end_session_endpoint) return null;
    return oidc.buildEndSessionUrl(configuration, {
      post_logout_redirect_uri: `${this.config.publicUrl}/signed-out`,
      ...(idToken && { id_token_hint: idToken }),
    }).href;
  }

  /** The origin that signing out leads to; `null` if the provider has none or cannot be asked. */
  async endSessionOrigin(): Promise<string | null> {
    const configuration = await this.configuration().catch(() => null);
    const endpoint = configuration?.serverMetadata().end_session_endpoint;
    return endpoint ? new URL(endpoint).origin : null;
  }

  /**
   * Names the push server to the provider: `resource` is RFC 8707, `audience` what older providers ask for instead.
   * Neither is sent for an audience that is not a URL, since providers that use such names refuse the parameters.
   */
  resourceParameters(): Record<string, string> {
    const { audience } = this.config.provider;
    if (!URL.canParse(audience) || !/^https?:/.test(audience)) return {};
    return this.config.embedded ? { resource: audience } : { resource: audience, audience };
  }

  private discover(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.config.provider;
    return discoverProvider(
      issuer,
      clientId,
      clientSecret ? oidc.ClientSecretPost(clientSecret) : oidc.None(),
    );
  }
}
