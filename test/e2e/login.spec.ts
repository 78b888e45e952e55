import { AWAY } from '../demo/support/away.js';
import { DemoProcess } from './support/demo-process.js';
import { freePort } from '../support/free-port.js';
import { callbackUrl } from './support/login-flow.js';
import { Stage } from './support/stage.js';

const stage = Stage.forAll();

describe('signing in', () => {
  it('shows who is signed in', async () => {
    const alice = await stage.enter();
    await alice.signIn('alice');
    expect(await alice.userName()).toBe('Alice');
    expect(await alice.page.getByRole('heading', { level: 1 }).textContent()).toBe('Hello, Alice');
    expect(alice.page.url()).toBe(`${stage.url}/`);
    expect(alice.complaints).toEqual([]);
  });

  it('stays on the login page after a wrong password, and lets one try again', async () => {
    const alice = await stage.enter();
    await alice.beginSignIn();
    const answered = alice.page.waitForResponse((response) => response.request().method() === 'POST');
    await alice.submitSignIn('alice', 'looking-glass');
    expect((await answered).status()).toBe(401);
    expect(await alice.page.getByRole('alert').textContent()).toContain('user name or the password is wrong');
    expect(await alice.page.inputValue('#login')).toBe('alice');
    expect(await alice.page.inputValue('#password')).toBe('');
    expect(await alice.sessionCookie()).toBeUndefined();

    await alice.submitSignIn('alice');
    await alice.page.waitForSelector('#comet-widget');
    expect(await alice.userName()).toBe('Alice');
  });

  it('takes no other password', async () => {
    const somebody = await stage.enter();
    await somebody.beginSignIn();
    const attempts = [
      ['alice', ''],
      ['alice', 'alice'],
      ['alice', 'yes-we-can'],
      ['alice', 'Rabbit-hole'],
      ['alice', 'rabbit-hole '],
      ['mallory', 'rabbit-hole'],
      ['Alice', 'rabbit-hole'],
      ['', ''],
      ['__proto__', ''],
    ] as const;
    for (const [login, password] of attempts) {
      const form = { login, password };
      const response = await somebody.context.request.post(somebody.page.url(), { form, maxRedirects: 0 });
      expect([login, password, response.status()]).toEqual([login, password, 401]);
    }
    await somebody.visit('/');
    expect(await somebody.page.isVisible('#sign-in-link')).toBe(true);
  });

  it('T44: works in two tabs at once, and both can be used', async () => {
    const first = await stage.enter();
    const second = await first.newTab();
    await first.beginSignIn();
    await second.beginSignIn();
    await first.submitSignIn('alice');
    await first.page.waitForSelector('#comet-widget');
    await second.submitSignIn('alice');
    await second.page.waitForSelector('#comet-widget');
    expect([await first.userName(), await second.userName()]).toEqual(['Alice', 'Alice']);
    // The first page is older than the session of the second.
    expect([await first.init(), await second.init()]).toEqual(['websocket', 'websocket']);
    await first.send('to both tabs');
    await second.notification('to both tabs').waitFor();
  });

  it('takes a login that was begun in one tab and ended after the other', async () => {
    const alice = await stage.enter();
    const [one, two] = [await callbackUrl(alice.context, 'alice'), await callbackUrl(alice.context, 'alice')];
    for (const url of [two, one]) expect((await alice.visit(url.href)).status()).toBe(200);
    expect(await alice.userName()).toBe('Alice');
  });

  it('can be cancelled', async () => {
    const alice = await stage.enter();
    await alice.beginSignIn();
    const answered = alice.page.waitForResponse((response) => response.url().includes('/auth/callback'));
    await alice.page.click('#cancel');
    expect((await answered).status()).toBe(403);
    expect(await alice.notice()).toEqual({ title: 'Sign-in cancelled', text: 'You were not signed in.' });
    expect(await alice.page.textContent('.detail')).toContain('access_denied');
    await alice.page.click('.notice a');
    await alice.page.waitForSelector('#sign-in-form');
  });

  it('leads back to where it began', async () => {
    const alice = await stage.enter();
    await alice.visit('/auth/login?returnTo=%2F%3Ftab%3D2');
    await alice.submitSignIn('alice');
    await alice.page.waitForURL(`${stage.url}/?tab=2`);
  });

  it('T44: ends at the portal, wherever a link wants it to lead', async () => {
    const alice = await stage.enter();
    await alice.signIn('alice');
    const asked: string[] = [];
    alice.page.on('request', (request) => asked.push(new URL(request.url()).origin));
    for (const away of AWAY) {
      const login = `/auth/login?returnTo=${encodeURIComponent(away)}`;
      const response = await alice.context.request.get(login);
      expect([away, response.url()]).toEqual([away, `${stage.url}/`]);
    }
    await alice.visit('/auth/login?returnTo=%2F%5Cevil.example');
    expect(alice.page.url()).toBe(`${stage.url}/`);
    await alice.visit('/auth/login?returnTo=/&returnTo=//evil.example');
    expect(new Set(asked)).toEqual(new Set([stage.url]));
  });

  it('T44: begins a new session, so that one that was planted is worth nothing', async () => {
    const alice = await stage.enter();
    const planted = 's%3Aplanted.by-an-attacker';
    const { port } = new URL(stage.url);
    await alice.context.addCookies([{ name: `portal-${port}`, value: planted, url: stage.url }]);
    await alice.signIn('alice');
    const first = await alice.sessionCookie();
    expect(first).not.toBe(planted);
    await alice.visit('/auth/login');
    const second = await alice.sessionCookie();
    expect(second).not.toBe(first);

    const thief = await stage.enter();
    for (const value of [planted, first ?? '']) {
      await thief.context.addCookies([{ name: `portal-${port}`, value, url: stage.url }]);
      await thief.visit('/');
      expect(await thief.page.isVisible('#sign-in-link')).toBe(true);
    }
  });

  it('makes the browser forget the push sessions of whoever was there before', async () => {
    const alice = await stage.enter();
    const url = await callbackUrl(alice.context, 'alice');
    const { headers } = await alice.context.request
      .get(url.href, { maxRedirects: 0 })
      .then((answer) => ({ headers: answer.headersArray() }));
    const cookies = headers
      .filter(({ name }) => name.toLowerCase() === 'set-cookie')
      .map(({ value }) => value);
    expect(cookies).toContainEqual(
      expect.stringMatching(/^BAYEUX_BROWSER=;.*(?:Max-Age=0|Expires=Thu, 01 Jan 1970)/i),
    );
    expect(cookies).toContainEqual(expect.stringMatching(/^portal-\d+=.*HttpOnly; SameSite=Lax/));
  });
});

