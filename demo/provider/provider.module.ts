import { type DynamicModule, Module } from '@nestjs/common';
import type Provider from 'oidc-provider';
import { EMBEDDED_PROVIDER, SignInController } from './sign-in.controller.js';

/** The pages of the embedded provider that are not its own. */
@Module({ controllers: [SignInController] })
export class ProviderModule {
  static of(provider: Provider): DynamicModule {
    return { module: ProviderModule, providers: [{ provide: EMBEDDED_PROVIDER, useValue: provider }] };
  }
}
