import { Inject, Injectable } from '@nestjs/common';
import { TOKEN_VERIFIER, type TokenVerifier } from '../../src/index.js';
import { DemoConfig } from '../config/demo.config.js';
import { LoginStateStore } from './login-state.store.js';
import { OidcClient } from './oidc-client.service.js';
import { OidcStrategy } from './oidc.strategy.js';

/** Sets the login strategy up once the provider's endpoints are known, which is at the first login. */
@Injectable()
export class LoginService {
  private strategy: OidcStrategy | undefined;

  constructor(
    private readonly config: DemoConfig,
    private readonly client: OidcClient,
    private readonly store: LoginStateStore,
    @Inject(TOKEN_VERIFIER) private readonly verifier: TokenVerifier,
  ) {}

  /** Settles when passport knows the strategy. */
  async ready(): Promise<void> {
    const configuration = await this.client.configuration();
    // Constructing it registers it with passport.
    this.strategy ??= new OidcStrategy({
      config: this.config,
      metadata: configuration.serverMetadata(),
      resourceParameters: this.client.resourceParameters(),
      store: this.store,
      verifier: this.verifier,
    });
  }
}
