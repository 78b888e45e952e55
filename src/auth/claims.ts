import { isNameText } from './name-text.js';
import { TokenError } from './token-verifier.js';

/** What an issuer says in a token, or of a token when it is asked. Nothing of it is known to have the right type. */
export type Claims = Readonly<Record<string, unknown>>;

/** The type that RFC 9068 §2.1 gives to access tokens and to nothing else. */
export const ACCESS_TOKEN = 'at+jwt';

/** A claim that principals keep. */
export interface KeptClaim {
  /** The name under which rules and handlers find it. */
  readonly name: string;
  /** Its place: the names of members one below the other, or one text with dots between them. */
  readonly source: string | readonly string[];
}

/** Names that issuers give to the claim RFC 9068 §2.2 calls `client_id`. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'cid', 'appid'] as const;

/** A claim of the token itself, and nothing that every object has. */
export function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined;
}

/**
 * The names that a token gives to the client it was issued to, each once.
 *
 * @throws TokenError if one of them is no name.
 */
export function clientsOf(claims: Claims): string[] {
  const clients = CLIENT_CLAIMS.filter((name) => Object.hasOwn(claims, name)).map((name) =>
    nameIn(claims, name),
  );
  return [...new Set(clients)];
}

/** @throws TokenError if the claim is no name, or missing. */
export function nameIn(claims: Claims, name: string): string {
  const value = own(claims, name);
  if (!isNameText(value)) throw refused(`malformed ${name}`);
  return value;
}

/** The `aud` of a token, as a list. */
export function audiencesIn(claims: Claims): readonly unknown[] {
  return listOf(own(claims, 'aud') ?? []);
}

/**
 * The scopes that are granted: `scope` as in RFC 8693 §4.2, or `scp`, each as one text or as an array.
 *
 * @throws TokenError if they are neither.
 */
export function scopesOf(claims: Claims): readonly string[] {
  return scopesIn(own(claims, 'scope') ?? own(claims, 'scp'));
}

/** @throws TokenError if the value is neither a text nor a list of texts. */
export function scopesIn(granted: unknown): readonly string[] {
  const list: unknown = typeof granted === 'string' ? granted.split(' ') : (granted ?? []);
  if (!Array.isArray(list) || !list.every((scope) => typeof scope === 'string')) {
    throw refused('malformed scope');
  }
  return [...new Set(list)].filter((scope) => scope !== '');
}

/** `fromEntries` defines members, where an assignment to `__proto__` would set a prototype. */
export function keptOf(claims: Claims, kept: readonly KeptClaim[]): Claims {
  const found = kept
    .map(({ name, source }): [string, unknown] => [name, valueAt(claims, source)])
    .filter(([, value]) => value !== undefined);
  return Object.freeze(Object.fromEntries(found));
}

/** A value as a list: of itself alone, unless it is one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

export function refused(reason: string): TokenError {
  return new TokenError('invalid_token', reason);
}

/** A claim of exactly this name comes first, so that `https://example.com/roles` is found. Dots then lead into objects. */
function valueAt(claims: Claims, source: string | readonly string[]): unknown {
  if (typeof source !== 'string') return valueBelow(claims, source);
  return own(claims, source) ?? valueBelow(claims, source.split('.'));
}

function valueBelow(claims: Claims, path: readonly string[]): unknown {
  let value: unknown = claims;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = own(value as Claims, name);
  }
  return value;
}
