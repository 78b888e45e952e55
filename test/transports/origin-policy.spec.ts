import { OriginPolicy } from '../../src/transports/origin-policy.js';

const policy = new OriginPolicy(['https://portal.example.com', 'capacitor://localhost', 'http://[::1]:8080']);
const here = { address: '127.0.0.1', secure: false, host: 'push.example.com:3000' };

describe('OriginPolicy', () => {
  it.each([
    [undefined, 'absent'],
    ['https://portal.example.com', 'listed'],
    ['capacitor://localhost', 'listed'],
    ['http://[::1]:8080', 'listed'],
    ['http://push.example.com:3000', 'same'],
    ['https://push.example.com:3000', 'foreign'],
    ['http://push.example.com', 'foreign'],
    ['http://push.example.com:30001', 'foreign'],
    ['http://evil.test', 'foreign'],
    ['http://portal.example.com', 'foreign'],
    ['https://portal.example.com:8443', 'foreign'],
    ['https://portal.example.com.evil.test', 'foreign'],
    ['https://evil.test/https://portal.example.com', 'foreign'],
    ['https://sub.portal.example.com', 'foreign'],
    ['https://portal.example.com/', 'foreign'],
    ['null', 'foreign'],
    ['', 'foreign'],
    ['*', 'foreign'],
  ])('judges %j as %s', (origin, verdict) => {
    expect(policy.judge(origin, here)).toBe(verdict);
  });

  it('takes the scheme from how the client came', () => {
    expect(policy.judge('https://push.example.com:3000', { ...here, secure: true })).toBe('same');
    expect(policy.judge('http://push.example.com:3000', { ...here, secure: true })).toBe('foreign');
  });

  it('does not mind how the host is written', () => {
    expect(policy.judge('http://push.example.com:3000', { ...here, host: 'PUSH.example.com:3000' })).toBe(
      'same',
    );
  });

  it('knows no origin of its own without a host', () => {
    expect(policy.judge('http://undefined', { ...here, host: undefined })).toBe('foreign');
  });

  it('lets sandboxed pages in only where `null` is listed', () => {
    expect(new OriginPolicy(['null']).judge('null', here)).toBe('listed');
  });

  it.each([
    ['the default port of the scheme', 'https://shop.example.com', true, 'shop.example.com:443'],
    ['the default port of plain HTTP', 'http://shop.example.com', false, 'shop.example.com:80'],
    ['a default port that the client writes', 'https://shop.example.com:443', true, 'shop.example.com'],
    ['capitals in the origin', 'HTTPS://Shop.Example.com', true, 'shop.example.com'],
    ['an address of IPv6', 'https://[2001:db8::1]', true, '[2001:DB8:0::1]:443'],
    ['a name in other letters', 'https://xn--bcher-kva.example', true, 'xn--bcher-kva.example:443'],
    ['a dot at the end of both', 'https://shop.example.com.', true, 'shop.example.com.:443'],
  ])('[N3] compares origins, not texts: %s', (_, origin, secure, host) => {
    expect(policy.judge(origin, { address: undefined, secure, host })).toBe('same');
  });

  it.each([
    ['the default port of the other scheme', 'https://shop.example.com', true, 'shop.example.com:80'],
    ['the other scheme on the same port', 'http://shop.example.com:443', true, 'shop.example.com:443'],
    ['a page without TLS', 'http://shop.example.com', true, 'shop.example.com'],
    ['a dot at the end of one', 'https://shop.example.com.', true, 'shop.example.com'],
    ['an origin with a user', 'https://user@shop.example.com', true, 'shop.example.com'],
    ['a host with a user', 'https://shop.example.com', true, 'user@shop.example.com'],
    ['a host with a path', 'https://shop.example.com', true, 'shop.example.com/x'],
    ['a host with a backslash', 'https://shop.example.com', true, 'shop.example.com\\x'],
    ['an empty host', 'https://', true, ''],
    ['several origins', 'https://shop.example.com, https://evil.test', true, 'shop.example.com'],
    ['an origin with a space', 'https://shop.example.com ', true, 'shop.example.com'],
    ['a port that is none', 'https://shop.example.com:99999', true, 'shop.example.com:99999'],
    ['no origin', 'null', true, 'null'],
  ])('[N3] does not take as its own: %s', (_, origin, secure, host) => {
    expect(policy.judge(origin, { address: undefined, secure, host })).toBe('foreign');
  });

  it('[N3] compares those of the list as well', () => {
    const listed = new OriginPolicy(['https://portal.example.com:443', 'https://bücher.example', 'file://']);
    for (const origin of ['https://portal.example.com', 'https://xn--bcher-kva.example', 'file://']) {
      expect(listed.judge(origin, here)).toBe('listed');
    }
    expect(listed.judge('https://portal.example.com:8443', here)).toBe('foreign');
  });

  it.each(['https://portal.example.com:99999', 'https://::', 'https://', 'portal.example.com', '*'])(
    '[N3] refuses %j in the list, in a sentence that names it',
    (origin) => {
      expect(() => new OriginPolicy([origin])).toThrow(
        new TypeError(
          `origins: "${origin}" is no origin that a page could have: write for example https://portal.example.com.`,
        ),
      );
    },
  );

  describe('[A9] T67 with names of the server', () => {
    const named = new OriginPolicy(
      ['https://portal.example.com'],
      ['push.example.com', 'LOCALHOST:3000', '*.tenants.test', '[::1]', 'secure.test:443'],
    );

    it.each([
      ['push.example.com', 'absent'],
      ['PUSH.example.com.:8080', 'absent'],
      ['localhost:3000', 'absent'],
      ['a.b.tenants.test', 'absent'],
      ['[::1]:9000', 'absent'],
      ['[0:0:0:0:0:0:0:1]', 'absent'],
      ['localhost', 'misdirected'],
      ['localhost:3001', 'misdirected'],
      ['tenants.test', 'misdirected'],
      ['xtenants.test', 'misdirected'],
      ['evil.test', 'misdirected'],
      ['push.example.com.evil.test', 'misdirected'],
      ['push.example.com@evil.test', 'misdirected'],
      ['evil.test#push.example.com', 'misdirected'],
      ['push.example.com, evil.test', 'misdirected'],
      ['*.tenants.test', 'misdirected'],
      ['', 'misdirected'],
      [undefined, 'misdirected'],
    ])('judges a request for %j as %s', (host, verdict) => {
      expect(named.judge(undefined, { ...here, host })).toBe(verdict);
    });

    it('takes no origin for its own because it is the same as a foreign host', () => {
      const rebound = { ...here, host: 'evil.test' };
      expect(named.judge('http://evil.test', rebound)).toBe('misdirected');
      expect(named.judge('https://portal.example.com', rebound)).toBe('misdirected');
      expect(policy.judge('http://evil.test', rebound)).toBe('same');
    });

    it('knows the port that a scheme means', () => {
      expect(named.judge(undefined, { ...here, host: 'secure.test', secure: true })).toBe('absent');
      expect(named.judge(undefined, { ...here, host: 'secure.test' })).toBe('misdirected');
    });

    it.each(['', '*', 'http://a.test', 'a.test/', 'a b', 'a.*.test', '*.', 'a.test:x', '[::1'])(
      'is told that %j is no host',
      (host) => {
        expect(() => new OriginPolicy([], [host])).toThrow(/hosts: .* is no host/);
      },
    );
  });
});
