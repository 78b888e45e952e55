import { Body, Controller, Header, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import { NoticeException } from '../web/notice.exception.js';
import { LoginRefusedError } from './auth.errors.js';
import { closeSession, type PortalSession, Session } from './portal-session.js';
import { SameOriginGuard } from './same-origin.guard.js';
import { SessionGuard } from './session.guard.js';
import { TokenVault } from './token.vault.js';

/** What the portal's page gets: an access token for the push server, and nothing that lives longer. */
export interface CometToken {
  readonly token: string;
  /** Seconds. */
  readonly expiresIn: number;
}

@Controller('auth/comet-token')
@UseGuards(SessionGuard, SameOriginGuard)
export class CometTokenController {
  constructor(private readonly vault: TokenVault) {}

  /** `renew: true` asks for another token, since the push server refused the last one. */
  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async issue(
    @Session() session: PortalSession,
    @Body() body: { renew?: unknown } | undefined,
    @Req() request: Request,
  ): Promise<CometToken> {
    try {
      return await this.vault.accessToken(session.vaultKey, body?.renew === true);
    } catch (error) {
      if (!(error instanceof LoginRefusedError)) throw NoticeException.providerDown();
      if (this.vault.isEnded(session.vaultKey)) throw NoticeException.accessEnded();
      this.vault.remove(session.vaultKey);
      await closeSession(request);
      throw NoticeException.sessionLost();
    }
  }
}
