import type { HttpRequest } from './http-exchange.js';
import type { RequestScope } from './request-scope.js';

/** The headers that decide what the scope of a request is. */
const DECISIVE = [
  'host',
  'origin',
  'cookie',
  'user-agent',
  'accept-language',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
] as const;

interface Remembered {
  readonly url: string | undefined;
  readonly values: readonly (string | string[] | undefined)[];
  readonly scope: RequestScope;
}

/**
 * The scope of the last request on each connection. A client polls over and over with the same headers, and judging its
 * origin, its proxies and its cookie each time would cost more than the messages. It proves nothing: a request that
 * differs in any of these headers, as those of another client on the connection of a proxy do, is judged anew.
 */
export class ScopeMemo {
  readonly #last = new WeakMap<object, Remembered>();

  find(request: HttpRequest): RequestScope | undefined {
    if (!isRepeatable(request)) return undefined;
    const known = this.#last.get(request.socket);
    if (!known || known.url !== request.url) return undefined;
    const { headers } = request;
    for (let index = 0; index < DECISIVE.length; index++) {
      if (headers[DECISIVE[index] as string] !== known.values[index]) return undefined;
    }
    return known.scope;
  }

  /** Remembers `scope` unless the next request would have one of its own. */
  remember(request: HttpRequest, scope: RequestScope): void {
    if (!isRepeatable(request) || scope.browser?.setCookie !== undefined) return;
    const { url, headers } = request;
    this.#last.set(request.socket, { url, values: DECISIVE.map((name) => headers[name]), scope });
  }
}

/** Several headers with tokens look like the first of them, and requests of HTTP/2 share no order. */
function isRepeatable({ headers, httpVersionMajor }: HttpRequest): boolean {
  return headers.authorization === undefined && httpVersionMajor === 1;
}
