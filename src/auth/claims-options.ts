import { SCOPE } from './scope-text.js';
import type { KindDecision, TenantClaim, UserIdMapping } from './auth-options.js';
import type { KeptClaim } from './claims.js';

/** What is read from the claims of an issuer's tokens, with every default filled in. */
export interface ClaimsOptions {
  /** The issuer, exactly as in the `iss` of its tokens. */
  readonly issuer: string;
  /** The names of this server, one of which the `aud` of a token must hold. */
  readonly audience: string | readonly string[];
  /** The claim that holds such a name where a token has no `aud`. */
  readonly audienceClaim: string;
  /** Says whether a token is that of a user or of a service, ahead of everything else. */
  readonly kind?: KindDecision | undefined;
  /** Scopes that every token must have. */
  readonly requiredScopes: readonly string[];
  /** The claim that holds the user's id. */
  readonly userClaim: string;
  /** What user ids begin with, ahead of the claim. */
  readonly userPrefix: string;
  /** Makes the user's id instead of these two. */
  readonly userId?: UserIdMapping | undefined;
  /** The tenant, or the claim that holds it; without it there are no tenants. */
  readonly tenant?: string | TenantClaim | undefined;
  /** Claims that principals keep. */
  readonly claims: readonly KeptClaim[];
  /** Seconds by which clocks may differ. */
  readonly clockTolerance: number;
  /** Seconds after which a token must be presented again, however long it is good for. */
  readonly maxTokenLifetime: number;
}

/** What is wrong with these options: one sentence for each mistake, saying what to write instead. */
export function claimsMistakes(options: ClaimsOptions): string[] {
  const mistakes: string[] = [];
  const audiences = audiencesOf(options);
  if (audiences.length === 0 || audiences.includes('')) {
    mistakes.push(
      'The audience is missing: write the name of this server that the issuer puts into the `aud` claim.',
    );
  }
  if (options.audienceClaim === '') {
    mistakes.push("The audienceClaim is empty: write the name of the claim, or leave it out for 'aud'.");
  }
  for (const scope of options.requiredScopes.filter((name) => !SCOPE.test(name))) {
    mistakes.push(
      `The required scope '${scope}' is no scope: write one scope in each element, without spaces.`,
    );
  }
  if (options.userClaim === '') {
    mistakes.push(
      "The user claim is empty: write the name of the claim that holds the user's id, usually 'sub'.",
    );
  }
  if (options.userId !== undefined && (options.userClaim !== 'sub' || options.userPrefix !== '')) {
    mistakes.push('There are both a userId and a userClaim or userPrefix: keep the one that shall make ids.');
  }
  if (
    options.claims.some(
      ({ name, source }) => name === '' || source.length === 0 || [source].flat().includes(''),
    )
  ) {
    mistakes.push(
      "The claims have an empty name: write for example claims: ['name'] or claims: { roles: 'realm_access.roles' }.",
    );
  }
  if (!(Number.isFinite(options.clockTolerance) && options.clockTolerance >= 0)) {
    mistakes.push('The clock tolerance must be a number of seconds, 0 or more.');
  }
  if (!(Number.isFinite(options.maxTokenLifetime) && options.maxTokenLifetime > 0)) {
    mistakes.push('The maxTokenLifetime must be a number of seconds above 0.');
  }
  return [...mistakes, ...tenantMistakes(options)];
}

/** The names of this server, as a list. */
export function audiencesOf({ audience }: Pick<ClaimsOptions, 'audience'>): string[] {
  return typeof audience === 'string' ? [audience] : [...audience];
}

/** The tenants that tokens of an issuer can be of. */
export function tenantsOf({ tenant }: Pick<ClaimsOptions, 'tenant'>): readonly string[] {
  if (tenant === undefined) return [''];
  return typeof tenant === 'string' ? [tenant] : tenant.allow;
}

function tenantMistakes(options: ClaimsOptions): string[] {
  if (options.tenant === undefined) return [];
  const tenants = tenantsOf(options);
  if (tenants.length > 0 && !tenants.includes('')) return [];
  return [
    "The tenant is empty: write its name, for example tenant: 'acme', or where the token names it, " +
      "for example tenant: { claim: 'tenant', allow: ['acme', 'globex'] }.",
  ];
}
