import {
  Controller,
  type DynamicModule,
  Inject,
  Module,
  type OnModuleInit,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { CometPublisher } from '../nest/comet-publisher.js';
import { RequireScopes } from '../nest/require-scopes.decorator.js';
import { trustedIssuers } from '../nest/trusted-issuers.js';
import {
  type CometPushOptions,
  PUSH_OPTIONS,
  resolvePushOptions,
  type ResolvedPushOptions,
} from './push-options.js';
import { PushController } from './push.controller.js';
import { PushService } from './push.service.js';

/**
 * Lets services push over HTTP: `POST /push` with an access token of the client credentials grant that has the scope
 * `comet:publish`. The rules of `CometModule`, which it needs, say on which channels. It is described for
 * `@nestjs/swagger`, which it needs too.
 *
 * @example
 * imports: [CometModule.forRoot({ … }), CometPushModule.register()]
 *
 * @publicApi
 */
@Module({})
export class CometPushModule implements OnModuleInit {
  readonly #publisher: CometPublisher;
  readonly #config: ApplicationConfig;
  readonly #options: ResolvedPushOptions;

  constructor(
    publisher: CometPublisher,
    config: ApplicationConfig,
    @Inject(PUSH_OPTIONS) options: ResolvedPushOptions,
  ) {
    this.#publisher = publisher;
    this.#config = config;
    this.#options = options;
  }

  /** @throws TypeError if an option cannot mean what it says. */
  static register(options: CometPushOptions = {}): DynamicModule {
    const resolved = resolvePushOptions(options);
    // Decorators are for classes: each registration has one of its own.
    class Pushes extends PushController {}
    Controller({ path: resolved.path, version: VERSION_NEUTRAL })(Pushes);
    RequireScopes(resolved.scope)(Pushes);
    return {
      module: CometPushModule,
      controllers: [Pushes],
      providers: [
        PushService,
        { provide: PUSH_OPTIONS, useValue: resolved },
        trustedIssuers('CometPushModule', resolved.issuers),
      ],
    };
  }

  /** @throws Error if the controller would never be asked, as its path is the endpoint's. */
  onModuleInit(): void {
    const prefix = this.#config.getGlobalPrefix().replace(/^\/|\/$/g, '');
    const path = `/${[prefix, this.#options.path].filter((part) => part !== '').join('/')}`;
    const endpoint = this.#publisher.path;
    if (path !== endpoint && !path.startsWith(`${endpoint}/`)) return;
    throw new Error(
      `CometPushModule cannot be at ${path}: everything below ${endpoint} belongs to the endpoint. ` +
        "Choose another path: write for example path: 'push'.",
    );
  }
}
