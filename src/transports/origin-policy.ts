import type { Provenance } from './proxy-trust.js';

/** What a request's `Origin` means: none was sent, the server's own, one of the list, or none of these. */
export type OriginVerdict = 'absent' | 'same' | 'listed' | 'foreign';

/** A scheme, a host and perhaps a port, with nothing before or after them. */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/[^\s/?#@\\]*$/i;

/**
 * Which pages may talk to the endpoint. Browsers send cookies along from any page and have no same-origin rule for
 * WebSocket, so the server looks at `Origin` itself, before anything else. Origins are compared as origins: letters of
 * either case are one, and a port that is the scheme's default is none (RFC 6454 §4).
 */
export class OriginPolicy {
  readonly #listed: ReadonlySet<string>;

  /** @throws TypeError if one of the origins is none that a page could have. */
  constructor(origins: readonly string[]) {
    this.#listed = new Set(
      origins.map((text) => {
        const origin = text === 'null' ? text : originOf(text);
        if (origin === undefined) {
          throw new TypeError(
            `origins: "${text}" is no origin that a page could have: write for example https://portal.example.com.`,
          );
        }
        return origin;
      }),
    );
  }

  judge(sent: string | undefined, { secure, host }: Provenance): OriginVerdict {
    if (sent === undefined) return 'absent';
    // The origin of sandboxed frames and of files is nobody's own.
    if (sent === 'null') return this.#listed.has(sent) ? 'listed' : 'foreign';
    const origin = originOf(sent);
    if (origin === undefined) return 'foreign';
    if (this.#listed.has(origin)) return 'listed';
    // A page of this very server.
    return host !== undefined && origin === originOf(`${secure ? 'https' : 'http'}://${host}`)
      ? 'same'
      : 'foreign';
  }
}

/** The one way to write an origin, or nothing if the text is none. */
function originOf(text: string): string | undefined {
  const [, scheme] = ORIGIN.exec(text) ?? [];
  if (scheme === undefined) return undefined;
  // Of other schemes, as those of apps and extensions, URLs have no origin.
  if (!/^https?$/i.test(scheme)) return text.toLowerCase();
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
