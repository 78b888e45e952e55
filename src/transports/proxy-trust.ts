import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { TrustProxy } from './transport-options.js';

/** Where a request really came from, as far as one may believe what proxies say. */
export interface Provenance {
  readonly address: string | undefined;
  /** True if the client spoke TLS. */
  readonly secure: boolean;
  /** Host and port the client addressed. */
  readonly host: string | undefined;
}

/** Reads `X-Forwarded-*`, but only from proxies that were named. */
export class ProxyTrust {
  readonly #hops: number;
  readonly #proxies: BlockList | undefined;

  /** @throws TypeError if an entry is neither an address nor a CIDR range. */
  constructor(trust: TrustProxy | undefined) {
    this.#hops = typeof trust === 'number' ? trust : 0;
    if (typeof trust === 'object') this.#proxies = proxiesIn(trust);
  }

  resolve(request: IncomingMessage): Provenance {
    const peer = request.socket.remoteAddress;
    const encrypted = 'encrypted' in request.socket && request.socket.encrypted === true;
    const { host } = request.headers;
    if (peer === undefined || !this.#trusts(peer, 0)) return { address: peer, secure: encrypted, host };
    const proto = first(request.headers['x-forwarded-proto'])?.toLowerCase();
    return {
      address: this.#client(peer, request.headers['x-forwarded-for']),
      secure: proto === undefined ? encrypted : proto === 'https' || proto === 'wss',
      host: first(request.headers['x-forwarded-host']) ?? host,
    };
  }

  /** Walks from the nearest proxy to the client and stops at the first address that is not trusted. */
  #client(peer: string, forwarded: string | string[] | undefined): string {
    const chain = String(forwarded ?? '')
      .split(',')
      .map((address) => address.trim())
      .filter((address) => isIP(address) > 0)
      .reverse();
    let client = peer;
    for (const [hop, address] of chain.entries()) {
      if (!this.#trusts(client, hop)) break;
      client = address;
    }
    return client;
  }

  #trusts(address: string, hop: number): boolean {
    if (!this.#proxies) return hop < this.#hops;
    const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
    const family = isIP(plain);
    return family > 0 && this.#proxies.check(plain, family === 6 ? 'ipv6' : 'ipv4');
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

function first(header: string | string[] | undefined): string | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.split(',')[0]?.trim();
  return value === '' ? undefined : value;
}
