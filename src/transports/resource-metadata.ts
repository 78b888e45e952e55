import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerEmpty } from './empty-answer.js';
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

  serve(request: IncomingMessage, response: ServerResponse): void {
    // There is nothing in it that a page of another site might not know.
    response.setHeader('Access-Control-Allow-Origin', '*');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      answerEmpty(request, response, 405, []);
      return;
    }
    request.resume();
    response
      .writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(this.#body),
        'Cache-Control': 'public, max-age=3600',
        'X-Content-Type-Options': 'nosniff',
      })
      .end(request.method === 'HEAD' ? undefined : this.#body);
  }
}
