import { BlockList, isIP, isIPv6, type Server } from 'node:net';
import { canonicalAddress } from './client-network.js';
import { hostOf, type HttpRequest, peerOf, socketOf } from './http-exchange.js';
import type { TrustProxy } from './transport-options.js';

/** Where a request really came from, as far as one may believe what proxies say. */
export interface Provenance {
  /** In its canonical form; nothing if it is not known. */
  readonly address: string | undefined;
  /** True if the client spoke TLS. */
  readonly secure: boolean;
  /** Host and port the client addressed. */
  readonly host: string | undefined;
}

/** What a proxy writes for a client: an address, which may have a port, and has brackets then if it is IPv6. */
const ENTRY = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/;

/**
 * The one reader of forwarded headers, for every use. It reads `X-Forwarded-For`, `-Proto` and `-Host`, from the right:
 * each proxy adds an entry at the end, and what stands left of the entries of trusted proxies is the client's own
 * invention. `Forwarded` (RFC 7239) is not read: a proxy that knows only the older headers passes it on unseen.
 */
export class ProxyTrust {
  readonly #hops: number;
  readonly #proxies: BlockList | undefined;
  readonly #any: boolean;
  /** Whether servers listen on a path; a server that has been closed no longer tells. */
  readonly #onPath = new WeakMap<Server, boolean>();

  /** @throws TypeError if an entry is neither an address nor a CIDR range. */
  constructor(trust: TrustProxy | undefined) {
    this.#hops = typeof trust === 'number' ? trust : 0;
    if (typeof trust === 'object') this.#proxies = proxiesIn(trust);
    this.#any = typeof trust === 'object' ? trust.length > 0 : this.#hops > 0;
  }

  resolve(request: HttpRequest): Provenance {
    const { headers } = request;
    const { address, encrypted } = peerOf(request);
    const peer = address === undefined ? undefined : canonicalAddress(address);
    const host = hostOf(request);
    if (!this.#any || !this.#isProxy(peer, request)) return { address: peer, secure: encrypted, host };
    const { client, trusted } = this.#walk(peer, entriesOf(headers['x-forwarded-for']));
    const proto = entryOf(headers['x-forwarded-proto'], trusted)?.toLowerCase();
    return {
      address: client,
      secure: proto === undefined ? encrypted : proto === 'https' || proto === 'wss',
      host: entryOf(headers['x-forwarded-host'], trusted) ?? host,
    };
  }

  /**
   * Walks from the nearest proxy to the client. It stops at the first address that is not trusted, and at what is no
   * address: whatever is left of that was not written by anybody who is trusted.
   */
  #walk(
    peer: string | undefined,
    entries: readonly string[],
  ): { client: string | undefined; trusted: number } {
    let client = peer;
    let trusted = 1;
    for (let index = entries.length - 1; index >= 0; index--) {
      const address = addressIn(entries[index] as string);
      if (address === undefined) break;
      client = address;
      if (!this.#trusts(address, trusted)) break;
      trusted++;
    }
    return { client, trusted: this.#proxies ? trusted : this.#hops };
  }

  #isProxy(peer: string | undefined, request: HttpRequest): boolean {
    return peer === undefined ? this.#cameByPath(request) : this.#trusts(peer, 0);
  }

  /**
   * Whether the peer is a process of this machine that reached a server on a path (a Unix domain socket), which has no
   * address. Over TCP the address is missing once the peer has gone.
   */
  #cameByPath(request: HttpRequest): boolean {
    const { server } = (socketOf(request) ?? {}) as { readonly server?: Server };
    if (!server) return false;
    const known = this.#onPath.get(server);
    if (known !== undefined) return known;
    if (!server.listening) return false;
    // One that was handed its socket by the system does not know the path.
    const address = server.address();
    const onPath = typeof address === 'string' || address === null;
    this.#onPath.set(server, onPath);
    return onPath;
  }

  #trusts(address: string, hop: number): boolean {
    if (!this.#proxies) return hop < this.#hops;
    return this.#proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

function proxiesIn(entries: readonly string[]): BlockList {
  const proxies = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix, ...rest] = entry.split('/');
    const family = isIP(address);
    const bits = family === 6 ? 128 : 32;
    if (
      rest.length > 0 ||
      family === 0 ||
      (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
    ) {
      throw new TypeError(`trustProxy: "${entry}" is neither an address nor a range like 10.0.0.0/8.`);
    }
    const type = family === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) proxies.addAddress(address, type);
    else proxies.addSubnet(address, Number(prefix), type);
  }
  return proxies;
}

/** The entries of a header, of which there may be several lines. */
function entriesOf(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return String(header)
    .split(',')
    .map((entry) => entry.trim().replace(/^"(.*)"$/, '$1'));
}

/**
 * What the outermost of so many trusted proxies has written. Most set a header anew, so that there is one entry whatever
 * their number; where each adds its own, what the client sent stands further left.
 */
function entryOf(header: string | string[] | undefined, trusted: number): string | undefined {
  const entries = entriesOf(header);
  const entry = entries[Math.max(entries.length - trusted, 0)];
  return entry === '' ? undefined : entry;
}

/** The address of an entry, or nothing if it hides it (`unknown`, `_name`) or is malformed. */
function addressIn(entry: string): string | undefined {
  const bare = canonicalAddress(entry);
  if (bare !== undefined) return bare;
  const [, bracketed, plain] = ENTRY.exec(entry) ?? [];
  if (bracketed !== undefined) return isIPv6(bracketed) ? canonicalAddress(bracketed) : undefined;
  return plain === undefined ? undefined : canonicalAddress(plain);
}
