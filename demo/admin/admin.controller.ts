import {
  Body,
  Controller,
  Get,
  Header,
  Post,
  Req,
  Res,
  UseGuards,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { CometService } from '../../src/index.js';
import { type PortalSession, Session } from '../auth/portal-session.js';
import { SameOriginGuard } from '../auth/same-origin.guard.js';
import { SessionEnd } from '../auth/session-end.service.js';
import { SessionGuard } from '../auth/session.guard.js';
import { SignedInPage } from '../auth/signed-in-page.service.js';
import { TokenVault } from '../auth/token.vault.js';
import { AdminGuard } from './admin.guard.js';
import { adminView } from './admin.view.js';
import { EndAccessDto } from './end-access.dto.js';

declare module 'express-session' {
  interface SessionData {
    /** What the administration's page is to say once. */
    adminNews?: string;
  }
}

/** Who is signed in, and the end of it. */
@Controller('admin')
@UseGuards(SessionGuard, AdminGuard)
export class AdminController {
  constructor(
    private readonly comet: CometService,
    private readonly page: SignedInPage,
    private readonly vault: TokenVault,
    private readonly sessionEnd: SessionEnd,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async show(
    @Session() session: PortalSession,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    const news = request.session.adminNews;
    delete request.session.adminNews;
    const people = this.vault.people().map((person) => ({
      ...person,
      pages: this.comet.sessions(person.userId).length,
    }));
    return adminView(await this.page.prepare(session, response), people, news);
  }

  @Post('end-access')
  @UseGuards(SameOriginGuard)
  @UsePipes(new ValidationPipe({ transform: true, whitelist: true, stopAtFirstError: true }))
  async endAccess(
    @Body() { userId }: EndAccessDto,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    // First the portal: the pages that are told ask it at once.
    this.vault.endAccess(userId);
    const sessions = await this.sessionEnd.endUser(userId);
    const pages = sessions === 1 ? 'one page was' : `${sessions || 'no'} pages were`;
    request.session.adminNews = `The access of ${userId} has ended: ${pages} disconnected.`;
    response.redirect(303, '/admin');
  }
}
