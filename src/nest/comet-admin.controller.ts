import {
  BadRequestException,
  Body,
  Header,
  HttpCode,
  Logger,
  Post,
  Req,
  ServiceUnavailableException,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { TARGET_NAMES, type RevocationTarget } from '../auth/revocation-target.js';
import { CometAuth } from './comet-auth.service.js';
import { CometAdminGuard } from './comet-admin.guard.js';
import { namesOne, RevocationDto } from './revocation.dto.js';

const BODY = new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });

/** What administrators may do. The module gives it its path. @internal */
@UseGuards(CometAdminGuard)
export class CometAdminController {
  readonly #auth: CometAuth;
  readonly #logger = new Logger('Comet');

  constructor(auth: CometAuth) {
    this.#auth = auth;
  }

  /** Revokes within the tenant and by the names of the issuer that the token which asks is of. */
  @Post('revoke')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async revoke(
    @Body(BODY) body: RevocationDto,
    @Req() { user }: { user: CometPrincipal },
  ): Promise<{ sessions: number }> {
    if (!namesOne(body)) {
      throw new BadRequestException([`one of ${TARGET_NAMES.join(', ')} must be given, and no other.`]);
    }
    const { tenant, issuer } = user;
    const target = (
      body.all ? { tenant, all: true } : Object.assign({ tenant, issuer }, body)
    ) as RevocationTarget;
    try {
      const { sessions } = await this.#auth.revoke(target, user);
      return { sessions };
    } catch (error) {
      this.#logger.error('A revocation could not be stored.', error);
      throw new ServiceUnavailableException('The revocation could not be stored. Repeat it.');
    }
  }
}
