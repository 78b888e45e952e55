import { decodeJwt, decodeProtectedHeader } from 'jose';
import { DemoProcess } from '../e2e/support/demo-process.js';
import { freePort } from '../support/free-port.js';
import { PushSession } from './support/push-session.js';
import { type Ended, run } from './support/run.js';

let demo: DemoProcess;
beforeAll(async () => {
  demo = await DemoProcess.start();
});
afterAll(async () => {
  await demo.stop();
});

const print = (...args: string[]): Promise<Ended> => run('token', args, { PORT: String(demo.port) });

async function whoami(token: string): Promise<unknown> {
  const response = await fetch(`${demo.url}/api/whoami`, { headers: { Authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  return response.json();
}

/** A refusal is a line for people on stderr, and nothing that a pipe could take for a token. */
function expectRefusal({ code, stdout, stderr }: Ended, line: RegExp): void {
  expect(stdout).toBe('');
  expect(stderr).toMatch(line);
  expect(stderr.trimEnd()).not.toContain('\n');
  expect(code).toBe(1);
}

describe('the token script', () => {
  it.each(['alice', 'bob'])('prints an access token of %s and nothing else', async (user) => {
    const { code, stdout, stderr } = await print(user);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const token = stdout.trim();
    expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'RS256', typ: 'at+jwt' });
    const { exp = 0, iat = 0, ...claims } = decodeJwt(token);
    expect(claims).toMatchObject({ iss: `${demo.url}/oidc`, aud: `${demo.url}/cometd`, sub: user });
    expect(exp - iat).toBe(120);

    expect(await whoami(token)).toEqual({ kind: 'user', userId: user, serviceId: null });
    const session = await PushSession.open(demo.url, token);
    expect(await session.subscribe(`/user/${user}/inbox`)).toMatchObject({ successful: true });
    await session.close();
  });

  it('prints a token of a service, which is no user and has no channels of one', async () => {
    const { code, stdout, stderr } = await print('--service');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const token = stdout.trim();
    expect(decodeProtectedHeader(token).typ).toBe('at+jwt');
    expect(await whoami(token)).toEqual({ kind: 'service', userId: null, serviceId: 'service' });
    const session = await PushSession.open(demo.url, token);
    for (const channel of ['/eXo/portal/notification', '/user/service/inbox', '/user/alice/inbox']) {
      const reply = await session.subscribe(channel);
      expect(reply).toMatchObject({ successful: false, error: expect.stringMatching(/^403:/) as string });
    }
    await session.close();
  });

  it('prints another token each time', async () => {
    const [first, second] = await Promise.all([print('alice'), print('alice')]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(first.stdout).not.toBe(second.stdout);
  });

  it.each(['mallory', 'Alice', '', '--help'])('knows no user %j', async (user) => {
    expectRefusal(await print(user), /^There is no user .*; there are alice, bob and carol\. Usage: .*\n$/);
  });

  it('says how it is used', async () => {
    expectRefusal(await print(), /^Usage: npm run -s token -- alice/);
  });

  it.each(['alice', '--service'])('says that the demo does not run (%s)', async (who) => {
    const ended = await run('token', [who], { PORT: String(await freePort()) });
    expectRefusal(ended, /^The demo does not answer at http:\/\/127\.0\.0\.1:\d+: run npm start/);
  });

  it('has no tokens of another provider', async () => {
    const env = { OIDC_ISSUER: 'https://login.example.com', OIDC_CLIENT_ID: 'portal' };
    expectRefusal(await run('token', ['alice'], env), /unset OIDC_ISSUER\.\n$/);
  });

  it('refuses a bad setting as the demo does', async () => {
    expectRefusal(await run('token', ['alice'], { PORT: 'abc' }), /^PORT must be from 1 to 65535/);
  });
});

describe('the guarded endpoint', () => {
  it.each([
    ['no token', {}, /^Bearer/],
    ['a token that is none', { Authorization: 'Bearer abc' }, /^Bearer .*error="invalid_token"/],
  ])('asks for a token when it gets %s', async (_what, headers, challenge) => {
    const response = await fetch(`${demo.url}/api/whoami`, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toMatch(challenge);
    expect(await response.text()).not.toMatch(/at \w+.*\(|node_modules/);
  });
});
