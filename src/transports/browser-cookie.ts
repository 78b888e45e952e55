import { createHash, randomBytes } from 'node:crypto';
import type { BrowserCookieOptions } from './transport-options.js';

/** The browser a request came from: digest of its cookie, and the header to set if it came without one. */
export interface Browser {
  readonly digest: string;
  readonly setCookie: string | undefined;
}

/** 24 random bytes in base64url. Anything else was not issued here and proves nothing. */
const ISSUED = /^[A-Za-z0-9_-]{32}$/;

/** The cookie that proves a browser to be the one a session was made with. The server keeps only its digest. */
export class BrowserCookie {
  readonly #options: BrowserCookieOptions;

  constructor(options: BrowserCookieOptions) {
    this.#options = options;
  }

  /** The browser of a request, which is a new one if the request has no cookie of ours. */
  read(header: string | undefined, secure: boolean): Browser {
    const value = this.#find(header);
    if (value !== undefined) return { digest: digestOf(value), setCookie: undefined };
    const fresh = randomBytes(24).toString('base64url');
    return { digest: digestOf(fresh), setCookie: this.#serialise(fresh, secure) };
  }

  /** A `Set-Cookie` header that makes the browser forget its cookie. */
  expire(): string {
    return `${this.#serialise('', false)}; Max-Age=0`;
  }

  #find(header: string | undefined): string | undefined {
    for (const pair of header?.split(';') ?? []) {
      const equals = pair.indexOf('=');
      if (equals < 0 || pair.slice(0, equals).trim() !== this.#options.name) continue;
      const value = pair.slice(equals + 1).trim();
      if (ISSUED.test(value)) return value;
    }
    return undefined;
  }

  #serialise(value: string, secure: boolean): string {
    const { name, domain, path, sameSite, maxAge, httpOnly, partitioned, ...options } = this.#options;
    const attributes = [
      domain !== undefined && `Domain=${domain}`,
      `Path=${path}`,
      maxAge !== undefined && value !== '' && `Max-Age=${maxAge}`,
      httpOnly && 'HttpOnly',
      (options.secure === 'auto' ? secure : options.secure) && 'Secure',
      sameSite !== false && `SameSite=${sameSite}`,
      partitioned && 'Partitioned',
    ];
    return [`${name}=${value}`, ...attributes.filter((attribute) => attribute !== false)].join('; ');
  }
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}
