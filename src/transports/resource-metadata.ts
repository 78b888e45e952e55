import { answer, type Exchange } from './answer.js';
import type { ProtectedResource } from './transport-options.js';

/**
 * Says to everybody which issuer tokens are to come from (RFC 9728 §3). Well-known paths begin at the root of the host,
 * whatever prefixes, versions and guards the application has; so it is served ahead of the framework, like the endpoint.
 */
export class ResourceMetadata {
  readonly #path: string;
  readonly #body: string;

  constructor({ metadataPath, metadata }: ProtectedResource) {
    this.#path = metadataPath;
    this.#body = JSON.stringify(metadata);
  }

  /** Whether a request asks for it. */
  owns(url: string): boolean {
    const { length } = this.#path;
    return url.startsWith(this.#path) && (url.length === length || url.charAt(length) === '?');
  }

  serve(exchange: Exchange): void {
    // There is nothing in it that a page of another site might not know.
    const headers = ['Access-Control-Allow-Origin', '*'];
    const { method } = exchange.request;
    if (method !== 'GET' && method !== 'HEAD') {
      answer(exchange, 405, [...headers, 'Allow', 'GET, HEAD']);
      return;
    }
    headers.push('Content-Type', 'application/json', 'Cache-Control', 'public, max-age=3600');
    headers.push('X-Content-Type-Options', 'nosniff');
    // Node leaves out the text where only the head was asked for.
    answer(exchange, 200, headers, this.#body);
  }
}
