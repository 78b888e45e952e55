import type { BrowserContext } from 'playwright-core';
import { altered, callbackUrl } from './support/login-flow.js';
import { Stage } from './support/stage.js';

const stage = Stage.forAll();
const SCRIPT = '<script>document.title="pwned"</script><img src=x onerror=document.title="pwned">';

/** Nobody is signed in by that address, and the page says no more than that it was refused. */
async function expectRefused({ request }: BrowserContext, url: string): Promise<void> {
  const response = await request.get(url, { headers: { accept: 'text/html' }, maxRedirects: 0 });
  expect(response.status()).toBe(401);
  expect(response.headers()['cache-control']).toBe('no-store');
  const page = await response.text();
  expect(page).toContain('<h1>Sign-in refused</h1>');
  expect(page).not.toContain('class="detail"');
  expect(await (await request.get('/')).text()).toContain('id="sign-in-link"');
}

describe('the provider’s answer', () => {
  it.each<[string, Record<string, string | null>]>([
    ['without a state', { state: null }],
    ['with another state', { state: 'AAAAAAAAAAAAAAAAAAAAAA' }],
    ['with an empty state', { state: '' }],
    ['without its issuer', { iss: null }],
    ['of another issuer', { iss: 'https://evil.example' }],
    ['of nearly the same issuer', { iss: `http://127.0.0.1/oidc` }],
    ['without a code', { code: null }],
    ['with another code', { code: 'AAAAAAAAAAAAAAAAAAAAAA' }],
  ])('T44: is refused %s', async (_what, changes) => {
    const alice = await stage.visitor();
    await expectRefused(alice, altered(await callbackUrl(alice, 'alice'), changes));
  });

  it.each(['state', 'code', 'iss'])('T44: is refused with two values of %s', async (name) => {
    const alice = await stage.visitor();
    const url = await callbackUrl(alice, 'alice');
    await expectRefused(alice, `${url.href}&${name}=${url.searchParams.get(name)}`);
  });

  it('T44: is good once', async () => {
    const alice = await stage.enter();
    const url = await callbackUrl(alice.context, 'alice');
    expect((await alice.visit(url.href)).status()).toBe(200);
    expect((await alice.visit(url.href)).status()).toBe(401);
    // Whoever is signed in stays so.
    await alice.visit('/');
    expect(await alice.userName()).toBe('Alice');
  });

  it('T44: is worth nothing in another browser, and is not spoiled by it', async () => {
    const [alice, mallory] = [await stage.enter(), await stage.enter()];
    const url = await callbackUrl(alice.context, 'alice');
    await expectRefused(mallory.context, url.href);
    expect((await mallory.visit(url.href)).status()).toBe(401);
    expect((await mallory.notice()).title).toBe('Sign-in refused');
    expect((await alice.visit(url.href)).status()).toBe(200);
    expect(await alice.userName()).toBe('Alice');
  });

  it('T44: is worth nothing with the state of a login that the thief began', async () => {
    const [alice, mallory] = [await stage.visitor(), await stage.visitor()];
    const stolen = (await callbackUrl(alice, 'alice')).searchParams.get('code');
    const own = await callbackUrl(mallory, 'bob');
    await expectRefused(mallory, altered(own, { code: stolen }));
  });

  it('T44: signs nobody in as somebody else: no login of an attacker is forced upon a browser', async () => {
    const [alice, mallory] = [await stage.enter(), await stage.enter()];
    await alice.signIn('alice');
    const trap = await callbackUrl(mallory.context, 'bob');
    expect((await alice.visit(trap.href)).status()).toBe(401);
    await alice.visit('/');
    expect(await alice.userName()).toBe('Alice');
  });

  it('T44: may be an error, whose words are text', async () => {
    const alice = await stage.enter();
    const own = await callbackUrl(alice.context, 'alice', 'cancel');
    const response = await alice.visit(altered(own, { error: SCRIPT, error_description: SCRIPT }));
    expect(response.status()).toBe(401);
    expect(await alice.page.textContent('.detail')).toContain('<script>document.title="pwned"');
    expect(await alice.page.locator('.notice script, .notice img').count()).toBe(0);
    expect(await alice.page.title()).toBe('Sign-in refused · Comet Portal');
    expect(alice.complaints.filter((complaint) => !complaint.includes('401'))).toEqual([]);
  });

  it('T44: shows no words that nobody asked the provider for', async () => {
    const alice = await stage.enter();
    const words = `error=${encodeURIComponent(SCRIPT)}&error_description=call+0190`;
    for (const rest of ['', `&iss=${encodeURIComponent(`${stage.url}/oidc`)}`, '&state=x']) {
      await expectRefused(alice.context, `/auth/callback?${words}${rest}`);
    }
    await alice.visit(`/auth/callback?${words}`);
    expect(await alice.page.content()).not.toMatch(/pwned|0190/);
  });

  it('T44: is no way to begin a login', async () => {
    const alice = await stage.visitor();
    await expectRefused(alice, '/auth/login?code=x');
    await expectRefused(alice, '/auth/login?error=access_denied');
  });
});

