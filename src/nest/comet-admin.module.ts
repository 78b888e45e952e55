import { Controller, type DynamicModule, Module, VERSION_NEUTRAL } from '@nestjs/common';
import { SCOPE } from '../auth/scope-text.js';
import { CometAdminController } from './comet-admin.controller.js';
import { ADMIN_SCOPE, CometAdminGuard } from './comet-admin.guard.js';
import { outsideEndpoint, PATH } from './controller-path.js';
import { namesIssuers, trustedIssuers } from './trusted-issuers.js';

/**
 * How administrators revoke over HTTP.
 *
 * @publicApi
 */
export interface CometAdminOptions {
  /** Path of the controller, below the global prefix of the application; it has no version. @default 'comet/admin' */
  path?: string;
  /** The scope that tokens of administrators have. @default 'comet:admin' */
  scope?: string;
  /**
   * Issuers whose tokens are good for it, exactly as in `auth`. A token reaches the users of all issuers of its tenant,
   * so that it must be given where several issuers share one.
   * @default the only issuer, or each in a tenant of its own
   */
  issuers?: readonly string[];
}

/**
 * Lets administrators end the sessions of users, logins and clients: `POST {path}/revoke` with a `RevocationDto`, for
 * tokens that have the scope. It reaches only the tenant of the token, and logins by names of its issuer; `issuers` says whose
 * tokens are good for it. Import it
 * beside `CometModule`; without it there is no such path.
 *
 * @example
 * imports: [CometModule.forRoot({ … }), CometAdminModule.forRoot()]
 *
 * @publicApi
 */
@Module({})
export class CometAdminModule {
  /** @throws TypeError if an option cannot mean what it says. */
  static forRoot(options: CometAdminOptions = {}): DynamicModule {
    const { path = 'comet/admin', scope = 'comet:admin', issuers, ...others } = options;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) {
      throw new TypeError(`${unknown} is no option of CometAdminModule: look for a misspelling.`);
    }
    if (!PATH.test(path)) {
      throw new TypeError(
        "path must be a path without a slash at either end: write for example path: 'comet/admin'.",
      );
    }
    if (!SCOPE.test(scope)) {
      throw new TypeError("scope must be one scope, without spaces: write for example scope: 'comet:admin'.");
    }
    if (issuers !== undefined && !namesIssuers(issuers)) {
      throw new TypeError(
        "issuers must name issuers: write for example issuers: ['https://login.example.com'].",
      );
    }
    // A class of its own: two applications of one process may have it on different paths.
    class AdminController extends CometAdminController {}
    Controller({ path, version: VERSION_NEUTRAL })(AdminController);
    return {
      module: CometAdminModule,
      controllers: [AdminController],
      providers: [
        CometAdminGuard,
        { provide: ADMIN_SCOPE, useValue: scope },
        trustedIssuers('CometAdminModule', issuers),
        outsideEndpoint({ module: CometAdminModule, path, below: 'revoke', example: 'comet/admin' }),
      ],
    };
  }
}
