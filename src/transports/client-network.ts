import { isIPv6 } from 'node:net';

/** Groups of an IPv6 address that name the network of one customer; the others are the customer's to choose. */
const NETWORK_GROUPS = 4;

/**
 * Under which name the attempts of a client are counted: its IPv4 address, or the /64 network of its IPv6 address, of
 * which whoever has one address has 2^64. Clients whose address is not known are counted together.
 */
export function networkOf(address: string | undefined): string {
  if (address === undefined) return 'unknown';
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.split('%', 1)[0]?.split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(8 - before.length - after.length, 0);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
