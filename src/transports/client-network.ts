import { isIPv4, isIPv6, SocketAddress } from 'node:net';

/** Groups of an IPv6 address that name the network of one customer; the others are the customer's to choose. */
const NETWORK_GROUPS = 4;

/** IPv4 addresses on sockets that serve both families. */
const MAPPED = '::ffff:';

/**
 * The one way to write an address: IPv4 as such, also where it stands in an IPv6 one, and IPv6 as RFC 5952 has it, without
 * its zone. Nothing for what is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  const mapped = address.slice(MAPPED.length);
  return address.startsWith(MAPPED) && isIPv4(mapped) ? mapped : address;
}

/**
 * Under which name the attempts of a client are counted: its IPv4 address, or the /64 network of its IPv6 address, as one
 * customer has 2^64 of those. Clients whose address is not known are counted together.
 */
export function networkOf(address: string | undefined): string {
  const plain = address === undefined ? undefined : canonicalAddress(address);
  if (plain === undefined) return 'unknown';
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(8 - before.length - after.length, 0);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}
