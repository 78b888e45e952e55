import type { Credential, RequestContext } from '../bayeux/ports.js';
import type { Browser } from './browser-cookie.js';
import { type HttpRequest, valuesOf } from './http-exchange.js';
import type { Provenance } from './proxy-trust.js';
import { asBearer, dialectOf } from './salesforce.dialect.js';
import type { TransportOptions } from './transport-options.js';

/** Request headers that handlers of messages may see. Credentials and cookies are not among them. */
const VISIBLE_HEADERS = ['user-agent', 'origin', 'accept-language'] as const;

/** Names under which clients put tokens into URLs, where logs and histories keep them (RFC 9700 §4.3.2). */
const TOKEN_PARAMETERS = ['access_token', 'token'] as const;

const NO_CREDENTIAL: Credential = Object.freeze({ kind: 'none' });

/** Headers of responses, names and values in turn: what Node writes as they are, without making objects of them. */
export type AnswerHeaders = readonly (string | number)[];

/** What transports need of a request, so that the request itself need not be kept. */
export interface RequestScope {
  /** The browser by its cookie; absent where a cookie proves nothing. */
  readonly browser: Browser | undefined;
  /** The `Authorization` headers of the request or upgrade. */
  readonly authorization: readonly string[] | undefined;
  readonly tokenInQuery: boolean;
  /** What every response to it says to browsers and caches. */
  readonly answerHeaders: AnswerHeaders;
  /** The context of its messages, as long as they bring no credentials. */
  readonly context: RequestContext;
}

/** Collects the scope of a request. */
export function scopeOf(
  request: HttpRequest,
  provenance: Provenance,
  browser: Browser | undefined,
  answerHeaders: AnswerHeaders,
  options: TransportOptions,
): RequestScope {
  const headers: Record<string, string> = {};
  for (const name of VISIBLE_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const authorization =
    request.headers.authorization === undefined ? undefined : valuesOf(request, 'authorization');
  const dialect = dialectOf(request.url ?? '', options);
  return {
    browser,
    authorization: options.salesforce ? authorization?.map(asBearer) : authorization,
    answerHeaders,
    tokenInQuery: hasTokenInQuery(request.url ?? ''),
    context: {
      credential: NO_CREDENTIAL,
      ...(browser && { browser: browser.digest }),
      ...(request.httpVersionMajor > 1 && { multiplexed: true }),
      ...(dialect && { dialect }),
      ...(provenance.address !== undefined && { address: provenance.address }),
      headers,
    },
  };
}

function hasTokenInQuery(url: string): boolean {
  const start = url.indexOf('?');
  if (start < 0) return false;
  const query = new URLSearchParams(url.slice(start));
  return TOKEN_PARAMETERS.some((name) => query.has(name));
}
