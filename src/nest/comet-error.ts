import { WsException } from '@nestjs/websockets';

/** More about a failure than its code and its text. */
export interface CometErrorOptions {
  /** What the error is about: the middle part of the error of the reply, separated by commas. @default none */
  readonly args?: string | readonly string[];
  /** What the client is told besides, as JSON, in `ext.details` of the reply. @default nothing */
  readonly details?: unknown;
  /** What led to it. It is logged with codes from 500 on, and never leaves the server. */
  readonly cause?: unknown;
}

/**
 * Refuses what a client asks for in words of the application's own: a call, a publish, a subscribe or a handshake. The
 * reply says `code:args:message` (Bayeux 1.0 §4).
 *
 * @example
 * throw new CometError(409, 'taken', { args: name, details: { free: ['bob1', 'bob2'] } });
 *
 * @publicApi
 */
export class CometError extends WsException {
  readonly details: unknown;

  /**
   * @param code from 400 to 599, as in HTTP, but for 402, which tells clients that their session is gone.
   * @param text what has failed, for example `taken`.
   * @throws RangeError for another code.
   */
  constructor(
    readonly code: number,
    text: string,
    { args = '', details, cause }: CometErrorOptions = {},
  ) {
    if (!Number.isInteger(code) || code < 400 || code > 599 || code === 402) {
      throw new RangeError(
        `${code} is no code of a CometError: write one from 400 to 599, but not 402, which tells clients that their ` +
          'session is gone.',
      );
    }
    const about = (typeof args === 'string' ? [args] : args)
      .map((arg) => arg.replace(/[:,]/g, ' '))
      .join(',');
    super(`${code}:${about}:${text}`);
    this.name = 'CometError';
    this.details = details;
    if (cause !== undefined) this.cause = cause;
  }
}