describe('the embedded provider', () => {
  const request = async (changes: Record<string, string | null>): Promise<string> => {
    const alice = await stage.visitor();
    const headers = (await alice.request.get('/auth/login', { maxRedirects: 0 })).headers();
    return altered(new URL(headers['location'] ?? ''), changes);
  };

  it('T44: is asked with everything that ties the answer to this login', async () => {
    const { searchParams } = new URL(await request({}));
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${stage.url}/auth/callback`,
      resource: `${stage.url}/cometd`,
    });
    for (const name of ['code_challenge', 'state', 'nonce'])
      expect(searchParams.get(name)).toMatch(/^[\w-]{22,}$/);
  });

  it.each<[string, Record<string, string | null>]>([
    ['without PKCE', { code_challenge: null, code_challenge_method: null }],
    ['with PKCE that shows the verifier', { code_challenge_method: 'plain' }],
    ['with tokens in the address', { response_type: 'id_token token' }],
    ['for another resource', { resource: 'https://evil.example' }],
  ])('T44: refuses a request %s', async (_what, changes) => {
    const alice = await stage.visitor();
    const url = await request(changes);
    const answer = await alice.request.get(url, { maxRedirects: 0 });
    const location = new URL(answer.headers()['location'] ?? '');
    expect(location.pathname).toBe('/auth/callback');
    expect(location.href).toMatch(/[?&#]error=(?:invalid_request|unsupported_response_type|invalid_target)/);
    expect(location.href).not.toMatch(/[?&#]code=/);
  });

  it.each<[string, Record<string, string | null>]>([
    ['an address that is not the portal’s', { redirect_uri: 'https://evil.example/auth/callback' }],
    ['a client that it does not know', { client_id: SCRIPT }],
  ])('T44: leads nobody to %s, and says so in a plain page', async (_what, changes) => {
    const alice = await stage.enter();
    const response = await alice.visit(await request(changes));
    expect(response.status()).toBe(400);
    expect(new URL(alice.page.url()).origin).toBe(stage.url);
    expect((await alice.notice()).title).toBe('The login service refused this');
    expect(await alice.page.title()).not.toBe('pwned');
    expect(await alice.page.locator('.notice script, .notice img').count()).toBe(0);
  });

  it('T52: has no development pages, on which any password would do', async () => {
    const alice = await stage.visitor();
    const url = await request({});
    const answer = await alice.request.get(url, { maxRedirects: 0 });
    const page = new URL(answer.headers()['location'] ?? '', stage.url);
    expect(page.pathname).toMatch(/^\/sign-in\//);
    const development = page.pathname.replace('/sign-in/', '/oidc/interaction/');
    expect((await alice.request.get(development)).status()).toBe(404);
    const form = { prompt: 'login', login: 'alice', password: 'any' };
    expect((await alice.request.post(development, { form })).status()).toBe(404);
  });

  it('T44: shows its login page to the browser that was sent there, and to no other', async () => {
    const [alice, mallory] = [await stage.enter(), await stage.enter()];
    await alice.beginSignIn();
    expect((await mallory.visit(alice.page.url())).status()).toBe(400);
    expect((await mallory.notice()).title).toBe('This sign-in has expired');
  });
});
