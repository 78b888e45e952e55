import { HttpException } from '@nestjs/common';
import { FORBIDDEN_MESSAGE, MESSAGES } from '@nestjs/core/internal';
import { WsException } from '@nestjs/websockets';
import type { Failure } from '../bayeux/service.js';
import { CometError } from './comet-error.js';
import { plainDetails } from './failure-details.js';

const MAX_LENGTH = 512;
/** `402` is how clients are told that their session is gone, so applications cannot say it. */
const CODED = /^(?!402)[45]\d\d:[^:]*:/;

/**
 * What a client is told of an exception. `CometError`, `WsException` and `HttpException` are meant for it; of anything
 * else it learns nothing, as that may tell how the server works.
 *
 * @param code the status of a text that has none.
 */
export function failureOf(exception: unknown, code = 400): Failure | undefined {
  if (exception instanceof CometError) {
    return failure(text(exception.getError() as string), exception.details);
  }
  if (exception instanceof WsException) return failureOfPayload(exception.getError(), code);
  if (!(exception instanceof HttpException)) return undefined;
  const response = exception.getResponse();
  const status = exception.getStatus();
  const said = messageOf(response) ?? exception.message;
  // A status below is no failure, and there is a 402 of Bayeux that means something else.
  const told = status < 400 ? 500 : status === 402 ? 403 : status;
  return failure(text(`${told}::${said}`), isStandard(response) ? undefined : response);
}

/** The same for what a filter tells the client, or answers. `undefined` if that says nothing. */
export function failureOfPayload(payload: unknown, code = 400): Failure | undefined {
  if (payload === undefined || payload === null) return undefined;
  const message = messageOf(payload);
  // What Nest's own filter says of an exception that it does not know.
  if (message === MESSAGES.UNKNOWN_EXCEPTION_MESSAGE) return undefined;
  // What Nest says when a guard returns false.
  const status = message === FORBIDDEN_MESSAGE ? 403 : (statusOf(payload) ?? code);
  const said = message ?? (Array.isArray(payload) ? 'validation_failed' : 'request_failed');
  const error = text(CODED.test(said) ? said : `${status}::${said}`);
  return failure(error, isStandard(payload) ? undefined : payload);
}

/** Whether the log must have a line of a failure. */
export function isServerError({ error }: Failure): boolean {
  return error.startsWith('5');
}

function failure(error: string, details: unknown): Failure {
  const plain = plainDetails(details);
  return plain === undefined ? { error } : { error, details: plain };
}

/** Members that say no more than the error of the reply does. */
const STANDARD = new Set(['statusCode', 'status', 'message', 'error', 'cause']);

function isStandard(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null) return true;
  if (Array.isArray(payload)) return false;
  const { message } = payload as { message?: unknown };
  return !Array.isArray(message) && Object.keys(payload).every((name) => STANDARD.has(name));
}

function statusOf(payload: unknown): number | undefined {
  const { statusCode, status, code } = payload as Record<string, unknown>;
  return [statusCode, status, code].find(
    (value): value is number =>
      typeof value === 'number' && Number.isInteger(value) && value >= 400 && value < 600 && value !== 402,
  );
}

function messageOf(payload: unknown): string | undefined {
  if (typeof payload === 'string') return payload;
  if (Array.isArray(payload)) return joined(payload);
  const { message } = (payload ?? {}) as { message?: unknown };
  if (Array.isArray(message)) return joined(message);
  return typeof message === 'string' && message !== '' ? message : undefined;
}

function joined(messages: readonly unknown[]): string | undefined {
  const texts = messages.flatMap(constraintsOf);
  return texts.length > 0 ? texts.join('; ') : undefined;
}

/** Texts, and the constraints of errors of class-validator, those of children included. */
function constraintsOf(entry: unknown): string[] {
  if (typeof entry === 'string') return [entry];
  const { constraints, children } = (entry ?? {}) as { constraints?: object; children?: unknown };
  const own = Object.values(constraints ?? {}).filter((value): value is string => typeof value === 'string');
  return Array.isArray(children) ? [...own, ...children.flatMap(constraintsOf)] : own;
}

function text(message: string): string {
  return message.replace(/\p{Cc}+/gu, ' ').slice(0, MAX_LENGTH);
}
