import { HttpException } from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { BayeuxErrors } from '../bayeux/errors.js';

const MAX_LENGTH = 512;

/**
 * What a client is told of an exception in a handler. `WsException` and `HttpException` are meant for it; of
 * anything else it learns nothing, as that may tell how the server works.
 */
export function errorForPeer(exception: unknown): string | undefined {
  if (exception instanceof WsException) return errorFromPayload(exception.getError());
  if (!(exception instanceof HttpException)) return undefined;
  const response = exception.getResponse();
  // 402 is how clients are told that their session is gone.
  const status = exception.getStatus() === 402 ? 403 : exception.getStatus();
  return `${status}::${text(messageOf(response) ?? exception.message)}`;
}

/** The same for what Nest's own filter makes of an exception. */
export function errorFromPayload(payload: unknown): string {
  const message = typeof payload === 'string' ? payload : messageOf(payload);
  if (message === undefined || message === 'Internal server error') return BayeuxErrors.serviceFailed;
  // What Nest says when a guard returns false.
  if (message === 'Forbidden resource') return `403::${message}`;
  const coded = /^(?!402)\d{3}:[^:]*:/.test(message);
  return text(coded ? message : `400::${message}`);
}

function messageOf(payload: unknown): string | undefined {
  const { message } = (payload ?? {}) as { message?: unknown };
  if (Array.isArray(message)) return message.join('; ');
  return typeof message === 'string' ? message : undefined;
}

function text(message: string): string {
  return message.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_LENGTH);
}
