import { type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import OAuth2Strategy from 'passport-oauth2';
import { TokenError } from '../../src/index.js';
import { NoticeException } from '../web/notice.exception.js';
import { errorCode, LoginRefusedError } from './auth.errors.js';
import { LoginService } from './login.service.js';
import { newLoginState, OIDC_STRATEGY, type OidcAuthenticateOptions } from './oidc.strategy.js';
import { returnTo } from './return-to.js';

const EXCHANGE_TIMEOUT = 10_000;
const logger = new Logger('Login');

/** Sends the browser to the provider. The route behind it is never reached. */
@Injectable()
export class LoginStartGuard extends AuthGuard(OIDC_STRATEGY) {
  constructor(private readonly login: LoginService) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.login.ready().catch(refuse);
    return Boolean(await super.canActivate(context));
  }

  override getAuthenticateOptions(context: ExecutionContext): OidcAuthenticateOptions {
    const { query } = context.switchToHttp().getRequest<Request>();
    return { begin: newLoginState(returnTo(query['returnTo'])) };
  }

  override handleRequest<TUser>(error: unknown, user: TUser | false): TUser {
    return admitted(error, user);
  }
}

/** Takes the provider's answer and leaves a `LoginResult` in `request.user`. */
@Injectable()
export class LoginFinishGuard extends AuthGuard(OIDC_STRATEGY) {
  constructor(private readonly login: LoginService) {
    super();
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    await this.login.ready().catch(refuse);
    // The HTTP client below passport-oauth2 knows no time limit.
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(NoticeException.providerDown());
      }, EXCHANGE_TIMEOUT);
    });
    return Promise.race([super.canActivate(context), late])
      .then(Boolean)
      .finally(() => {
        clearTimeout(timer);
      });
  }

  override handleRequest<TUser>(error: unknown, user: TUser | false): TUser {
    return admitted(error, user);
  }
}

function admitted<TUser>(error: unknown, user: TUser | false): TUser {
  if (error) return refuse(error);
  return user || refuse(new LoginRefusedError('unknown, used or foreign state'));
}

function refuse(error: unknown): never {
  if (error instanceof NoticeException) throw error;
  if (error instanceof LoginRefusedError || error instanceof TokenError) {
    logger.warn(`Sign-in refused: ${error instanceof TokenError ? error.reason : error.message}`);
    throw NoticeException.loginRefused();
  }
  if (error instanceof OAuth2Strategy.TokenError && error.code !== 'server_error') {
    logger.warn(`Sign-in refused by the token endpoint: ${error.code}`);
    throw NoticeException.loginRefused();
  }
  logger.error(`Sign-in failed: ${errorCode(error)}`);
  throw NoticeException.providerDown();
}
