import type { Dialect } from '../bayeux/ports.js';
import type { TransportOptions } from './transport-options.js';

/** The version of an API, as clients of Salesforce put it behind the path of the endpoint: `/61.0`. */
const VERSION = /^\/\d+\.\d+(?=$|[/?])/;

const OAUTH = /^oauth(?=\s|$)/i;

/** A token that stands alone: no scheme ahead of it, and none itself. */
const BARE = /^(?!bearer$)[A-Za-z0-9\-._~+/]+=*$/i;

type Compatibility = Pick<TransportOptions, 'path' | 'salesforce'>;

/** Whose habits a request of the endpoint follows. Only a versioned path tells the clients of Salesforce from others. */
export function dialectOf(url: string, { path, salesforce }: Compatibility): Dialect | undefined {
  return salesforce && VERSION.test(url.slice(path.length)) ? 'salesforce' : undefined;
}

/** An `Authorization` header with its token under the one scheme that is understood behind this. */
export function asBearer(header: string): string {
  const value = header.trim();
  if (OAUTH.test(value)) return value.replace(OAUTH, 'Bearer');
  return BARE.test(value) ? `Bearer ${value}` : value;
}
