import { BrowserCookie } from '../../src/transports/browser-cookie.js';
import { DEFAULT_TRANSPORT_OPTIONS } from '../../src/transports/transport-options.js';

const options = DEFAULT_TRANSPORT_OPTIONS.cookie;
const cookie = new BrowserCookie(options);

function issue(secure = false): { value: string; header: string; digest: string } {
  const { digest, setCookie } = cookie.read(undefined, secure);
  const [, value] = /^BAYEUX_BROWSER=([^;]*)/.exec(setCookie ?? '') ?? [];
  if (setCookie === undefined || value === undefined) throw new Error('No cookie was issued.');
  return { value, header: setCookie, digest };
}

describe('BrowserCookie', () => {
  it('gives a browser without a cookie one of at least 128 random bits', () => {
    const values = new Set(Array.from({ length: 1_000 }, () => issue().value));
    expect(values.size).toBe(1_000);
    for (const value of values) {
      expect(value).toMatch(/^[A-Za-z0-9_-]{32}$/);
      expect(Buffer.from(value, 'base64url')).toHaveLength(24);
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
    const named = { name: 'PUSH', domain: 'example.com', path: '/push', sameSite: 'None' } as const;
    const other = new BrowserCookie({ ...options, ...named });
    expect(other.read(undefined, true).setCookie).toMatch(
      /^PUSH=[\w-]{32}; Domain=example\.com; Path=\/push; HttpOnly; Secure; SameSite=None$/,
    );
    expect(other.expire()).toBe('PUSH=; Domain=example.com; Path=/push; HttpOnly; SameSite=None; Max-Age=0');
  });

  it('[C5] has no SameSite where that is left out, as some cookie jars drop what they do not know', () => {
    const other = new BrowserCookie({ ...options, sameSite: false });
    expect(other.read(undefined, true).setCookie).toMatch(
      /^BAYEUX_BROWSER=[\w-]{32}; Path=\/; HttpOnly; Secure$/,
    );
    expect(other.expire()).toBe('BAYEUX_BROWSER=; Path=/; HttpOnly; Max-Age=0');
  });

  it('lives for as long as it was told to, in as many jars', () => {
    const other = new BrowserCookie({ ...options, maxAge: 60, partitioned: true });
    expect(other.read(undefined, true).setCookie).toMatch(
      /^BAYEUX_BROWSER=[\w-]{32}; Path=\/; Max-Age=60; HttpOnly; Secure; SameSite=Lax; Partitioned$/,
    );
    expect(other.expire()).toBe('BAYEUX_BROWSER=; Path=/; HttpOnly; SameSite=Lax; Partitioned; Max-Age=0');
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
    expect(cookie.expire()).toBe('BAYEUX_BROWSER=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
  });
});
