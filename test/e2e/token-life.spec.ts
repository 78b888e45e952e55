import type { Response } from 'playwright-core';
import { until } from '../support/until.js';
import type { Portal } from './support/portal.page.js';
import { PushTraffic } from './support/push-traffic.js';
import { Stage } from './support/stage.js';

/** Seconds. A session without renewals would end five seconds after it, which is the tolerance for clocks. */
const LIFETIME = 4;
/** Milliseconds. Without a word from the server it would take until the token has ended. */
const AT_ONCE = LIFETIME * 1_000;
const stage = Stage.forAll({ TOKEN_LIFETIME: String(LIFETIME) });

/** The tokens that the portal hands to pages of a browser, in order. */
function tokensFor({ context }: Portal): string[] {
  const tokens: string[] = [];
  const note = async (response: Response): Promise<void> => {
    if (response.url().endsWith('/auth/comet-token') && response.ok())
      tokens.push(((await response.json()) as { token: string }).token);
  };
  context.on('response', (response) => void note(response));
  return tokens;
}

describe('a push session', () => {
  it('outlives three token lifetimes without a gap, and two tabs fetch each token once', async () => {
    const alice = await stage.enter();
    const fetched = tokensFor(alice);
    await alice.signInAhead('alice');
    const other = await alice.newTab();
    await other.visit('/');
    const tabs = [alice, other].map(({ page }) => new PushTraffic(page));
    await alice.init();
    await other.init();

    const headers = { origin: stage.url, 'x-csrf-token': await alice.csrf() };
    const end = Date.now() + 3 * LIFETIME * 1000 + 500;
    let sent = 0;
    for (let next = Date.now(); next < end; next += 150) {
      await until('the next message', () => Date.now() >= next);
      const data = { message: String(sent++) };
      const answer = await alice.context.request.post('/portlet/notification', { headers, data });
      expect(await answer.json()).toEqual({ sessions: 2 });
    }
    const all = Array.from({ length: sent }, (_, index) => String(index));
    await until('the last message', () => tabs.every(({ texts }) => texts.includes(all.at(-1))));

    for (const tab of tabs) {
      expect(tab.texts).toEqual(all);
      expect({ handshakes: tab.handshakes, sessions: tab.sessions.length, opened: tab.opened }).toEqual({
        handshakes: 1,
        sessions: 1,
        opened: 1,
      });
      // A tab may come after the first token, and the last one may be on its way.
      expect(fetched).toContain(tab.tokens[0]);
      const since = fetched.slice(fetched.indexOf(tab.tokens[0] as string), -1);
      expect(tab.tokens).toEqual(expect.arrayContaining(since));
    }
    const tokens = new Set(fetched);
    expect(tokens.size).toBeGreaterThan(3);
    // Tabs that share nothing fetch each token twice. On a busy machine one may answer the other too late now and then.
    expect(fetched.length - tokens.size).toBeLessThan(tokens.size / 2);
    expect(await alice.page.textContent('#comet-token-left')).toMatch(/^0:0\d left$/);
    expect([...alice.complaints, ...other.complaints]).toEqual([]);
  });

  it('ends as soon as its user signs out in another tab, and the page says so', async () => {
    const alice = await stage.enter();
    await alice.signInAhead('alice');
    const other = await alice.newTab();
    await other.visit('/');
    const traffic = new PushTraffic(other.page);
    await alice.init();
    await other.init();

    const asked = alice.page.waitForRequest('**/auth/logout').then(() => performance.now());
    const told = other.page.waitForSelector('#comet-state[data-state=lost]').then(() => performance.now());
    await alice.signOut();
    expect((await told) - (await asked)).toBeLessThan(AT_ONCE);
    expect(await other.page.getByRole('alert').textContent()).toContain('Your portal session has ended.');
    await until('the socket to close', () => traffic.open === 0);
    expect({ handshakes: traffic.handshakes, opened: traffic.opened }).toEqual({ handshakes: 1, opened: 1 });
  });
});

describe('an administrator', () => {
  it('ends the access of a user, whose pages are told and do not come back', async () => {
    const [alice, bob, carol] = [await stage.enter(), await stage.enter(), await stage.enter()];
    await alice.signInAhead('alice');
    await bob.signInAhead('bob');
    await carol.signInAhead('carol');
    const traffic = new PushTraffic(alice.page);
    await alice.init();
    await bob.init();
    await carol.page.click('#admin-link');
    const row = carol.page.locator('.person[data-user=alice]');
    expect(await row.textContent()).toContain('one page connected');

    const asked = carol.page.waitForRequest('**/admin/end-access').then(() => performance.now());
    const told = alice.page.waitForSelector('#comet-state[data-state=ended]').then(() => performance.now());
    await row.getByRole('button', { name: 'End access of Alice' }).click();
    expect((await told) - (await asked)).toBeLessThan(AT_ONCE);
    const alert = alice.page.getByRole('alert');
    expect(await alert.textContent()).toContain('Your access was ended by an administrator.');
    await until('the socket to close', () => traffic.open === 0);
    await carol.page.getByText('The access of alice has ended: one page was disconnected.').waitFor();
    expect(await row.count()).toBe(0);

    // Neither by itself, nor by a press of the button, nor by what the portal would still do for her.
    await alice.page.click('#comet-init', { force: true });
    await alice.send('is anybody there?');
    await alice.page.getByText('Your access was ended by an administrator.').nth(1).waitFor();
    await bob.send('life goes on');
    await bob.notification('life goes on').waitFor();
    expect({ handshakes: traffic.handshakes, opened: traffic.opened }).toEqual({ handshakes: 1, opened: 1 });
    expect((await alice.visit('/')).status()).toBe(401);
    expect((await alice.notice()).title).toBe('Access ended');
  });

  it('is nobody else', async () => {
    const [bob, carol] = [await stage.enter(), await stage.enter()];
    await bob.signInAhead('bob');
    expect(await bob.page.locator('#admin-link').count()).toBe(0);
    const csrf = await bob.csrf();
    await carol.signInAhead('carol');
    const data = { userId: 'carol' };
    const own = { origin: stage.url, 'x-csrf-token': await carol.csrf() };
    const attempts: [Portal, Record<string, string>, number][] = [
      [bob, { origin: stage.url, 'x-csrf-token': csrf }, 403],
      [carol, { origin: stage.url }, 403],
      [carol, { ...own, origin: 'https://evil.example' }, 403],
      [await stage.enter(), { origin: stage.url }, 401],
    ];
    for (const [who, headers, status] of attempts) {
      const answer = await who.context.request.post('/admin/end-access', { headers, data, maxRedirects: 0 });
      expect(answer.status()).toBe(status);
    }
    expect((await bob.visit('/admin')).status()).toBe(403);
    expect((await bob.notice()).title).toBe('Not for everybody');
    expect((await carol.visit('/admin')).status()).toBe(200);
  });
});
