import type { HttpRequest } from './http-exchange.js';

const SLASH = 47;
const ABSOLUTE = /^https?:\/\/([^/?#]*)(.*)$/is;
/** A host, and perhaps a port. Information about a user has no place in a request (RFC 9110 §4.2.4). */
const AUTHORITY = /^(?:\[[\da-f:.]+\]|[^\s@:[\]]+)(?::\d*)?$/i;

/**
 * The path and the query that a request asks for. Mostly they are the target itself; a target may also be a whole URL,
 * which servers have to take (RFC 9112 §3.2.2). They are compared as they are: other ways to write a path, with
 * `%` or `..`, are other paths.
 */
export function pathOf(target: string): string {
  if (target.charCodeAt(0) === SLASH) return target;
  const rest = ABSOLUTE.exec(target)?.[2];
  if (rest === undefined) return target;
  return rest.charCodeAt(0) === SLASH ? rest : `/${rest}`;
}

/**
 * Has a request with a whole URL look like one with a path. The host of the URL stands in place of the header `Host`; its
 * scheme is what the client says, and proves nothing.
 *
 * @returns false if it names no host.
 */
export function toOriginForm(request: HttpRequest): boolean {
  const { url = '' } = request;
  const authority = url.charCodeAt(0) === SLASH ? undefined : ABSOLUTE.exec(url)?.[1];
  if (authority === undefined) return true;
  if (!AUTHORITY.test(authority)) return false;
  request.url = pathOf(url);
  request.headers.host = authority;
  return true;
}
