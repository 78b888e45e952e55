import { type DynamicModule, Module } from '@nestjs/common';
import { DemoConfig } from './demo.config.js';

/** Makes the configuration injectable everywhere. */
@Module({})
export class ConfigModule {
  static of(config: DemoConfig): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: DemoConfig, useValue: config }],
      exports: [DemoConfig],
    };
  }
}
