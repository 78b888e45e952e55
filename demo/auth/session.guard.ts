import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { NoticeException } from '../web/notice.exception.js';

/** Lets signed-in users pass. */
@Injectable()
export class SessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (!context.switchToHttp().getRequest<Request>().session.portal) throw NoticeException.sessionLost();
    return true;
  }
}
