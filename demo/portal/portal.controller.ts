import { Controller, Get, Header, Res } from '@nestjs/common';
import type { Response } from 'express';
import { type PortalSession, Session } from '../auth/portal-session.js';
import { SignedInPage } from '../auth/signed-in-page.service.js';
import { TokenVault } from '../auth/token.vault.js';
import { DemoConfig } from '../config/demo.config.js';
import { NoticeException } from '../web/notice.exception.js';
import { portalView, welcomeView } from './portal.view.js';

/** The portal's main page. */
@Controller()
export class PortalController {
  constructor(
    private readonly config: DemoConfig,
    private readonly page: SignedInPage,
    private readonly vault: TokenVault,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async show(
    @Session() session: PortalSession | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    if (!session) return welcomeView(this.config.embedded);
    if (this.vault.isEnded(session.vaultKey)) throw NoticeException.accessEnded();
    return portalView(await this.page.prepare(session, response));
  }
}
