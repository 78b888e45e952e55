import type { ExecutionContext, FactoryProvider } from '@nestjs/common';
import type { CometPrincipal } from '../auth/comet-principal.js';
import { tenantsOf } from '../auth/claims-options.js';
import { refuseLacking } from './bearer-challenge.js';
import type { ResolvedOptions } from './comet-options.resolver.js';
import { COMET_RESOLVED } from './tokens.js';

/** Injects the `TrustedIssuers` of a module. */
export const TRUSTED_ISSUERS = Symbol('nestjs-comet:trusted-issuers');

/** The issuers whose tokens may do what reaches the users of all issuers of their tenant: administer, or push. */
export class TrustedIssuers {
  readonly #named: ReadonlySet<string> | undefined;

  /**
   * @param module the name of the module that asks, for errors.
   * @param named the issuers that its options name.
   * @throws TypeError if they name none where several issuers share a tenant, or one that is not configured.
   */
  constructor(
    module: string,
    named: readonly string[] | undefined,
    { issuers }: Pick<ResolvedOptions, 'issuers'>,
  ) {
    const configured = issuers.map(({ issuer }) => issuer);
    const unknown = named?.find((issuer) => configured.length > 0 && !configured.includes(issuer));
    if (unknown !== undefined) {
      throw new TypeError(
        `${module} names the issuer ${JSON.stringify(unknown)}, which auth does not: write one of ${configured.join(', ')}.`,
      );
    }
    const tenants = issuers.flatMap(tenantsOf);
    if (named === undefined && new Set(tenants).size < tenants.length) {
      throw new TypeError(
        `${module} reaches the users of several issuers: name those whose tokens are good for that, ` +
          `for example issuers: ['${configured[0] ?? ''}'].`,
      );
    }
    this.#named = named && new Set(named);
  }

  /**
   * Refuses a principal of another issuer.
   *
   * @throws HttpException with 403 and a challenge (RFC 6750 §3.1).
   */
  require({ issuer }: Partial<CometPrincipal>, context: ExecutionContext): void {
    if (!this.#named || (issuer !== undefined && this.#named.has(issuer))) return;
    refuseLacking(context, { description: 'tokens of another issuer' });
  }
}

/** Makes the `TrustedIssuers` of a module when the application starts, so that wrong options stop the start. */
export function trustedIssuers(module: string, named: readonly string[] | undefined): FactoryProvider {
  return {
    provide: TRUSTED_ISSUERS,
    useFactory: (resolved: ResolvedOptions) => new TrustedIssuers(module, named, resolved),
    inject: [COMET_RESOLVED],
  };
}

/** Whether an option names issuers. An empty list would let nobody in, and is a mistake. */
export function namesIssuers(issuers: unknown): boolean {
  return (
    Array.isArray(issuers) &&
    issuers.length > 0 &&
    issuers.every((issuer) => typeof issuer === 'string' && issuer !== '')
  );
}