describe('a plain page', () => {
  it('tells of a session that is lost', async () => {
    const alice = await stage.enter();
    expect((await alice.visit('/session-lost')).status()).toBe(401);
    expect((await alice.notice()).title).toBe('Please sign in again');
    await alice.page.click('.notice a');
    await alice.page.waitForSelector('#sign-in-form');
  });

  it('tells of an address where there is nothing, without repeating it', async () => {
    const alice = await stage.enter();
    expect((await alice.visit('/%3Cscript%3Ealert(1)%3C/script%3E')).status()).toBe(404);
    expect((await alice.notice()).title).toBe('Page not found');
    expect(await alice.page.content()).not.toContain('alert(1)');
  });

  it('tells of a provider that is down, while the portal itself is there', async () => {
    const issuer = `http://127.0.0.1:${await freePort()}`;
    const demo = await DemoProcess.start({ OIDC_ISSUER: issuer, OIDC_CLIENT_ID: 'portal' });
    try {
      const alice = await stage.enter({}, demo.url);
      expect((await alice.visit('/')).status()).toBe(200);
      const answered = alice.page.waitForResponse((response) => response.url().includes('/auth/login'));
      await alice.page.click('#sign-in-link');
      const response = await answered;
      expect(response.status()).toBe(503);
      expect(response.headers()['retry-after']).toBe('10');
      expect((await alice.notice()).title).toBe('Login service unavailable');
      expect(await alice.page.content()).not.toMatch(/ECONNREFUSED|node_modules/);
    } finally {
      await demo.stop();
    }
  });
});
