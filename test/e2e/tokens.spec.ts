import { decodeJwt } from 'jose';
import type { Response } from 'playwright-core';
import { ExternalProvider } from '../demo/support/external-provider.js';
import { DemoProcess } from './support/demo-process.js';
import { freePort } from '../support/free-port.js';
import { ForeignSite } from './support/foreign-site.js';
import { tokenOf } from './support/page-session.js';
import { Stage } from './support/stage.js';

const stage = Stage.forAll();
const JWT = /eyJ[\w-]+\.eyJ[\w-]+\./;
// Case counts: without it the random letters of a cookie now and then spell the beginning of a token.
const COOKIE_WITH_JWT = /^[Ss]et-[Cc]ookie:[^\n]*eyJ[\w-]+\.eyJ/m;

/** Everything that a response brings, headers included. */
async function wordsOf(response: Response): Promise<string> {
  const headers = await response.headersArray();
  const body = await response.text().catch(() => '');
  return `${response.url()}\n${headers.map(({ name, value }) => `${name}: ${value}`).join('\n')}\n\n${body}`;
}

describe('an access token', () => {
  it('T53: is of whoever is signed in, whomever the request names', async () => {
    const alice = await stage.enter();
    await alice.signInAhead('alice');
    const headers = { origin: stage.url, 'x-csrf-token': await alice.csrf() };
    const response = await alice.context.request.post('/auth/comet-token?userId=bob&user=bob&sub=bob', {
      headers,
      data: { userId: 'bob', user: 'bob', sub: 'bob', exoId: 'bob' },
    });
    expect(response.headers()['cache-control']).toBe('no-store');
    const answer = (await response.json()) as { token: string };
    expect(Object.keys(answer).sort()).toEqual(['expiresIn', 'token']);
    const { exp = 0, ...claims } = decodeJwt(answer.token);
    expect(claims).toMatchObject({ sub: 'alice', aud: `${stage.url}/cometd` });
    expect(exp * 1000).toBeLessThanOrEqual(Date.now() + 301_000);
  });

  it('T53: is to be had at no other address, by whatever name of a user', async () => {
    const alice = await stage.enter();
    await alice.signInAhead('alice');
    const headers = { origin: stage.url, 'x-csrf-token': await alice.csrf() };
    const addresses = [
      '/auth/comet-token/bob',
      '/auth/comet-token/user/bob',
      '/comet-token?userId=bob',
      '/getUserToken?userId=bob',
      '/cometd/token/bob',
      '/cometd?exoId=bob&method=getToken',
      '/continuation/gettoken/alice/',
      '/rest/cometd/gettoken?user=alice',
      '/api/token?userId=alice',
      '/api/users/alice',
    ];
    for (const address of addresses) {
      for (const method of ['GET', 'POST']) {
        const response = await alice.context.request.fetch(address, { method, headers });
        expect([address, await response.text()]).not.toEqual([address, expect.stringMatching(JWT)]);
        expect([address, response.status() >= 400]).toEqual([address, true]);
      }
    }
  });

  it('is given to the portal’s own page only', async () => {
    const alice = await stage.enter();
    await alice.signInAhead('alice');
    const csrf = { 'x-csrf-token': await alice.csrf() };
    const own = { origin: stage.url };
    const attempts: [string, Record<string, string>, number][] = [
      ['without the page’s token', own, 403],
      ['with a wrong one', { ...own, 'x-csrf-token': 'wrong' }, 403],
      ['with an empty one', { ...own, 'x-csrf-token': '' }, 403],
      ['from nowhere', csrf, 403],
      ['from another origin', { ...csrf, origin: 'https://evil.example' }, 403],
      ['from an origin that begins the same', { ...csrf, origin: `${stage.url}.evil.example` }, 403],
      ['from an opaque origin', { ...csrf, origin: 'null' }, 403],
      ['across sites', { ...csrf, ...own, 'sec-fetch-site': 'cross-site' }, 403],
      ['from the same host, other port', { ...csrf, ...own, 'sec-fetch-site': 'same-site' }, 403],
      ['by the page', { ...csrf, ...own }, 200],
    ];
    for (const [what, headers, status] of attempts) {
      const response = await alice.context.request.post('/auth/comet-token', { headers });
      expect([what, response.status()]).toEqual([what, status]);
      expect(response.headers()['access-control-allow-origin']).toBeUndefined();
      if (status !== 200) expect(await response.text()).not.toMatch(JWT);
    }
    expect((await alice.context.request.get('/auth/comet-token')).status()).toBe(404);
    const stranger = await stage.enter();
    expect((await stranger.context.request.post('/auth/comet-token', { headers: own })).status()).toBe(401);
  });

  it('is out of reach for another site, although the browser sends it the cookies', async () => {
    const site = await ForeignSite.start(`${stage.url}/auth/comet-token`);
    try {
      const alice = await stage.enter();
      await alice.signInAhead('alice');
      const csrf = await alice.csrf();
      await alice.visit(site.url);
      const read = await alice.page.evaluate(
        async ({ target, csrf }) => {
          const ask = (path: string, init: RequestInit): Promise<string> =>
            fetch(target + path, { method: 'POST', credentials: 'include', ...init }).then(
              (response) => response.text(),
              () => 'out of reach',
            );
          const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
          return [
            await ask('/auth/comet-token', {}),
            await ask('/auth/comet-token', { headers: { 'X-CSRF-Token': csrf } }),
            await ask('/auth/comet-token', { headers: form, body: `csrf=${csrf}` }),
            await ask('/portlet/broadcast', { headers: form, body: `csrf=${csrf}&message=spam` }),
            await ask('/auth/logout', { headers: form, body: `csrf=${csrf}` }),
          ];
        },
        { target: stage.url, csrf },
      );
      expect(read).toEqual(Array(5).fill('out of reach'));
      const answered = alice.page.waitForResponse(`${stage.url}/auth/comet-token`);
      await alice.page.getByRole('button', { name: 'Take it' }).click();
      // Without the cookie it would have been 401.
      expect((await answered).status()).toBe(403);
      expect((await alice.notice()).title).toBe('Request refused');
      await alice.visit(stage.url);
      expect(await alice.userName()).toBe('Alice');
    } finally {
      await site.stop();
    }
  });
});

