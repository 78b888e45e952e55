import { ConfigError, readConfig } from '../../demo/config/demo.config.js';
import { DemoProcess } from '../e2e/support/demo-process.js';
import { run } from './support/run.js';

/** The one sentence with which the demo does not start. */
async function refusal(env: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await run('main', [], env);
  expect(stdout).toBe('');
  expect(code).toBe(1);
  // Where a port cannot be had, Nest says so in a line of its own first.
  const sentence = stderr.replace(/^.*\[NestApplication\].* listen E.*\n/, '');
  expect(sentence).toMatch(/^[A-Z][^\n]+\.\n$/);
  return sentence.trim();
}

/** What is wrong with the variables, a sentence for each thing to mend. */
function problems(variables: Record<string, string>): string[] {
  try {
    readConfig(variables);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

const EXTERNAL = { OIDC_ISSUER: 'https://login.example.com', OIDC_CLIENT_ID: 'portal' };

describe('the demo refuses to start', () => {
  it('T52: in production with its own provider', async () => {
    expect(await refusal({ NODE_ENV: 'production' })).toMatch(/development only.*NODE_ENV=production/);
  });

  it.each(['0.0.0.0', '::'])('on the wildcard %s without the origin that browsers use', async (host) => {
    expect(await refusal({ HOST: host })).toMatch(/^PUBLIC_URL is needed when HOST is a wildcard/);
  });

  it('on a port that is taken', async () => {
    const other = await DemoProcess.start();
    try {
      expect(await refusal({ PORT: String(other.port) })).toMatch(/^Port \d+ is in use on 127\.0\.0\.1/);
    } finally {
      await other.stop();
    }
  });

  it('on an address that this machine does not have', async () => {
    expect(await refusal({ HOST: '192.0.2.1' })).toBe('HOST 192.0.2.1 is no address of this machine.');
  });

  it('with a setting that is wrong', async () => {
    expect(await refusal({ PORT: 'http' })).toMatch(/^PORT must be from 1 to 65535/);
  });
});

describe('readConfig', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['a port of letters', { PORT: 'abc' }, /^PORT must be from 1 to 65535/],
    ['a broken port', { PORT: '80.5' }, /^PORT must be a whole number/],
    ['port 0', { PORT: '0' }, /^PORT must be from 1 to 65535/],
    ['a port too high', { PORT: '65536' }, /^PORT must be from 1 to 65535/],
    ['a host that is a URL', { HOST: 'http://127.0.0.1' }, /^HOST must be an address/],
    ['a host with a space', { HOST: 'a b' }, /^HOST must be an address/],
    [
      'a public URL with a path',
      { PUBLIC_URL: 'https://example.com/portal' },
      /^PUBLIC_URL must be an origin/,
    ],
    ['a public URL of another scheme', { PUBLIC_URL: 'ftp://example.com' }, /^PUBLIC_URL must be an origin/],
    ['a public URL with a password', { PUBLIC_URL: 'https://a:b@example.com' }, /^PUBLIC_URL must be/],
    ['a public URL that is none', { PUBLIC_URL: 'portal' }, /^PUBLIC_URL must be an origin/],
    ['an issuer over http', { ...EXTERNAL, OIDC_ISSUER: 'http://login.example.com' }, /^OIDC_ISSUER must be/],
    ['an issuer that is none', { ...EXTERNAL, OIDC_ISSUER: 'login' }, /^OIDC_ISSUER must be the https URL/],
    ['an issuer with a query', { ...EXTERNAL, OIDC_ISSUER: 'https://a.example?x' }, /^OIDC_ISSUER must be/],
    ['no client', { OIDC_ISSUER: 'https://login.example.com' }, /^OIDC_CLIENT_ID is needed/],
    ['a client without issuer', { OIDC_CLIENT_ID: 'portal' }, /^OIDC_CLIENT_ID without OIDC_ISSUER/],
    ['a scope without openid', { ...EXTERNAL, OIDC_SCOPE: 'profile' }, /^OIDC_SCOPE must contain openid/],
    ['a token lifetime of letters', { TOKEN_LIFETIME: 'short' }, /^TOKEN_LIFETIME must be a whole number/],
    ['tokens that live for ever', { TOKEN_LIFETIME: '86400' }, /^TOKEN_LIFETIME must be/],
    ['production', { NODE_ENV: 'production' }, /^The embedded OAuth provider is for development only/],
  ])('has one sentence for %s', (_what, variables, sentence) => {
    const found = problems(variables);
    expect(found).toEqual([expect.stringMatching(sentence)]);
    expect(found[0]).toMatch(/\.$/);
  });

  it('names everything that is wrong at once', () => {
    expect(problems({ PORT: 'x', HOST: 'a b', PUBLIC_URL: 'c' })).toHaveLength(3);
  });

  it('never quotes a secret', () => {
    expect(problems({ OIDC_CLIENT_SECRET: 'top-secret' }).join()).not.toContain('top-secret');
  });

  it('needs no variable', () => {
    const { host, port, publicUrl, embedded, provider } = readConfig({});
    expect({ host, port, publicUrl, embedded }).toEqual({
      host: '127.0.0.1',
      port: 3000,
      publicUrl: 'http://127.0.0.1:3000',
      embedded: true,
    });
    expect(provider).toMatchObject({
      issuer: 'http://127.0.0.1:3000/oidc',
      audience: 'http://127.0.0.1:3000/cometd',
      insecure: false,
      tokenLifetime: 120,
    });
  });

  it('takes an empty variable for one that is not set', () => {
    expect(readConfig({ PORT: '', PUBLIC_URL: ' ', OIDC_ISSUER: '' }).publicUrl).toBe(
      'http://127.0.0.1:3000',
    );
  });

  it('runs in production with another provider, whose tokens may look different', () => {
    const config = readConfig({
      ...EXTERNAL,
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://portal.example.com',
      OIDC_AUDIENCE: 'comet',
      OIDC_TOKEN_TYP: 'JWT, at+jwt',
      OIDC_USER_CLAIM: 'preferred_username',
    });
    expect(config).toMatchObject({ embedded: false, secure: true });
    expect(config.provider).toEqual({
      issuer: 'https://login.example.com',
      clientId: 'portal',
      scope: 'openid profile',
      audience: 'comet',
      tokenTypes: ['JWT', 'at+jwt'],
      userClaim: 'preferred_username',
      tokenLifetime: 120,
      insecure: false,
    });
  });

  it('writes an IPv6 address as URLs do', () => {
    expect(readConfig({ HOST: '::1' }).publicUrl).toBe('http://[::1]:3000');
  });
});
