import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { NoticeException } from '../web/notice.exception.js';
import { TokenVault } from './token.vault.js';

/** Lets signed-in users pass, unless an administrator has ended their access. */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(private readonly vault: TokenVault) {}

  canActivate(context: ExecutionContext): boolean {
    const { portal } = context.switchToHttp().getRequest<Request>().session;
    if (!portal) throw NoticeException.sessionLost();
    if (this.vault.isEnded(portal.vaultKey)) throw NoticeException.accessEnded();
    return true;
  }
}
