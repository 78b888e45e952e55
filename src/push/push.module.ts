import { Controller, type DynamicModule, Module, VERSION_NEUTRAL } from '@nestjs/common';
import { outsideEndpoint } from '../nest/controller-path.js';
import { RequireScopes } from '../nest/require-scopes.decorator.js';
import { trustedIssuers } from '../nest/trusted-issuers.js';
import { type CometPushOptions, PUSH_OPTIONS, resolvePushOptions } from './push-options.js';
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
export class CometPushModule {
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
        outsideEndpoint({ module: CometPushModule, path: resolved.path, example: 'push' }),
      ],
    };
  }
}
