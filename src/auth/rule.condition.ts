import type { Principal } from '../bayeux/ports.js';
import type { RuleCondition } from './channel-rule.js';
import type { CometPrincipal } from './comet-principal.js';

/** A principal that is not ours, as a verifier of the application or a test may make it, may lack what tokens tell. */
export type RuledPrincipal = Principal &
  Partial<Pick<CometPrincipal, 'issuer' | 'scopes' | 'clientId' | 'serviceId' | 'claims'>>;

/** A condition as it is evaluated; nothing in it belongs to the application. */
export interface CompiledCondition {
  readonly scopes: readonly string[];
  readonly kind: Principal['kind'] | undefined;
  readonly tenant: string | undefined;
  readonly issuers: readonly string[] | undefined;
  readonly claims: readonly (readonly [name: string, value: unknown])[];
}

export function compileCondition(condition: true | RuleCondition): CompiledCondition {
  const { scope = [], kind, issuer, tenant, claims = {} } = condition === true ? {} : condition;
  const issuers = issuer === undefined ? undefined : [issuer].flat();
  return { scopes: [scope].flat(), kind, tenant, issuers, claims: Object.entries(claims) };
}

/** Whether a principal has all that is asked for. */
export function holds(condition: CompiledCondition, principal: RuledPrincipal): boolean {
  const { scopes, kind, tenant, issuers, claims } = condition;
  if (kind !== undefined && kind !== principal.kind) return false;
  if (tenant !== undefined && tenant !== principal.tenant) return false;
  if (issuers && !(principal.issuer !== undefined && issuers.includes(principal.issuer))) return false;
  if (!scopes.every((scope) => principal.scopes?.includes(scope) === true)) return false;
  return claims.every(([name, value]) => {
    const claim = claimOf(principal, name);
    return Array.isArray(claim) ? claim.includes(value) : claim === value;
  });
}

/** A claim of the token itself, and nothing that every object has. */
export function claimOf({ claims }: RuledPrincipal, name: string): unknown {
  return claims && Object.hasOwn(claims, name) ? claims[name] : undefined;
}
