import { Module } from '@nestjs/common';
import { AuthController } from './auth.controller.js';
import { CometTokenController } from './comet-token.controller.js';
import { LoginStateStore } from './login-state.store.js';
import { LoginService } from './login.service.js';
import { OidcClient } from './oidc-client.service.js';
import { SameOriginGuard } from './same-origin.guard.js';
import { SessionEnd } from './session-end.service.js';
import { SessionGuard } from './session.guard.js';
import { SignedInPage } from './signed-in-page.service.js';
import { TokenVault } from './token.vault.js';

/** Login through the provider, the portal's session, and tokens for its page. */
@Module({
  controllers: [AuthController, CometTokenController],
  providers: [
    OidcClient,
    LoginService,
    LoginStateStore,
    TokenVault,
    SessionEnd,
    SignedInPage,
    SessionGuard,
    SameOriginGuard,
  ],
  exports: [TokenVault, SessionEnd, SignedInPage, SessionGuard, SameOriginGuard],
})
export class AuthModule {}
