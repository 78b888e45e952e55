import { AUTH_CHANNEL } from '../bayeux/credential-life.js';
import { BayeuxErrors } from '../bayeux/errors.js';
import { isJsonObject } from '../bayeux/message.js';
import type { JsonObject } from '../bayeux/message.js';

/** What of one request or frame can carry credentials. */
export interface CredentialCarriers {
  /** The messages, of which nothing is known yet. */
  readonly messages: readonly unknown[];
  /** The `Authorization` header of the request or upgrade, if it has one; an array if it has several. */
  readonly authorization?: string | readonly string[] | undefined;
  /** Whether the URL has a token in its query, which is refused whatever else is sent (RFC 9700 §4.3.2). */
  readonly tokenInQuery?: boolean | undefined;
}

/** The messages without credentials, and at most one of `token` and `error`. */
export interface TakenCredentials {
  readonly messages: readonly unknown[];
  /** The one token that was presented; nothing is known of it yet. */
  readonly token?: string;
  /** Why the credentials are refused without verifying them; a code of the catalogue. */
  readonly error?: string;
}

/** Members of `ext` that hold credentials. They are taken out of every message, understood there or not. */
const CREDENTIAL_FIELDS = ['auth', 'authentication', 'authToken', 'access_token', 'token'] as const;

const BEARER = /^bearer(?:\s+|$)/i;

/** The token68 syntax of RFC 9110 §11.2. */
const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Stands for credentials that were presented in a shape that holds no token. */
const UNREADABLE = Symbol('unreadable');

/**
 * Takes the credentials out of a request: from the `Authorization` header (RFC 6750 §2.1), from `ext.auth.token` of
 * any message, from what is published to `/service/comet/auth`, and on handshakes from the places other clients use.
 * What comes back holds no token any more, so that none reaches extensions, handlers, subscribers or logs.
 */
export function takeCredentials(carriers: CredentialCarriers): TakenCredentials {
  const presented: unknown[] = [];
  for (const value of [carriers.authorization ?? []].flat()) presentHeader(value, presented);
  const stripped = carriers.messages.map((message) => takeFromMessage(message, presented));
  const changed = stripped.some((message, index) => message !== carriers.messages[index]);
  const messages = changed ? stripped : carriers.messages;
  if (carriers.tokenInQuery === true) return { messages, error: BayeuxErrors.tokenInQuery };
  return { messages, ...onlyOne(presented) };
}

function onlyOne(presented: readonly unknown[]): { token?: string; error?: string } {
  const [token] = presented;
  if (presented.length === 0) return {};
  if (!presented.every(isToken) || !isToken(token)) return { error: BayeuxErrors.tokenInvalid };
  return presented.every((other) => other === token)
    ? { token }
    : { error: BayeuxErrors.multipleCredentials };
}

function isToken(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function presentHeader(value: string, presented: unknown[]): void {
  const header = value.trim();
  // Another scheme is meant for somebody else, a proxy perhaps.
  if (!BEARER.test(header)) return;
  const token = header.replace(BEARER, '');
  presented.push(TOKEN68.test(token) ? token : UNREADABLE);
}

function takeFromMessage(message: unknown, presented: unknown[]): unknown {
  if (!isJsonObject(message)) return message;
  return takeFromExt(takeFromData(message, presented), presented);
}

/** What is published where tokens are presented is a token, in whatever shape. */
function takeFromData(message: JsonObject, presented: unknown[]): JsonObject {
  const { channel, data } = message;
  // Dialects may write more behind the name.
  if (typeof channel !== 'string' || !channel.startsWith(AUTH_CHANNEL) || data === undefined) return message;
  if (isJsonObject(data)) presentMember(data, 'token', presented);
  return { ...message, data: {} };
}

function takeFromExt(message: JsonObject, presented: unknown[]): JsonObject {
  const { ext } = message;
  if (!isJsonObject(ext) || !CREDENTIAL_FIELDS.some((field) => Object.hasOwn(ext, field))) return message;
  const handshake = message.channel === '/meta/handshake';
  presentExt(ext, handshake, presented);
  // Spread and fromEntries define members, where an assignment to `__proto__` would set a prototype.
  const kept = Object.entries(ext).filter(([field]) => !isCredentialField(field));
  // No credential, but what the client can do with one.
  if (handshake && isJsonObject(ext.auth) && ext.auth.refresh === true)
    kept.push(['auth', { refresh: true }]);
  const copy: JsonObject = { ...message };
  if (kept.length > 0) copy.ext = Object.fromEntries(kept);
  else delete copy.ext;
  return copy;
}

function isCredentialField(field: string): boolean {
  return (CREDENTIAL_FIELDS as readonly string[]).includes(field);
}

function presentExt(ext: JsonObject, handshake: boolean, presented: unknown[]): void {
  if (Object.hasOwn(ext, 'auth')) {
    if (!isJsonObject(ext.auth)) presented.push(UNREADABLE);
    else presentMember(ext.auth, 'token', presented);
  }
  if (!handshake) return;
  // `ext.authentication` is also used for a user and a password, which are no token and none of our business.
  if (isJsonObject(ext.authentication)) presentMember(ext.authentication, 'token', presented);
  for (const alias of ['authToken', 'access_token', 'token']) presentMember(ext, alias, presented);
}

function presentMember(holder: JsonObject, name: string, presented: unknown[]): void {
  if (Object.hasOwn(holder, name)) presented.push(holder[name]);
}