describe('a refresh token', () => {
  it('never reaches the page', async () => {
    const port = await freePort();
    const provider = await ExternalProvider.start(`http://127.0.0.1:${port}`);
    const demo = await DemoProcess.start(provider.environment(), port);
    try {
      const carol = await stage.enter({}, demo.url);
      const told: Promise<string>[] = [];
      carol.context.on('response', (response) => told.push(wordsOf(response)));
      carol.page.on('websocket', (socket) =>
        socket.on('framereceived', ({ payload }) => told.push(Promise.resolve(String(payload)))),
      );
      await carol.visit('/auth/login');
      expect(await carol.userName()).toBe('Carol Example');
      expect(await carol.init()).toBe('websocket');
      await carol.send('hello');
      await carol.notification('hello').waitFor();
      await tokenOf(carol.page, await carol.csrf());

      const words = (await Promise.all(told)).join('\n');
      const stored = JSON.stringify([await carol.context.storageState(), await carol.page.content()]);
      expect(words).toContain(provider.issued[0]?.access_token);
      expect(provider.secrets.length).toBeGreaterThan(1);
      for (const secret of provider.secrets) {
        expect(words).not.toContain(secret);
        expect(stored).not.toContain(secret);
      }
      expect(words).not.toMatch(/refresh_?token"|"id_token/i);
      expect(words).not.toMatch(COOKIE_WITH_JWT);
    } finally {
      await demo.stop();
      await provider.stop();
    }
  });
});
