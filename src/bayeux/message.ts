import type { Advice } from './advice.js';

/** An object parsed from untrusted JSON: nothing is known of its members. */
export type JsonObject = Record<string, unknown>;

/** Tells an object from the other shapes JSON can take. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Tells a handshake from other messages, before anything else is known of them. */
export function isHandshake(message: unknown): boolean {
  return isJsonObject(message) && message['channel'] === '/meta/handshake';
}

export function isConnectReply(reply: Reply): boolean {
  return reply.channel === '/meta/connect';
}

/**
 * What the server answers to one message (Bayeux 1.0 §4). Member order is the order on the wire.
 * A message with `data` and an `id` is the answer of a service; every other reply has no `data`.
 */
export interface Reply {
  channel?: string;
  id?: string;
  clientId?: string;
  version?: string;
  minimumVersion?: string;
  supportedConnectionTypes?: readonly string[];
  subscription?: unknown;
  data?: unknown;
  successful?: boolean;
  error?: string;
  advice?: Advice;
  ext?: JsonObject;
  /** When it was made, in ISO 8601. */
  timestamp?: string;
  /** How many messages follow a handshake reply in its array. */
  'x-messages'?: number;
}

/** Limits on what one request or frame may hold; past them it is refused as a whole. */
export interface DecodeLimits {
  /** Levels of nested arrays and objects. */
  readonly maxDepth: number;
}

/** Why a request or frame cannot be read at all. */
export type DecodeFailure = 'malformed' | 'empty' | 'too_deep';

/** The messages of one request or frame, or why there are none. Elements may still be anything. */
export type DecodeResult =
  | { readonly ok: true; readonly messages: readonly unknown[] }
  | { readonly ok: false; readonly failure: DecodeFailure };

const OPENING = ['[', '{'] as const;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What some clients put ahead of a text. A parser may ignore it (RFC 8259 §8.1). */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Reads one request or frame: a JSON array of messages, or one bare message object.
 * Depth is measured before parsing, as serialising a very deep value again would exhaust the stack.
 */
export function decode(text: string, limits: DecodeLimits): DecodeResult {
  if (exceedsDepth(text, limits.maxDepth)) return { ok: false, failure: 'too_deep' };
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch {
    return { ok: false, failure: 'malformed' };
  }
  if (isJsonObject(value)) return { ok: true, messages: [value] };
  if (!Array.isArray(value)) return { ok: false, failure: 'malformed' };
  if (value.length === 0) return { ok: false, failure: 'empty' };
  return { ok: true, messages: value };
}

/** Whether a JSON text nests deeper than that. */
export function exceedsDepth(text: string, maxDepth: number): boolean {
  if (opensAtMost(text, maxDepth)) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) {
      inString = true;
    } else if (code === OPENING_BRACKET || code === OPENING_BRACE) {
      if (++depth > maxDepth) return true;
    } else if (code === CLOSING_BRACKET || code === CLOSING_BRACE) {
      depth--;
    }
  }
  return false;
}

/** Whether a text opens so few arrays and objects that it need not be scanned: the usual message does. */
function opensAtMost(text: string, most: number): boolean {
  let opened = 0;
  for (const opening of OPENING) {
    for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at + 1)) {
      if (++opened > most) return false;
    }
  }
  return true;
}

/** The session that a request is for: the first that a message quotes. */
export function firstClientId(messages: readonly unknown[]): string | undefined {
  for (const message of messages) {
    if (isJsonObject(message) && typeof message['clientId'] === 'string') return message['clientId'];
  }
  return undefined;
}
