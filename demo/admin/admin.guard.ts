import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { isAdministrator } from '../auth/portal-session.js';
import { NoticeException } from '../web/notice.exception.js';

/** Lets administrators pass. Use it behind `SessionGuard`. */
@Injectable()
export class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { portal } = context.switchToHttp().getRequest<Request>().session;
    if (!portal || !isAdministrator(portal)) throw NoticeException.administratorsOnly();
    return true;
  }
}
