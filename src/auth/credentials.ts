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

/** Where tokens may come from besides `ext.auth.token` and the `Authorization` header. */
export interface CredentialOptions {
  /** Paths of members, from `ext` on, that hold the token of a handshake. */
  readonly aliases: readonly (readonly string[])[];
  /** Whether `exoToken` and `exoId` of a handshake are understood. */
  readonly exo: boolean;
}

/** Where clients in the wild put their token. */
export const DEFAULT_ALIASES: CredentialOptions['aliases'] = [
  ['authentication', 'token'],
  ['authToken'],
  ['access_token'],
  ['token'],
];

const DEFAULTS: CredentialOptions = { aliases: DEFAULT_ALIASES, exo: false };

/** The messages without credentials, and at most one of `token` and `error`. */
export interface TakenCredentials {
  readonly messages: readonly unknown[];
  /** The one token that was presented; nothing is known of it yet. */
  readonly token?: string;
  /** Why the credentials are refused without verifying them; a code of the catalogue. */
  readonly error?: string;
  /** Who the token must speak for; nobody, if that is no text. */
  readonly expectedUser?: unknown;
}

/** Members of `ext` that hold credentials. They are taken out of every message, understood there or not. */
const CREDENTIAL_FIELDS = ['auth', 'authentication', 'authToken', 'access_token', 'token'] as const;

/** Members of a message itself that do, in clients of eXo. */
const EXO_TOKEN = 'exoToken';
const EXO_ID = 'exoId';

const BEARER = /^bearer(?:\s+|$)/i;

/** The token68 syntax of RFC 9110 §11.2. */
const TOKEN68 = /^[A-Za-z0-9\-._~+/]+=*$/;

/** Stands for credentials that were presented in a shape that holds no token. */
const UNREADABLE = Symbol('unreadable');

/** What has been found in a request so far. */
interface Found {
  readonly options: CredentialOptions;
  readonly presented: unknown[];
  expectedUser?: unknown;
}

/**
 * Takes the credentials out of a request: from the `Authorization` header (RFC 6750 §2.1), from `ext.auth.token` of
 * any message, from what is published to `/service/comet/auth`, and on handshakes from the places other clients use.
 * What comes back holds no token any more, so that none reaches extensions, handlers, subscribers or logs.
 */
export function takeCredentials(carriers: CredentialCarriers, options = DEFAULTS): TakenCredentials {
  if (carriers.authorization === undefined && !carriers.messages.some(mayCarry)) {
    const { messages } = carriers;
    return carriers.tokenInQuery === true ? { messages, error: BayeuxErrors.tokenInQuery } : { messages };
  }
  const found: Found = { options, presented: [] };
  for (const value of [carriers.authorization ?? []].flat()) presentHeader(value, found.presented);
  const stripped = carriers.messages.map((message) => takeFromMessage(message, found));
  const changed = stripped.some((message, index) => message !== carriers.messages[index]);
  const messages = changed ? stripped : carriers.messages;
  if (carriers.tokenInQuery === true) return { messages, error: BayeuxErrors.tokenInQuery };
  const { expectedUser } = found;
  return { messages, ...onlyOne(found.presented), ...(expectedUser !== undefined && { expectedUser }) };
}

/** Whether there is anything to look at: most messages have no place where credentials could be. */
function mayCarry(message: unknown): boolean {
  if (!isJsonObject(message)) return false;
  return (
    message.ext !== undefined ||
    presentsToken(message) ||
    Object.hasOwn(message, EXO_TOKEN) ||
    Object.hasOwn(message, EXO_ID)
  );
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

function takeFromMessage(message: unknown, found: Found): unknown {
  if (!isJsonObject(message)) return message;
  const handshake = message.channel === '/meta/handshake';
  const rest = takeFromMembers(takeFromData(message, found), handshake, found);
  return takeFromExt(rest, handshake, found);
}

/** What is published where tokens are presented is a token, in whatever shape. */
function takeFromData(message: JsonObject, found: Found): JsonObject {
  if (!presentsToken(message) || message.data === undefined) return message;
  if (isJsonObject(message.data)) presentMember(message.data, 'token', found.presented);
  return { ...message, data: {} };
}

/** Dialects may write more behind the name. */
function presentsToken({ channel }: JsonObject): boolean {
  return typeof channel === 'string' && channel.startsWith(AUTH_CHANNEL);
}

/** `exoToken` goes out of every message, as its clients repeat it where they subscribe. */
function takeFromMembers(message: JsonObject, handshake: boolean, found: Found): JsonObject {
  const { exo } = found.options;
  if (!Object.hasOwn(message, EXO_TOKEN) && !(exo && Object.hasOwn(message, EXO_ID))) return message;
  if (exo && handshake) {
    presentMember(message, EXO_TOKEN, found.presented);
    if (Object.hasOwn(message, EXO_ID)) found.expectedUser = message[EXO_ID];
  }
  return without(message, (member) => member === EXO_TOKEN || (exo && member === EXO_ID));
}

function takeFromExt(message: JsonObject, handshake: boolean, found: Found): JsonObject {
  const { ext } = message;
  const { aliases } = found.options;
  const isCredential = (member: string) =>
    (CREDENTIAL_FIELDS as readonly string[]).includes(member) || aliases.some(([first]) => first === member);
  if (!isJsonObject(ext) || !Object.keys(ext).some(isCredential)) return message;
  presentExt(ext, handshake ? aliases : [], found.presented);
  const kept = without(ext, isCredential);
  // No credential, but what the client can do with one.
  if (handshake && isJsonObject(ext.auth) && ext.auth.refresh === true) kept.auth = { refresh: true };
  const copy: JsonObject = { ...message };
  if (Object.keys(kept).length > 0) copy.ext = kept;
  else delete copy.ext;
  return copy;
}

/** Spread and fromEntries define members, where an assignment to `__proto__` would set a prototype. */
function without(object: JsonObject, isTaken: (member: string) => boolean): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([member]) => !isTaken(member)));
}

function presentExt(ext: JsonObject, aliases: CredentialOptions['aliases'], presented: unknown[]): void {
  if (Object.hasOwn(ext, 'auth')) {
    if (!isJsonObject(ext.auth)) presented.push(UNREADABLE);
    else presentMember(ext.auth, 'token', presented);
  }
  for (const path of aliases) presentPath(ext, path, presented);
}

/** What does not lead to the member may be meant for somebody else: `ext.authentication` with a password, say. */
function presentPath(ext: JsonObject, path: readonly string[], presented: unknown[]): void {
  let holder: JsonObject = ext;
  for (const member of path.slice(0, -1)) {
    const next = Object.hasOwn(holder, member) ? holder[member] : undefined;
    if (!isJsonObject(next)) return;
    holder = next;
  }
  presentMember(holder, path.at(-1) ?? '', presented);
}

function presentMember(holder: JsonObject, name: string, presented: unknown[]): void {
  if (Object.hasOwn(holder, name)) presented.push(holder[name]);
}
