import type { JWTPayload } from 'jose';
import { type ClaimsOptions, tenantsOf } from './claims-options.js';
import type { CometPrincipal } from './comet-principal.js';
import { isNameText } from './name-text.js';
import { TokenError } from './token-verifier.js';

/** Names that issuers give to the claim RFC 9068 §2.2 calls `client_id`. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'cid', 'appid'] as const;

/** How issuers mark tokens of the client credentials grant in `gty`. */
const CLIENT_GRANTS: readonly unknown[] = ['client-credentials', 'client_credentials'];

/** What is needed to judge the claims, besides the options. */
export interface ClaimsContext {
  /** Seconds since the epoch. */
  readonly now: number;
  /** Twelve hexadecimal digits that identify the token in logs. */
  readonly tokenRef: string;
}

/**
 * Checks the claims of a token whose signature, issuer, audience and times are already verified, and tells who it
 * speaks for.
 *
 * @throws TokenError if a claim is missing, malformed or not acceptable.
 * @internal
 */
export function principalOf(
  claims: JWTPayload,
  options: ClaimsOptions,
  context: ClaimsContext,
): CometPrincipal {
  for (const name of ['sub', 'client_id', 'jti', 'sid']) {
    if (Object.hasOwn(claims, name) && !isNameText(claims[name])) throw refused(`malformed ${name}`);
  }
  // The token is bound to a key or certificate (RFC 9449, RFC 8705), and nobody here can prove possession of it.
  if (Object.hasOwn(claims, 'cnf')) throw refused('sender-constrained token presented as a bearer token');

  const scopes = scopesOf(claims);
  const missing = options.requiredScopes.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) throw refused(`without the scope ${missing.join(' ')}`);

  const clients = CLIENT_CLAIMS.map((name) => claims[name]).filter(isNameText);
  const subject = claims.sub ?? null;
  const clientId = clients[0] ?? null;
  const tenant = tenantOf(claims, options);
  // Whoever is in two tenants is somebody else in each. Escaped, so that no tenant can look like a subject.
  const realm = tenant === '' ? options.issuer : `${options.issuer} ${encodeURIComponent(tenant)}`;
  const common = {
    tenant,
    issuer: options.issuer,
    subject,
    clientId,
    scopes,
    expiresAt: expiryOf(claims, options, context),
    ...issueOf(claims, options, context),
    ...(isNameText(claims.jti) && { tokenId: claims.jti }),
    ...(isNameText(claims.sid) && { sid: claims.sid }),
    ...(options.claims.length > 0 && { claims: keptOf(claims, options) }),
    tokenRef: context.tokenRef,
  } as const;
  if (subject === null || isService(claims, subject, clients)) {
    const serviceId = clientId ?? subject;
    if (serviceId === null) throw refused('neither sub nor client_id');
    const identity = `${realm} service:${serviceId}`;
    return { ...common, kind: 'service', userId: null, serviceId, identity };
  }
  const userId = userIdOf(claims, options);
  return { ...common, kind: 'user', userId, serviceId: null, identity: `${realm} user:${subject}` };
}

/**
 * Refuses what only looks like an access token. RFC 9068 §4 relies on `typ` for that; issuers that mark all their
 * tokens as plain `JWT` leave only the claims to go by.
 *
 * @throws TokenError if the claims are those of an ID token, a logout token or another statement.
 * @internal
 */
export function refuseLookAlikes(claims: JWTPayload): void {
  for (const name of ['nonce', 'at_hash', 'c_hash', 'events', 'token_introspection']) {
    if (Object.hasOwn(claims, name)) throw refused(`no access token: it has ${name}`);
  }
  const audiences: readonly unknown[] = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  // An ID token is addressed to the client that asked for it, an access token to a resource.
  for (const name of CLIENT_CLAIMS) {
    if (isNameText(claims[name]) && audiences.includes(claims[name])) {
      throw refused(`no access token: it is addressed to its own client (${name})`);
    }
  }
}

/** When the token ceases to be good, or has to be presented again: the clock decides which comes first. */
function expiryOf(claims: JWTPayload, options: ClaimsOptions, { now }: ClaimsContext): number {
  const again = (now + options.maxTokenLifetime) * 1000;
  if (claims.exp === undefined) return again;
  // JSON reads 1e999 as infinity, and beyond a certain number no clock can represent the time.
  const expiresAt = (claims.exp + options.clockTolerance) * 1000;
  if (!Number.isSafeInteger(Math.floor(expiresAt))) throw refused('malformed exp');
  return Math.min(expiresAt, again);
}

function issueOf({ iat }: JWTPayload, options: ClaimsOptions, { now }: ClaimsContext): { issuedAt?: number } {
  if (iat === undefined) return {};
  if (typeof iat !== 'number' || !(iat <= now + options.clockTolerance)) throw refused('iat in the future');
  return { issuedAt: Math.floor(iat * 1000) };
}

/** A token whose tenant is not one of those there are is nobody's here, and not one of a default tenant. */
function tenantOf(claims: JWTPayload, options: ClaimsOptions): string {
  const { tenant } = options;
  if (tenant === undefined || typeof tenant === 'string') return tenant ?? '';
  const named = Object.hasOwn(claims, tenant.claim) ? claims[tenant.claim] : undefined;
  if (typeof named !== 'string' || !tenantsOf(options).includes(named))
    throw refused('missing or unknown tenant');
  return named;
}

function userIdOf(claims: JWTPayload, options: ClaimsOptions): string {
  const { userClaim, userPrefix } = options;
  const claimed = Object.hasOwn(claims, userClaim) ? claims[userClaim] : undefined;
  if (!options.userId && !isNameText(claimed)) throw refused(`missing or malformed user claim ${userClaim}`);
  const userId: unknown = options.userId ? options.userId(claims) : `${userPrefix}${String(claimed)}`;
  if (!isNameText(userId)) throw refused('malformed user id');
  return userId;
}

/** `fromEntries` defines members, where an assignment to `__proto__` would set a prototype. */
function keptOf(claims: JWTPayload, options: ClaimsOptions): Readonly<Record<string, unknown>> {
  const kept = options.claims.filter((name) => Object.hasOwn(claims, name));
  return Object.freeze(Object.fromEntries(kept.map((name) => [name, claims[name]])));
}

/** A client that acts for itself; its subject may be called like any user (RFC 9700 §4.15). */
function isService(claims: JWTPayload, subject: string, clients: readonly string[]): boolean {
  if (clients.includes(subject) || claims.idtyp === 'app') return true;
  const grants: readonly unknown[] = Array.isArray(claims.gty) ? claims.gty : [claims.gty];
  if (grants.some((grant) => CLIENT_GRANTS.includes(grant))) return true;
  const username = claims.preferred_username;
  return typeof username === 'string' && username.startsWith('service-account-');
}

/** `scope` as in RFC 8693 §4.2, or `scp`, each as one text or as an array. */
function scopesOf(claims: JWTPayload): readonly string[] {
  const granted = claims.scope ?? claims.scp ?? [];
  const list: readonly unknown[] = typeof granted === 'string' ? granted.split(' ') : asArray(granted);
  if (!list.every((scope) => typeof scope === 'string')) throw refused('malformed scope');
  return [...new Set(list)].filter((scope) => scope !== '');
}

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw refused('malformed scope');
  return value;
}

function refused(reason: string): TokenError {
  return new TokenError('invalid_token', reason);
}
