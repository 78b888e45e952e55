import { Body, Controller, HttpCode, Post, UseGuards, UsePipes, ValidationPipe } from '@nestjs/common';
import { CometService } from '../../src/index.js';
import { type PortalSession, Session } from '../auth/portal-session.js';
import { SameOriginGuard } from '../auth/same-origin.guard.js';
import { SessionGuard } from '../auth/session.guard.js';
import { SendMessageDto } from './send-message.dto.js';

/** The channel, and on the page the topic, that the notification window listens to. */
export const NOTIFICATION_CHANNEL = '/eXo/portal/notification';

/** How many push sessions a message was handed to. */
export interface Sent {
  readonly sessions: number;
}

/** The back end of the CometdDemo portlet: takes a plain POST, answers by push. */
@Controller('portlet')
@UseGuards(SessionGuard, SameOriginGuard)
@UsePipes(new ValidationPipe({ transform: true, whitelist: true, stopAtFirstError: true }))
export class PortletController {
  constructor(private readonly comet: CometService) {}

  /** To all pages of the user who sent it, and to nobody else's. */
  @Post('notification')
  @HttpCode(200)
  async notify(@Session() { userId }: PortalSession, @Body() { message }: SendMessageDto): Promise<Sent> {
    const { sessions } = await this.comet.sendMessage(userId, NOTIFICATION_CHANNEL, { message });
    return { sessions };
  }

  /** To everybody who is subscribed. */
  @Post('broadcast')
  @HttpCode(200)
  async broadcast(@Body() { message }: SendMessageDto): Promise<Sent> {
    const { sessions } = await this.comet.broadcast(NOTIFICATION_CHANNEL, { message });
    return { sessions };
  }
}
