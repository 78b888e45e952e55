import { decode } from '../bayeux/message.js';
import { STATUS_OF } from './decode-status.js';
import type { TransportOptions } from './transport-options.js';

/** What the query of a request says, or the status that refuses it. */
export type CallbackQuery =
  | { readonly ok: true; readonly callback: string; readonly messages: readonly unknown[] }
  | { readonly ok: false; readonly status: number };

/** Names of functions and members. Anything else could become code of the client's choice in a page. */
const CALLBACK = /^[a-zA-Z0-9._-]+$/;

const ASCII = /^[\x21-\x7e]*$/;

const MALFORMED: CallbackQuery = { ok: false, status: 400 };
const TOO_BIG: CallbackQuery = { ok: false, status: 413 };

/** Reads the name of the callback, from `jsonp` as a rule, and `message`, a JSON array that may come in several parts. */
export function readCallbackQuery(url: string, options: TransportOptions): CallbackQuery {
  const start = url.indexOf('?');
  const query = start < 0 ? '' : url.slice(start + 1);
  // Characters are bytes then. Over HTTP/1.1 Node refuses a URL that is not ASCII, over HTTP/2 it takes one.
  if (!ASCII.test(query)) return MALFORMED;
  if (query.length > options.maxMessageBytes) return TOO_BIG;
  const { parameter, maxCallbackLength } = options.callback;
  const callbacks = valuesOf(parameter, query);
  const texts = valuesOf('message', query);
  if (!callbacks || !texts || texts.length === 0) return MALFORMED;
  const [callback] = callbacks;
  if (callback === undefined || callbacks.length > 1 || !CALLBACK.test(callback)) return MALFORMED;
  if (callback.length > maxCallbackLength) return MALFORMED;

  const messages: unknown[] = [];
  for (const text of texts) {
    const decoded = decode(text, options);
    if (!decoded.ok) return { ok: false, status: STATUS_OF[decoded.failure] };
    for (const message of decoded.messages) messages.push(message);
  }
  return { ok: true, callback, messages };
}

/** All values of a parameter. Where `URLSearchParams` puts replacement characters, this is undefined. */
function valuesOf(name: string, query: string): string[] | undefined {
  const prefix = `${name}=`;
  try {
    return query
      .split('&')
      .filter((pair) => pair.startsWith(prefix))
      .map((pair) => decodeURIComponent(pair.slice(prefix.length).replaceAll('+', ' ')));
  } catch {
    return undefined;
  }
}
