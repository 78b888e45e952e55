import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { ProxyTrust, type Provenance } from '../../src/transports/proxy-trust.js';
import type { TrustProxy } from '../../src/transports/transport-options.js';

function resolve(
  trust: TrustProxy | undefined,
  peer: string | undefined,
  headers: IncomingHttpHeaders = {},
  encrypted?: boolean,
): Provenance {
  const socket = { remoteAddress: peer, ...(encrypted !== undefined && { encrypted }) };
  return new ProxyTrust(trust).resolve({
    socket,
    headers: { host: 'inner.test:3000', ...headers },
  } as IncomingMessage);
}

const FORWARDED = {
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'portal.example.com',
};
const DIRECT: Provenance = { address: '10.0.0.5', secure: false, host: 'inner.test:3000' };
const BEHIND: Provenance = { address: '203.0.113.7', secure: true, host: 'portal.example.com' };

describe('ProxyTrust', () => {
  it.each([
    ['nobody', undefined],
    ['no hops', 0],
    ['an empty list', []],
    ['somebody else', ['10.0.0.6', '192.168.0.0/16', 'fd00::/8']],
  ])('believes no header when it trusts %s', (_, trust) => {
    expect(resolve(trust, '10.0.0.5', FORWARDED)).toEqual(DIRECT);
  });

  it.each([
    ['one hop', 1],
    ['its address', ['10.0.0.5']],
    ['its range', ['10.0.0.0/8']],
    ['one of several ranges', ['192.168.0.0/16', '10.0.0.4/30']],
  ])('believes a proxy it knows by %s', (_, trust) => {
    expect(resolve(trust, '10.0.0.5', FORWARDED)).toEqual(BEHIND);
  });

  it.each([
    ['IPv4 as IPv6, known by address', '::ffff:10.0.0.5', ['10.0.0.5']],
    ['IPv4 as IPv6, known by range', '::ffff:10.0.0.5', ['10.0.0.0/24']],
    ['IPv6, known by address', 'fd00::5', ['fd00::5']],
    ['IPv6, known by range', 'fd00::5', ['fd00::/8']],
    ['IPv6, written otherwise', 'fd00::5', ['fd00:0:0:0:0:0:0:5']],
    ['the loopback address of IPv6', '::1', ['::1']],
    ['IPv4 as IPv6, known as such', '::ffff:10.0.0.5', ['::ffff:10.0.0.5']],
  ])('knows %s', (_, peer, trust) => {
    expect(resolve(trust, peer, FORWARDED)).toEqual(BEHIND);
  });

  it('stops at the first address of the chain that it does not trust', () => {
    const chain = { ...FORWARDED, 'x-forwarded-for': '6.6.6.6, 203.0.113.7, 10.0.0.9' };
    expect(resolve(['10.0.0.0/8'], '10.0.0.5', chain).address).toBe('203.0.113.7');
    expect(resolve(1, '10.0.0.5', chain).address).toBe('10.0.0.9');
    expect(resolve(2, '10.0.0.5', chain).address).toBe('203.0.113.7');
    expect(resolve(3, '10.0.0.5', chain).address).toBe('6.6.6.6');
    expect(resolve(9, '10.0.0.5', chain).address).toBe('6.6.6.6');
  });

  it('takes no address that a client only claims to come from', () => {
    const spoofed = { 'x-forwarded-for': '127.0.0.1, 10.0.0.1', 'x-forwarded-proto': 'https' };
    expect(resolve(['10.0.0.5'], '203.0.113.7', spoofed)).toEqual({
      address: '203.0.113.7',
      secure: false,
      host: 'inner.test:3000',
    });
  });

  it.each(['', 'unknown', 'not an address', '999.1.1.1', '_hidden'])(
    'keeps to what it knows when a proxy says %j',
    (forwarded) => {
      expect(resolve(1, '10.0.0.5', { 'x-forwarded-for': forwarded }).address).toBe('10.0.0.5');
    },
  );

  it.each([
    ['https', true],
    ['wss', true],
    ['http', false],
    ['ws', false],
    ['https, http', true],
    ['', false],
    ['HTTPS', true],
  ])('a trusted proxy that says %j: secure is %s', (proto, secure) => {
    expect(resolve(1, '10.0.0.5', { 'x-forwarded-proto': proto }).secure).toBe(secure);
  });

  it('knows by itself whether a connection without a proxy is encrypted', () => {
    expect(resolve(undefined, '203.0.113.7', {}, true).secure).toBe(true);
    expect(resolve(1, '10.0.0.5', {}, true).secure).toBe(true);
    expect(resolve(1, '10.0.0.5', { 'x-forwarded-proto': 'http' }, true).secure).toBe(false);
  });

  it('trusts nobody whose address it does not know', () => {
    expect(resolve(1, undefined, FORWARDED)).toEqual({ ...DIRECT, address: undefined });
  });

  it.each([
    'localhost',
    '10.0.0.0/x',
    '10.0.0.0/',
    '10.0.0',
    '',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/8/8',
  ])('refuses %j as a proxy, in a sentence that names it', (entry) => {
    expect(() => new ProxyTrust([entry])).toThrow(
      new TypeError(`trustProxy: "${entry}" is neither an address nor a range like 10.0.0.0/8.`),
    );
  });
});
