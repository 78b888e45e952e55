import { timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { DemoConfig } from '../config/demo.config.js';
import { NoticeException } from '../web/notice.exception.js';

/**
 * Lets only the portal's own pages pass: by where the browser says the request comes from, and by the token that
 * stands in the page. Scripts send it as `X-CSRF-Token`, forms as the field `csrf`.
 */
@Injectable()
export class SameOriginGuard implements CanActivate {
  constructor(private readonly config: DemoConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    if (!this.isSameOrigin(request) || !hasCsrfToken(request)) throw NoticeException.foreignRequest();
    return true;
  }

  private isSameOrigin({ headers }: Request): boolean {
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin') return false;
    return headers.origin === this.config.publicUrl;
  }
}

function hasCsrfToken(request: Request): boolean {
  const expected = request.session.portal?.csrf;
  const body: unknown = request.body;
  const field = typeof body === 'object' && body !== null && 'csrf' in body ? body.csrf : undefined;
  const given = request.get('x-csrf-token') ?? field;
  return expected !== undefined && typeof given === 'string' && isSame(given, expected);
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
