import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { NoticeException } from './notice.exception.js';
import { noticeView, type Notice } from './notice.view.js';

const HOME = { href: '/', label: 'To the portal' };

/** Answers what went wrong: a plain page to whoever prefers HTML, JSON to scripts. */
@Catch()
export class NoticeFilter implements ExceptionFilter {
  private readonly logger = new Logger('Portal');

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const status = statusOf(error);
    // Only what nobody expected is worth a stack trace; the path goes without its query, which may hold a code.
    if (status === 500) this.logger.error(`${request.method} ${request.path}: ${stackOf(error)}`);
    if (response.headersSent) {
      response.end();
      return;
    }
    if (error instanceof NoticeException) response.set(error.headers);
    response.status(status).set('Cache-Control', 'no-store');
    // `*/*` is what scripts and curl send: they get JSON, only browsers name HTML.
    if (request.accepts(['json', 'html']) === 'html')
      response.type('html').send(noticeView(noticeOf(error, status)));
    else response.json(bodyOf(error, status));
  }
}

/** `body-parser` and `express` mark the errors a peer caused with a status of their own. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : 500;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : 'unknown error';

function noticeOf(error: unknown, status: number): Notice {
  if (error instanceof NoticeException) return error.notice;
  if (status === 404)
    return { title: 'Page not found', text: 'There is nothing at this address.', action: HOME };
  if (status < 500)
    return {
      title: 'Request refused',
      text: 'The portal could not make sense of this request.',
      action: HOME,
    };
  return {
    title: 'Something went wrong',
    text: 'The portal made a mistake. It has been noted.',
    action: HOME,
  };
}

function bodyOf(error: unknown, status: number): string | object {
  if (error instanceof HttpException) return error.getResponse();
  return { statusCode: status, message: status < 500 ? 'Bad request' : 'Internal server error' };
}
