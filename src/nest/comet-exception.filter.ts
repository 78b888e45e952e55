import { type ArgumentsHost, Catch, Logger } from '@nestjs/common';
import { BaseWsExceptionFilter } from '@nestjs/websockets';
import { BayeuxErrors } from '../bayeux/errors.js';
import { currentCall } from './call-context.js';
import { CometSession } from './comet-session.js';
import { errorForPeer } from './peer-error.js';

/**
 * Turns an exception of a handler into the error of its reply: `HttpException` keeps its status
 * (`400::name must be a string`), the text of a `WsException` is used as it is if it is a Bayeux error
 * (`409::taken`) and becomes `400::…` otherwise, and everything else is `500::service_failed` and logged.
 * `@CometGateway()` applies it; other gateways may with `@UseFilters(CometExceptionFilter)`.
 *
 * @publicApi
 */
@Catch()
export class CometExceptionFilter extends BaseWsExceptionFilter {
  override catch(exception: unknown, host: ArgumentsHost): void {
    const client: unknown = host.switchToWs().getClient();
    const call = currentCall.getStore();
    if (!(client instanceof CometSession) || !call) {
      super.catch(exception, host);
      return;
    }
    const error = errorForPeer(exception);
    if (error === undefined) {
      const { stack } = (exception ?? {}) as { stack?: string };
      new Logger('Comet').error(`The handler of ${host.switchToWs().getPattern()} failed.`, stack);
    }
    call.error ??= error ?? BayeuxErrors.serviceFailed;
  }
}
