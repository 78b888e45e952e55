import { Controller, Get, Header, Res } from '@nestjs/common';
import type { Response } from 'express';
import { OidcClient } from '../auth/oidc-client.service.js';
import { type PortalSession, Session } from '../auth/portal-session.js';
import { DemoConfig } from '../config/demo.config.js';
import { contentSecurityPolicy } from '../web/security-headers.js';
import { portalView, welcomeView } from './portal.view.js';

/** The portal's one page. */
@Controller()
export class PortalController {
  constructor(
    private readonly config: DemoConfig,
    private readonly client: OidcClient,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  async show(
    @Session() session: PortalSession | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<string> {
    if (!session) return welcomeView(this.config.embedded);
    // Signing out is a form whose answer leads on to the provider, which browsers count as a target of the form.
    const provider = await this.client.endSessionOrigin();
    if (provider) response.set('Content-Security-Policy', contentSecurityPolicy(this.config, [provider]));
    return portalView(session);
  }
}
