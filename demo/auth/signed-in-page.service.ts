import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { DemoConfig } from '../config/demo.config.js';
import type { PageUser } from '../web/page.view.js';
import { contentSecurityPolicy } from '../web/security-headers.js';
import { OidcClient } from './oidc-client.service.js';
import { isAdministrator, type PortalSession } from './portal-session.js';

/** What the pages of signed-in users have in common. */
@Injectable()
export class SignedInPage {
  constructor(
    private readonly config: DemoConfig,
    private readonly client: OidcClient,
  ) {}

  /** Prepares the response, and says whom the page is shown to. */
  async prepare(session: PortalSession, response: Response): Promise<PageUser> {
    // Signing out is a form whose answer leads on to the provider, which browsers count as a target of the form.
    const provider = await this.client.endSessionOrigin();
    if (provider) response.set('Content-Security-Policy', contentSecurityPolicy(this.config, [provider]));
    const { userId, name, csrf } = session;
    return { id: userId, name, csrf, administrator: isAdministrator(session) };
  }
}
