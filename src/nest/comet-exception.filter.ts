import { type ArgumentsHost, Catch } from '@nestjs/common';
import { BaseWsExceptionFilter } from '@nestjs/websockets';
import { CometContext } from './comet-context.js';

/**
 * What happens to an exception where no other filter has a say, as a filter: the client is told of a `CometError`,
 * `WsException` or `HttpException` in its own words, and of anything else only that its operation failed, which is logged.
 * Bind it where a wider filter shall not have its say, or extend it to add something:
 *
 * @example
 * @Catch()
 * class CountingFilter extends CometExceptionFilter {
 *   override catch(exception: unknown, host: ArgumentsHost) {
 *     this.failures.inc();
 *     return super.catch(exception, host);
 *   }
 * }
 *
 * @publicApi
 */
@Catch()
export class CometExceptionFilter extends BaseWsExceptionFilter {
  /** @throws what it is given, for operations of Bayeux sessions: their end has the words. */
  override catch(exception: unknown, host: ArgumentsHost): void {
    if (CometContext.find(host)) throw exception;
    super.catch(exception, host);
  }
}
