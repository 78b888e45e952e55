import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type Provider from 'oidc-provider';
import { CometModule } from '../src/index.js';
import { AdminModule } from './admin/admin.module.js';
import { cometOptions } from './comet-options.js';
import { ConfigModule } from './config/config.module.js';
import { DemoConfig } from './config/demo.config.js';
import { PortalModule } from './portal/portal.module.js';
import { ProviderModule } from './provider/provider.module.js';
import { NoticeFilter } from './web/notice.filter.js';

@Module({})
export class AppModule {
  /** `provider` is the embedded one, if the demo brings its own. */
  static of(config: DemoConfig, provider: Provider | undefined): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.of(config),
        CometModule.forRootAsync({ inject: [DemoConfig], useFactory: cometOptions }),
        PortalModule,
        AdminModule,
        ...(provider ? [ProviderModule.of(provider)] : []),
      ],
      providers: [{ provide: APP_FILTER, useClass: NoticeFilter }],
    };
  }
}
