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
    ['IPv4, known as IPv6', '10.0.0.5', ['::ffff:10.0.0.0/104']],
    ['IPv4 as IPv6, known by a range of them', '::ffff:10.0.0.5', ['::ffff:10.0.0.0/104']],
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

  it.each([
    ...[
      '',
      ',',
      '198.51.100.66,',
      'unknown',
      '_hidden',
      'not an address',
      '999.1.1.1',
      '203.0.113.009',
      '::1::',
    ],
    ...[
      '203.0.113.9:',
      '203.0.113.9:x',
      '203.0.113.9:443:1',
      '[203.0.113.9]',
      '[::1',
      '::1]',
      '[::1]x',
      '"',
      '[]:1',
    ],
  ])('[N1] T74 stops at %j, and believes nothing left of it', (entry) => {
    const chain = { 'x-forwarded-for': `198.51.100.66, ${entry}` };
    expect(resolve(1, '10.0.0.5', chain).address).toBe('10.0.0.5');
    expect(resolve(9, '10.0.0.5', chain).address).toBe('10.0.0.5');
    expect(resolve(['0.0.0.0/0', '::/0'], '10.0.0.5', chain).address).toBe('10.0.0.5');
  });

  it.each([
    ['203.0.113.9:51234', '203.0.113.9'],
    ['"203.0.113.9:51234"', '203.0.113.9'],
    ['"203.0.113.9"', '203.0.113.9'],
    ['2001:db8::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['"[2001:db8::1]:443"', '2001:db8::1'],
    ['2001:0DB8:0000::0001', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['[fe80::1%25eth0]:443', 'fe80::1'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::FFFF:CB00:7109', '203.0.113.9'],
    ['[0:0:0:0:0:ffff:203.0.113.9]:443', '203.0.113.9'],
  ])('[N1] T74 reads %j as %s, and not what a client wrote before it', (entry, address) => {
    for (const headers of [`198.51.100.66, ${entry}`, `198.51.100.66,${entry}`, `unknown,\t${entry} `]) {
      expect(resolve(1, '10.0.0.5', { 'x-forwarded-for': headers }).address).toBe(address);
    }
    const chain = { 'x-forwarded-for': `198.51.100.66, ${entry}, 10.0.0.6:80` };
    expect(resolve(2, '10.0.0.5', chain).address).toBe(address);
    expect(resolve(['10.0.0.0/8'], '10.0.0.5', chain).address).toBe(address);
  });

  it('reads a header of several lines as one', () => {
    const lines = {
      'x-forwarded-for': ['198.51.100.66', '203.0.113.9, 10.0.0.6'],
    } as unknown as IncomingHttpHeaders;
    expect(resolve(2, '10.0.0.5', lines).address).toBe('203.0.113.9');
  });

  it('[N1] T74 takes of other lists what the outermost of the trusted proxies wrote', () => {
    const lists = {
      'x-forwarded-for': '203.0.113.9, 10.0.0.6',
      'x-forwarded-proto': 'https, http, https',
      'x-forwarded-host': 'evil.test, portal.example.com, inner.test',
    };
    const from = (trust: TrustProxy): unknown[] => {
      const { secure, host } = resolve(trust, '10.0.0.5', lists);
      return [secure, host];
    };
    expect(from(1)).toEqual([true, 'inner.test']);
    expect(from(2)).toEqual([false, 'portal.example.com']);
    expect(from(['10.0.0.5'])).toEqual([true, 'inner.test']);
    expect(from(['10.0.0.0/8'])).toEqual([false, 'portal.example.com']);
    const anew = { ...lists, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'portal.example.com' };
    expect(resolve(2, '10.0.0.5', anew)).toMatchObject({ secure: true, host: 'portal.example.com' });
  });

  it('does not read `Forwarded`', () => {
    const forwarded = { forwarded: 'for=198.51.100.66;proto=https;host=evil.test' };
    expect(resolve(1, '10.0.0.5', forwarded)).toEqual(DIRECT);
    expect(resolve(1, '10.0.0.5', { ...FORWARDED, ...forwarded })).toEqual(BEHIND);
  });

  it('takes the host of HTTP/2 from its pseudo-header', () => {
    const headers = { ':authority': 'portal.example.com', host: 'inner.test' };
    expect(resolve(undefined, '10.0.0.5', headers).host).toBe('portal.example.com');
  });

  it('writes the address of a peer in one way', () => {
    expect(resolve(undefined, '::ffff:203.0.113.9').address).toBe('203.0.113.9');
    expect(resolve(1, '::ffff:10.0.0.5').address).toBe('10.0.0.5');
  });

  it.each([
    ['https', true],
    ['wss', true],
    ['http', false],
    ['ws', false],
    ['https, http', false],
    ['http, https', true],
    ['https,', false],
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

  it('[N2] trusts no peer over TCP that has gone, whose address is missing', () => {
    const gone = { address: undefined, secure: false, host: 'inner.test:3000' };
    expect(resolve(1, undefined, FORWARDED)).toEqual(gone);
    const server = { listening: true, address: () => ({ port: 3000 }) };
    for (const socket of [{ server }, { server: { listening: false, address: () => null } }]) {
      const request = { socket, headers: { host: 'inner.test:3000', ...FORWARDED } };
      expect(new ProxyTrust(1).resolve(request as unknown as IncomingMessage)).toEqual(gone);
    }
  });

  describe('on a server that listens on a path', () => {
    const onPath = (
      trust: TrustProxy | undefined,
      headers: IncomingHttpHeaders = FORWARDED,
      server: object = { listening: true, address: () => '/run/app.sock' },
    ): Provenance => {
      const request = { socket: { server }, headers: { host: 'inner.test:3000', ...headers } };
      return new ProxyTrust(trust).resolve(request as unknown as IncomingMessage);
    };
    const direct = { address: undefined, secure: false, host: 'inner.test:3000' };

    it('[N2] counts the peer as the nearest hop', () => {
      expect(onPath(1)).toEqual(BEHIND);
      expect(onPath(['10.0.0.0/8'])).toEqual(BEHIND);
      expect(onPath(1, {}).address).toBeUndefined();
      const chain = { ...FORWARDED, 'x-forwarded-for': '198.51.100.66, 203.0.113.7, 10.0.0.9' };
      expect(onPath(1, chain).address).toBe('10.0.0.9');
      expect(onPath(2, chain).address).toBe('203.0.113.7');
      expect(onPath(['10.0.0.0/8'], chain).address).toBe('203.0.113.7');
    });

    it('[N2] counts it so too where the system has opened the path, and while the server closes', () => {
      const server = { listening: true, address: () => null };
      const request = { socket: { server }, headers: FORWARDED } as unknown as IncomingMessage;
      const trust = new ProxyTrust(1);
      expect(trust.resolve(request)).toEqual(BEHIND);
      server.listening = false;
      expect(trust.resolve(request)).toEqual(BEHIND);
    });

    it.each([
      ['nobody', undefined],
      ['no hops', 0],
      ['an empty list', []],
    ])('believes no header when it trusts %s', (_, trust) => {
      expect(onPath(trust)).toEqual(direct);
    });
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
