import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { EchoGateway } from './echo.gateway.js';
import { PortalController } from './portal.controller.js';
import { PortletController } from './portlet.controller.js';
import { WhoamiController } from './whoami.controller.js';

@Module({
  imports: [AuthModule],
  controllers: [PortalController, PortletController, WhoamiController],
  providers: [EchoGateway],
})
export class PortalModule {}
