import type { JWTPayload } from 'jose';
import type { CometPrincipal } from './comet-principal.js';
import type { JwtVerifierOptions } from './jwt-verifier.options.js';
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
  options: JwtVerifierOptions,
  context: ClaimsContext,
): CometPrincipal {
  for (const name of ['sub', 'client_id', 'jti']) {
    if (Object.hasOwn(claims, name) && !isNameText(claims[name])) throw refused(`malformed ${name}`);
  }
  // The token is bound to a key or certificate (RFC 9449, RFC 8705), and nobody here can prove possession of it.
  if (Object.hasOwn(claims, 'cnf')) throw refused('sender-constrained token presented as a bearer token');
  if (typeof claims.iat !== 'number' || claims.iat > context.now + options.clockTolerance) {
    throw refused('iat in the future');
  }
  // Beyond this no clock can represent the time; JSON reads 1e999 as infinity.
  const expiresAt = (Number(claims.exp) + options.clockTolerance) * 1000;
  if (!Number.isSafeInteger(Math.floor(expiresAt))) throw refused('malformed exp');

  const scopes = scopesOf(claims);
  const missing = options.requiredScopes.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) throw refused(`without the scope ${missing.join(' ')}`);

  const clients = CLIENT_CLAIMS.map((name) => claims[name]).filter(isNameText);
  const subject = claims.sub ?? null;
  const clientId = clients[0] ?? null;
  const common = {
    tenant: '',
    issuer: options.issuer,
    subject,
    clientId,
    scopes,
    expiresAt,
    issuedAt: claims.iat * 1000,
    ...(claims.jti !== undefined && { tokenId: claims.jti }),
    ...(isNameText(claims['sid']) && { sid: claims['sid'] }),
    tokenRef: context.tokenRef,
  } as const;
  if (subject === null || isService(claims, subject, clients)) {
    const serviceId = clientId ?? subject;
    if (serviceId === null) throw refused('neither sub nor client_id');
    const identity = `${options.issuer} service:${serviceId}`;
    return { ...common, kind: 'service', userId: null, serviceId, identity };
  }
  const userId = Object.hasOwn(claims, options.userClaim) ? claims[options.userClaim] : undefined;
  if (!isNameText(userId)) throw refused(`missing or malformed user claim ${options.userClaim}`);
  return { ...common, kind: 'user', userId, serviceId: null, identity: `${options.issuer} user:${subject}` };
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
