import { Body, Controller, Get, HttpStatus, Inject, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import type Provider from 'oidc-provider';
import { NoticeException } from '../web/notice.exception.js';
import { authenticate } from './demo-accounts.js';
import { signInView } from './provider.views.js';

/** Injects the embedded provider. */
export const EMBEDDED_PROVIDER = Symbol('EMBEDDED_PROVIDER');

/** The provider's login page. The provider knows a login under way by a cookie it set for this path. */
@Controller('sign-in/:uid')
export class SignInController {
  constructor(@Inject(EMBEDDED_PROVIDER) private readonly provider: Provider) {}

  @Get()
  async show(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { uid, client } = await this.interaction(request, response);
    response.set('Cache-Control', 'no-store').type('html').send(signInView({ uid, client }));
  }

  @Post()
  async submit(
    @Req() request: Request,
    @Res() response: Response,
    @Body() body: { login?: unknown; password?: unknown } | undefined,
  ): Promise<void> {
    const { uid, client } = await this.interaction(request, response);
    const login = typeof body?.login === 'string' ? body.login.trim() : '';
    const user = authenticate(login, typeof body?.password === 'string' ? body.password : '');
    if (!user) {
      const page = signInView({ uid, client, login: login.slice(0, 100), failed: true });
      response.status(HttpStatus.UNAUTHORIZED).set('Cache-Control', 'no-store');
      response.set('WWW-Authenticate', 'Form realm="login"').type('html').send(page);
      return;
    }
    await this.provider.interactionFinished(request, response, { login: { accountId: user.id } });
  }

  @Post('cancel')
  async cancel(@Req() request: Request, @Res() response: Response): Promise<void> {
    await this.interaction(request, response);
    await this.provider.interactionFinished(request, response, {
      error: 'access_denied',
      error_description: 'The sign-in was cancelled.',
    });
  }

  private async interaction(request: Request, response: Response): Promise<{ uid: string; client: string }> {
    const interaction = await this.provider.interactionDetails(request, response).catch(() => null);
    if (interaction?.prompt.name !== 'login') {
      throw new NoticeException(
        {
          title: 'This sign-in has expired',
          text: 'It took too long, or was begun in another browser. Please start again from the portal.',
          action: { href: '/', label: 'To the portal' },
        },
        HttpStatus.BAD_REQUEST,
      );
    }
    const client = await this.provider.Client.find(String(interaction.params['client_id']));
    return { uid: interaction.uid, client: client?.clientName ?? 'the application' };
  }
}
