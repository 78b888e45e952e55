import { leaveUnheard } from '../bayeux/maybe-promise.js';
import { audiencesIn, type Claims, clientsOf, keptOf, nameIn, own, refused, scopesOf } from './claims.js';
import { audiencesOf, type ClaimsOptions, tenantsOf } from './claims-options.js';
import type { CometPrincipal } from './comet-principal.js';
import { isNameText } from './name-text.js';
import { kindOf } from './principal-kind.js';

/** What is needed to judge the claims, besides the options. */
export interface ClaimsContext {
  /** Seconds since the epoch. */
  readonly now: number;
  /** Twelve hexadecimal digits that identify the token in logs. */
  readonly tokenRef: string;
  /** The `typ` of its header, bare and in lower case. */
  readonly type?: string | undefined;
}

/**
 * Checks the claims of a token whose signature, issuer, audience and times are already verified, and tells who it
 * speaks for.
 *
 * @throws TokenError if a claim is missing, malformed or not acceptable.
 * @internal
 */
export function principalOf(claims: Claims, options: ClaimsOptions, context: ClaimsContext): CometPrincipal {
  for (const name of ['sub', 'jti', 'sid']) {
    if (Object.hasOwn(claims, name)) nameIn(claims, name);
  }
  // The token is bound to a key or certificate (RFC 9449, RFC 8705), and nobody here can prove possession of it.
  if (Object.hasOwn(claims, 'cnf')) throw refused('sender-constrained token presented as a bearer token');

  const scopes = scopesOf(claims);
  const missing = options.requiredScopes.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) throw refused(`without the scope ${missing.join(' ')}`);

  const clients = clientsOf(claims);
  const subject = (own(claims, 'sub') as string | undefined) ?? null;
  const kind = kindOf(claims, options, context.type);
  const tenant = tenantOf(claims, options);
  // Whoever is in two tenants is somebody else in each. Escaped, so that no tenant can look like a subject.
  const realm = tenant === '' ? options.issuer : `${options.issuer} ${encodeURIComponent(tenant)}`;
  const common = {
    tenant,
    issuer: options.issuer,
    subject,
    clientId: clients[0] ?? null,
    scopes,
    ...expiryOf(claims, options, context),
    ...issueOf(claims, options, context),
    ...(isNameText(claims['jti']) && { tokenId: claims['jti'] }),
    ...(isNameText(claims['sid']) && { sid: claims['sid'] }),
    ...(options.claims.length > 0 && { claims: keptOf(claims, options.claims) }),
    tokenRef: context.tokenRef,
  } as const;
  if (kind === 'service') {
    const serviceId = serviceOf(clients, subject);
    return { ...common, kind, userId: null, serviceId, identity: `${realm} service:${serviceId}` };
  }
  if (subject === null) throw refused('auth.kind says that it is a user, but it has no sub');
  const userId = userIdOf(claims, options);
  return { ...common, kind, userId, serviceId: null, identity: `${realm} user:${subject}` };
}

/**
 * Refuses a token that is not meant for this server. An `aud` always counts; only where a token has none may another claim
 * stand for it (`auth.audienceClaim`).
 *
 * @throws TokenError
 * @internal
 */
export function refuseOtherAudiences(claims: Claims, options: ClaimsOptions): void {
  const named = Object.hasOwn(claims, 'aud') ? audiencesIn(claims) : [own(claims, options.audienceClaim)];
  const names: readonly unknown[] = audiencesOf(options);
  if (!named.some((name) => names.includes(name))) throw refused('not meant for this server (aud)');
}

/** Two names for the client of a service would make it two services, and one of them may be somebody else's. */
function serviceOf([client, ...others]: readonly string[], subject: string | null): string {
  if (others.length > 0) throw refused('a service with two clients');
  const serviceId = client ?? subject;
  if (serviceId === null) throw refused('a service without client_id and sub');
  return serviceId;
}

/** When the token ceases to be good, or has to be presented again: the clock decides which comes first. */
function expiryOf(
  claims: Claims,
  options: ClaimsOptions,
  { now }: ClaimsContext,
): { expiresAt: number; statedExpiry?: number } {
  const again = (now + options.maxTokenLifetime) * 1000;
  const exp = own(claims, 'exp');
  if (exp === undefined) return { expiresAt: again };
  if (typeof exp !== 'number') throw refused('malformed exp');
  // JSON reads 1e999 as infinity, and beyond a certain number no clock can represent the time.
  const expiresAt = (exp + options.clockTolerance) * 1000;
  if (!Number.isSafeInteger(Math.floor(expiresAt))) throw refused('malformed exp');
  return { expiresAt: Math.min(expiresAt, again), statedExpiry: Math.min(exp * 1000, again) };
}

function issueOf(claims: Claims, options: ClaimsOptions, { now }: ClaimsContext): { issuedAt?: number } {
  const iat = own(claims, 'iat');
  if (iat === undefined) return {};
  if (typeof iat !== 'number' || !(iat <= now + options.clockTolerance)) throw refused('iat in the future');
  return { issuedAt: Math.floor(iat * 1000) };
}

/** A token whose tenant is not one of those there are is nobody's here, and not one of a default tenant. */
function tenantOf(claims: Claims, options: ClaimsOptions): string {
  const { tenant } = options;
  if (tenant === undefined || typeof tenant === 'string') return tenant ?? '';
  const named = own(claims, tenant.claim);
  if (typeof named !== 'string' || !tenantsOf(options).includes(named)) {
    throw refused('missing or unknown tenant');
  }
  return named;
}

function userIdOf(claims: Claims, options: ClaimsOptions): string {
  const { userClaim, userPrefix } = options;
  const claimed = own(claims, userClaim);
  if (!options.userId && !isNameText(claimed)) throw refused(`missing or malformed user claim ${userClaim}`);
  const userId: unknown = options.userId ? options.userId(claims) : `${userPrefix}${String(claimed)}`;
  leaveUnheard(userId);
  if (!isNameText(userId)) throw refused('malformed user id');
  return userId;
}
