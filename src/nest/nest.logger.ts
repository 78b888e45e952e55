import { Logger as NestLogger } from '@nestjs/common';
import type { Logger } from '../bayeux/ports.js';

/** Writes what the library logs to the logger of the application. */
export class CometLogger implements Logger {
  readonly #logger = new NestLogger('Comet');

  debug(message: string | (() => string)): void {
    if (typeof message === 'string') this.#logger.debug(message);
    else if (NestLogger.isLevelEnabled('debug')) this.#logger.debug(message());
  }

  warn(message: string): void {
    this.#logger.warn(message);
  }

  error(message: string, cause?: unknown): void {
    const { stack } = (cause ?? {}) as { stack?: unknown };
    if (typeof stack === 'string') this.#logger.error(message, stack);
    else this.#logger.error(message);
  }
}
