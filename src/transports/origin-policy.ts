import type { Provenance } from './proxy-trust.js';

/**
 * What a request's `Origin` means: none was sent, the server's own, one of the list, or none of these; or that the request is for
 * a host that this server is not.
 */
export type OriginVerdict = 'absent' | 'same' | 'listed' | 'foreign' | 'misdirected';

/** A scheme, a host and perhaps a port, with nothing before or after them. */
const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/[^\s/?#@\\]*$/i;

/**
 * Which pages may talk to the endpoint. Browsers send cookies along from any page and have no same-origin rule for
 * WebSocket, so the server looks at `Origin` itself, before anything else. Origins are compared as origins: letters of
 * either case are one, and a port that is the scheme's default is none (RFC 6454 §4).
 *
 * A page whose site resolves its own name to this server (DNS rebinding) has the origin that its requests are for. Only the
 * names of this server, if they are given, tell it from a page of its own.
 */
export class OriginPolicy {
  readonly #listed: ReadonlySet<string>;
  readonly #hosts: readonly HostPattern[];

  /**
   * @param hosts names of this server; none for any name.
   * @throws TypeError if one of the origins is none that a page could have, or one of the hosts none.
   */
  constructor(origins: readonly string[], hosts: readonly string[] = []) {
    this.#hosts = hosts.map(hostPattern);
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
    if (this.#hosts.length > 0 && !this.#isOwn(host, secure)) return 'misdirected';
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

  #isOwn(text: string | undefined, secure: boolean): boolean {
    const host = text === undefined ? undefined : hostOf(text);
    if (!host) return false;
    const port = host.port === '' ? (secure ? '443' : '80') : host.port;
    return this.#hosts.some(
      (own) =>
        (own.name.startsWith('.') ? host.name.endsWith(own.name) : host.name === own.name) &&
        (own.port === undefined || Number(own.port) === Number(port)),
    );
  }
}

interface HostPattern {
  /** With a dot ahead where all names below it are meant. */
  readonly name: string;
  readonly port: string | undefined;
}

function hostPattern(text: string): HostPattern {
  const host = hostOf(text.replace(/^\*\./, ''));
  if (!host) {
    throw new TypeError(
      `hosts: "${text}" is no host: write for example push.example.com, push.example.com:8443 or *.example.com.`,
    );
  }
  const port = /:\d+$/.test(text) ? host.port : undefined;
  return { name: text.startsWith('*.') ? `.${host.name}` : host.name, port };
}

/** A host and perhaps a port, as a `Host` header has them. */
const HOST = /^(?:\[[0-9a-f:.]+\]|[^\s/?#@\\:[\]*]+)(?::\d{1,5})?$/i;

/** The one way to write a host, or nothing if the text is none. A name with a dot at its end is the same host. */
function hostOf(text: string): { readonly name: string; readonly port: string } | undefined {
  if (!HOST.test(text) || !URL.canParse(`ws://${text}`)) return undefined;
  const { hostname } = new URL(`ws://${text}`);
  return { name: hostname.replace(/\.$/, ''), port: /:(\d+)$/.exec(text)?.[1] ?? '' };
}

/** The one way to write an origin, or nothing if the text is none. */
function originOf(text: string): string | undefined {
  const [, scheme] = ORIGIN.exec(text) ?? [];
  if (scheme === undefined) return undefined;
  // Of other schemes, as those of apps and extensions, URLs have no origin.
  if (!/^https?$/i.test(scheme)) return text.toLowerCase();
  return URL.canParse(text) ? new URL(text).origin : undefined;
}
