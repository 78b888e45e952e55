import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { randomId } from './random-id.js';
import type { BrowserCookieOptions } from './transport-options.js';

/** The browser a request came from: digest of its cookie, and the header to set if it came without one. */
export interface Browser {
  readonly digest: string;
  readonly setCookie: string | undefined;
}

/** 24 random bytes and their signature, both in base64url. */
const FORM = /^([A-Za-z0-9_-]{32})\.([A-Za-z0-9_-]{43})$/;

/** Cookies of the same name that are looked at. A browser that sends more is flooded by somebody. */
const MAX_OF_ONE_NAME = 8;

/**
 * The cookie that proves a browser to be the one a session was made with. It is signed, so that only what was issued here
 * counts, and the server keeps only its digest.
 *
 * Another host of the same site, or another path of this one, can plant a cookie that was issued to somebody else. Over TLS the
 * prefix `__Host-` keeps it out; elsewhere a browser is known by all its good cookies together, so that the one that was
 * planted does not speak for it.
 */
export class BrowserCookie {
  readonly #options: BrowserCookieOptions;
  /** The first signs. */
  readonly #keys: readonly (string | Buffer)[];

  constructor(options: BrowserCookieOptions) {
    this.#options = options;
    this.#keys = options.keys.length > 0 ? options.keys : [randomBytes(32)];
  }

  /** The browser of a request, which is a new one if the request has no cookie of ours. */
  read(header: string | undefined, secure: boolean): Browser {
    const values = this.#find(header, secure);
    if (values.length > 0) return { digest: digestOf(values), setCookie: undefined };
    const fresh = randomId();
    const signed = `${fresh}.${signatureOf(fresh, this.#keys[0] as string | Buffer)}`;
    return { digest: digestOf([fresh]), setCookie: this.#serialise(signed, secure) };
  }

  /**
   * A `Set-Cookie` header that makes a browser forget its cookie.
   *
   * @param secure whether the browser came over TLS; `undefined` if that is not known.
   * @throws TypeError if that is not known and decides what the cookie is called.
   */
  expire(secure: boolean | undefined): string {
    if (secure === undefined && this.#nameOf(true) !== this.#nameOf(false)) {
      throw new TypeError(
        'The cookie has another name over TLS: write expireCookie(request), with the request that is answered.',
      );
    }
    return `${this.#serialise('', secure ?? false)}; Max-Age=0`;
  }

  /** The random parts of all cookies that were issued here, each once and in a fixed order. */
  #find(header: string | undefined, secure: boolean): readonly string[] {
    const name = this.#nameOf(secure);
    const values: string[] = [];
    for (const pair of header?.split(';') ?? []) {
      const equals = pair.indexOf('=');
      if (equals >= 0 && bare(pair.slice(0, equals)) === name) values.push(bare(pair.slice(equals + 1)));
    }
    if (values.length > MAX_OF_ONE_NAME) return [];
    return [...new Set(values.flatMap((value) => this.#verified(value) ?? []))].sort();
  }

  #verified(value: string): string | undefined {
    const [, random, signature] = FORM.exec(value) ?? [];
    if (random === undefined || signature === undefined) return undefined;
    const given = Buffer.from(signature);
    const good = this.#keys.some((key) => timingSafeEqual(given, Buffer.from(signatureOf(random, key))));
    return good ? random : undefined;
  }

  #isSecure(secure: boolean): boolean {
    return this.#options.secure === 'auto' ? secure : this.#options.secure;
  }

  /** Browsers take the prefix only for what is Secure, for the whole host and for no other. */
  #nameOf(secure: boolean): string {
    const { name, hostPrefix, domain, path } = this.#options;
    const prefixed = hostPrefix && domain === undefined && path === '/' && this.#isSecure(secure);
    return prefixed ? `__Host-${name}` : name;
  }

  #serialise(value: string, secure: boolean): string {
    const { domain, path, sameSite, maxAge, httpOnly, partitioned } = this.#options;
    const attributes = [
      domain !== undefined && `Domain=${domain}`,
      `Path=${path}`,
      maxAge !== undefined && value !== '' && `Max-Age=${maxAge}`,
      httpOnly && 'HttpOnly',
      this.#isSecure(secure) && 'Secure',
      sameSite !== false && `SameSite=${sameSite}`,
      partitioned && 'Partitioned',
    ];
    return [
      `${this.#nameOf(secure)}=${value}`,
      ...attributes.filter((attribute) => attribute !== false),
    ].join('; ');
  }
}

/**
 * Without the white space of HTTP (RFC 9110 §5.6.3) around it. `trim` takes more, such as the byte A0: to a browser it is part
 * of the name, so that such a cookie has no prefix and any host of the site can set it.
 */
function bare(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, '');
}

/** Of this use of the key alone: an application may sign other things with it. */
function signatureOf(random: string, key: string | Buffer): string {
  return createHmac('sha256', key).update(`nestjs-comet browser ${random}`).digest('base64url');
}

function digestOf(values: readonly string[]): string {
  return hash('sha256', values.join(), 'base64url');
}
