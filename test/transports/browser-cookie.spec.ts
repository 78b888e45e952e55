import { BrowserCookie } from '../../src/transports/browser-cookie.js';
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transports/transport-options.js';

const options = DEFAULT_TRANSPORT_OPTIONS.cookie;
const cookie = new BrowserCookie(options);

function issue(secure = false): { value: string; header: string; digest: string } {
  const { digest, setCookie } = cookie.read(undefined, secure);
  const [, value] = /^(?:__Host-)?BAYEUX_BROWSER=([^;]*)/.exec(setCookie ?? '') ?? [];
  if (setCookie === undefined || value === undefined) throw new Error('No cookie was issued.');
  return { value, header: setCookie, digest };
}

describe('BrowserCookie', () => {
  it('gives a browser without a cookie one of at least 128 random bits', () => {
    const values = new Set(Array.from({ length: 1_000 }, () => issue().value));
    expect(values.size).toBe(1_000);
    for (const value of values) {
      expect(value).toMatch(/^[A-Za-z0-9_-]{32}\.[A-Za-z0-9_-]{43}$/);
    }
  });

  it('is for this server alone and no script', () => {
    const { value, header } = issue();
    expect(header).toBe(`BAYEUX_BROWSER=${value}; Path=/; HttpOnly; SameSite=Lax`);
    expect(issue(true).header).toMatch(/; HttpOnly; Secure; SameSite=Lax$/);
  });

  it('is known again, and not issued twice', () => {
    const { value, digest } = issue();
    for (const header of [
      `BAYEUX_BROWSER=${value}`,
      `a=b; BAYEUX_BROWSER=${value}; c=d`,
      `a=b;BAYEUX_BROWSER= ${value} ;`,
      `BAYEUX_BROWSER=not-ours; BAYEUX_BROWSER=${value}`,
    ]) {
      expect(cookie.read(header, false)).toEqual({ digest, setCookie: undefined });
    }
  });

  it('[A9] T66 has exactly its name: what is part of a name to a browser is no white space', () => {
    const [planted, own] = [issue(true), issue(true)];
    // A browser sees no prefix here, and takes such a cookie from any host of the site. Node reads headers as Latin-1.
    for (const space of ['\u00a0', '\u000b', '\u000c', '\u0085', '\ufeff', '\u2000']) {
      const name = `__Host-BAYEUX_BROWSER`;
      for (const other of [`${space}${name}`, `${name}${space}`]) {
        expect(cookie.read(`${other}=${planted.value}`, true).setCookie).toBeDefined();
        const both = `${other}=${planted.value}; \t${name} =\t${own.value}\t`;
        expect(cookie.read(both, true)).toEqual({ digest: own.digest, setCookie: undefined });
      }
    }
  });

  it('is kept as a digest only', () => {
    const { value, digest } = issue();
    expect(digest).not.toContain(value);
    expect(issue().digest).not.toBe(digest);
  });

  it.each([
    '',
    'BAYEUX_BROWSER',
    'BAYEUX_BROWSER=',
    'BAYEUX_BROWSER=x',
    `BAYEUX_BROWSER=${'a'.repeat(31)}`,
    `BAYEUX_BROWSER=${'a'.repeat(33)}`,
    `BAYEUX_BROWSER=${'a'.repeat(31)}!`,
    `BAYEUX_BROWSER="${'a'.repeat(32)}"`,
    `bayeux_browser=${'a'.repeat(32)}`,
    `X_BAYEUX_BROWSER=${'a'.repeat(32)}`,
    `other=${'a'.repeat(32)}`,
  ])('takes nothing else for one of its own: %s', (header) => {
    const { digest, setCookie } = cookie.read(header, false);
    expect(setCookie).toBeDefined();
    expect(cookie.read(header, false).digest).not.toBe(digest);
  });

  it('has the name and scope it was told to have', () => {
    const named = {
      name: 'PUSH',
      hostPrefix: false,
      domain: 'example.com',
      path: '/push',
      sameSite: 'None',
    } as const;
    const other = new BrowserCookie({ ...options, ...named });
    expect(other.read(undefined, true).setCookie).toMatch(
      /^PUSH=[\w.-]{76}; Domain=example\.com; Path=\/push; HttpOnly; Secure; SameSite=None$/,
    );
    expect(other.expire(false)).toBe(
      'PUSH=; Domain=example.com; Path=/push; HttpOnly; SameSite=None; Max-Age=0',
    );
  });

  it('[C5] has no SameSite where that is left out, as some cookie jars drop what they do not know', () => {
    const other = new BrowserCookie({ ...options, sameSite: false });
    expect(other.read(undefined, true).setCookie).toMatch(
      /^__Host-BAYEUX_BROWSER=[\w.-]{76}; Path=\/; HttpOnly; Secure$/,
    );
    expect(other.expire(false)).toBe('BAYEUX_BROWSER=; Path=/; HttpOnly; Max-Age=0');
  });

  it('lives for as long as it was told to, in as many jars', () => {
    const other = new BrowserCookie({ ...options, maxAge: 60, partitioned: true });
    expect(other.read(undefined, true).setCookie).toMatch(
      /^__Host-BAYEUX_BROWSER=[\w.-]{76}; Path=\/; Max-Age=60; HttpOnly; Secure; SameSite=Lax; Partitioned$/,
    );
    expect(other.expire(false)).toBe(
      'BAYEUX_BROWSER=; Path=/; HttpOnly; SameSite=Lax; Partitioned; Max-Age=0',
    );
  });

  it.each([
    [true, false, true],
    [false, true, false],
    ['auto', true, true],
    ['auto', false, false],
  ] as const)(
    'with secure: %s on a request that is secure: %s is Secure: %s',
    (option, request, expected) => {
      const other = new BrowserCookie({ ...options, secure: option, httpOnly: false });
      expect(other.read(undefined, request).setCookie?.includes('; Secure')).toBe(expected);
      expect(other.read(undefined, request).setCookie).not.toContain('HttpOnly');
    },
  );

  it('is expired by a header of the same name and scope', () => {
    expect(cookie.expire(false)).toBe('BAYEUX_BROWSER=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
  });

  it('[A9] T66 counts only if it was issued here, wherever it stands', () => {
    const { value, digest } = issue();
    const [random = '', signature = ''] = value.split('.');
    const planted = [
      'a'.repeat(32),
      random,
      `${'a'.repeat(32)}.${signature}`,
      `${random}.${'A'.repeat(43)}`,
      `${random}.${signature.slice(0, -1)}`,
      new BrowserCookie(options).read(undefined, false).setCookie?.slice('BAYEUX_BROWSER='.length, 91) ?? '',
    ];
    for (const other of planted) {
      const header = `BAYEUX_BROWSER=${other}`;
      expect(cookie.read(header, false).setCookie).toBeDefined();
      expect(cookie.read(header, false).digest).not.toBe(cookie.read(header, false).digest);
      expect(cookie.read(`${header}; BAYEUX_BROWSER=${value}`, false).digest).toBe(digest);
      expect(cookie.read(`BAYEUX_BROWSER=${value}; ${header}`, false).digest).toBe(digest);
    }
  });

  it('[A9] T66 that was issued to another browser and planted does not speak for this one', () => {
    const [own, planted] = [issue(), issue()];
    const both = cookie.read(`BAYEUX_BROWSER=${planted.value}; BAYEUX_BROWSER=${own.value}`, false);
    expect([own.digest, planted.digest]).not.toContain(both.digest);
    expect(cookie.read(`BAYEUX_BROWSER=${own.value}; BAYEUX_BROWSER=${planted.value}`, false)).toEqual(both);
    const flood = Array.from({ length: 9 }, () => `BAYEUX_BROWSER=${issue().value}`).join('; ');
    expect(cookie.read(flood, false).setCookie).toBeDefined();
  });

  it('[A9] T66 has a name over TLS that other hosts of the site cannot set', () => {
    const { value, header, digest } = issue(true);
    expect(header).toMatch(/^__Host-BAYEUX_BROWSER=[\w.-]+; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
    expect(cookie.read(`__Host-BAYEUX_BROWSER=${value}`, true).digest).toBe(digest);
    expect(cookie.read(`BAYEUX_BROWSER=${value}`, true).setCookie).toBeDefined();
    expect(cookie.expire(true)).toBe(
      '__Host-BAYEUX_BROWSER=; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age=0',
    );
    expect(() => cookie.expire(undefined)).toThrow('expireCookie(request)');
    for (const changes of [{ domain: 'example.com' }, { path: '/push' }, { secure: false }] as const) {
      const other = new BrowserCookie({ ...options, ...changes });
      expect(other.read(undefined, true).setCookie).toMatch(/^BAYEUX_BROWSER=/);
      expect(other.expire(undefined)).toMatch(/^BAYEUX_BROWSER=;/);
    }
  });

  it('[A9] is known to all that have its key, and to those that have it among older ones', () => {
    const [old, current] = ['old-'.repeat(8), 'new-'.repeat(8)];
    const before = new BrowserCookie({ ...options, keys: [old] });
    const after = new BrowserCookie({ ...options, keys: [current, old] });
    const { setCookie = '', digest } = before.read(undefined, false);
    const [header = ''] = setCookie.split(';');
    expect(after.read(header, false)).toEqual({ digest, setCookie: undefined });
    const [renewed = ''] = after.read(undefined, false).setCookie?.split(';') ?? [];
    expect(before.read(renewed, false).setCookie).toBeDefined();
    expect(new BrowserCookie({ ...options, keys: [current] }).read(header, false).setCookie).toBeDefined();
  });
});
