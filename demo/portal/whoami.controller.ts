import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import { CometOAuthGuard, type CometPrincipal } from '../../src/index.js';

/** An ordinary REST endpoint under the same tokens as the push server. */
@Controller('api/whoami')
@UseGuards(CometOAuthGuard)
export class WhoamiController {
  @Get()
  show(@Req() { user }: Request & { user: CometPrincipal }) {
    return { kind: user.kind, userId: user.userId, serviceId: user.serviceId };
  }
}
