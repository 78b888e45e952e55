import { Controller, Get, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CometService } from '../../src/index.js';
import { DemoConfig } from '../config/demo.config.js';
import { NoticeException } from '../web/notice.exception.js';
import { noticeView } from '../web/notice.view.js';
import { LoginFinishGuard, LoginStartGuard } from './login.guards.js';
import { OidcClient } from './oidc-client.service.js';
import type { LoginResult } from './oidc.strategy.js';
import { closeSession, openSession, type PortalSession, Session } from './portal-session.js';
import { SameOriginGuard } from './same-origin.guard.js';
import { SessionEnd } from './session-end.service.js';
import { SessionGuard } from './session.guard.js';
import { TokenVault } from './token.vault.js';

/** Signing in and out. */
@Controller()
export class AuthController {
  constructor(
    private readonly config: DemoConfig,
    private readonly comet: CometService,
    private readonly client: OidcClient,
    private readonly vault: TokenVault,
    private readonly sessionEnd: SessionEnd,
  ) {}

  @Get('auth/login')
  @UseGuards(LoginStartGuard)
  login(): void {
    // The guard has sent the browser to the provider.
  }

  @Get('auth/callback')
  @UseGuards(LoginFinishGuard)
  async callback(@Req() request: Request & { user: LoginResult }, @Res() response: Response): Promise<void> {
    const { userId, name, loginId, roles, tokens, returnTo } = request.user;
    this.forgetTokens(request);
    const vaultKey = this.vault.put({ userId, name }, tokens);
    const former = await openSession(request, { userId, name, ...(loginId && { loginId }), roles, vaultKey });
    if (former) await this.sessionEnd.endLogin(former);
    this.expireCometCookie(response);
    response.redirect(303, returnTo);
  }

  @Post('auth/logout')
  @UseGuards(SessionGuard, SameOriginGuard)
  async logout(
    @Session() session: PortalSession,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const idToken = this.forgetTokens(request);
    await closeSession(request);
    // Last: a page that is told asks the portal at once, which must know by then.
    await this.sessionEnd.endLogin(session);
    response.clearCookie(this.config.cookieName('portal'));
    this.expireCometCookie(response);
    // A provider that is down must not keep anybody signed in here.
    const elsewhere = await this.client.endSessionUrl(idToken).catch(() => null);
    response.redirect(303, elsewhere ?? '/signed-out');
  }

  @Get('signed-out')
  signedOut(): string {
    return noticeView({
      title: 'You are signed out',
      text: 'You have left the portal. See you soon.',
      action: { href: '/auth/login', label: 'Sign in' },
    });
  }

  @Get('session-lost')
  sessionLost(): never {
    throw NoticeException.sessionLost();
  }

  private forgetTokens(request: Request): string | undefined {
    const key = request.session.portal?.vaultKey;
    return key === undefined ? undefined : this.vault.remove(key);
  }

  /** The cookie binds push sessions to the browser; it must not outlive the user it was issued for. */
  private expireCometCookie(response: Response): void {
    response.append('Set-Cookie', this.comet.expireCookie(response.req));
  }
}
