import type { Locator, Page } from 'playwright-core';
import { coloursOf, contrast } from './support/contrast.js';
import { Stage } from './support/stage.js';
import { Traffic } from './support/traffic.js';

const stage = Stage.forAll();
/** Milliseconds for which the window shows a text. */
const SHOWN_FOR = 3_000;
const NARROW = { width: 375, height: 812 };

/** Goes on by the Tab key until the focus is there. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let step = 0; step < 15; step++) {
    await page.keyboard.press('Tab');
    if ((await target.and(page.locator(':focus')).count()) > 0) return;
  }
  throw new Error('The Tab key does not lead there.');
}

/** Pixels by which the page is wider than the window. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

describe('the page and the browser’s safeguards', () => {
  it('has a policy that allows its own scripts and styles, and nothing inline', async () => {
    const alice = await stage.enter();
    for (const path of ['/', '/auth/login', '/session-lost', '/no-such-page', '/oidc/auth?client_id=x']) {
      const headers = (await alice.visit(path)).headers();
      const policy = headers['content-security-policy'] ?? '';
      expect([path, policy.split('; ').slice(0, 4)]).toEqual([
        path,
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'"],
      ]);
      expect(policy).toMatch(/frame-ancestors 'none'; base-uri 'none'$/);
      expect(policy).not.toMatch(/unsafe|\*|data:/);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
      expect(headers['x-powered-by']).toBeUndefined();
    }
  });

  it('does its main job without a complaint on the console or a request to anybody else', async () => {
    const alice = await stage.enter();
    const traffic = new Traffic(alice.page);
    await alice.signIn('alice');
    expect(await alice.init()).toBe('websocket');
    await alice.send('hello');
    await alice.notification('hello').waitFor();
    await alice.sendToEverybody('hello all');
    await alice.notification('hello all').waitFor();
    await alice.page.getByRole('button', { name: 'disconnect' }).click();
    await alice.page.waitForSelector('#comet-state[data-state=idle]');
    expect(await alice.init()).toBe('websocket');
    await alice.signOut();
    expect(alice.complaints).toEqual([]);
    expect(traffic.hosts).toEqual([new URL(stage.url).host]);
  });

  it('shows markup in a message as text', async () => {
    const alice = await stage.enter();
    await alice.signInAhead('alice');
    await alice.init();
    const markup = '<img src=x onerror="document.title=1"><b>bold</b><script>document.title=2</script>';
    await alice.send(markup);
    const note = alice.notification('bold');
    await note.waitFor();
    expect(await note.textContent()).toBe(markup);
    expect(await alice.arrivals()).toEqual([markup]);
    expect(await alice.page.locator('#notifications *, #arrivals .arrival-text *').count()).toBe(1);
    expect(await alice.page.title()).toBe('Home · Comet Portal');
    expect(alice.complaints).toEqual([]);
  });
});

describe('the page for everybody', () => {
  it('can be used by the keyboard alone', async () => {
    const alice = await stage.enter();
    const { page } = alice;
    await alice.visit('/');
    await tabTo(page, page.getByRole('link', { name: 'Sign in' }));
    await page.keyboard.press('Enter');
    await page.locator('#login:focus').waitFor();
    await page.keyboard.type('alice');
    await page.keyboard.press('Tab');
    await page.keyboard.type('rabbit-hole');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#comet-init:not([disabled])');
    await tabTo(page, page.getByRole('button', { name: 'init' }));
    await page.keyboard.press('Enter');
    await page.waitForSelector('#comet-state[data-state=connected]');
    await tabTo(page, page.getByLabel('Message'));
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    await alice.notification('by keyboard').waitFor();
    // The next message can be typed at once.
    await page.locator('#message:focus:placeholder-shown').waitFor();
    await page.keyboard.type('and again');
    await page.keyboard.press('Enter');
    await alice.notification('and again').waitFor();
  });

  it('leads past its header by the first press of Tab', async () => {
    const alice = await stage.enter();
    await alice.visit('/');
    await alice.page.keyboard.press('Tab');
    const link = alice.page.getByRole('link', { name: 'Skip to content' });
    expect(await link.and(alice.page.locator(':focus')).count()).toBe(1);
    await alice.page.keyboard.press('Enter');
    await alice.page.locator('#main:focus').waitFor();
  });

  it('names its parts, and speaks of what changes', async () => {
    const alice = await stage.enter();
    const { page } = alice;
    await alice.beginSignIn();
    await page.getByLabel('User name').fill('alice');
    await page.getByLabel('Password').fill('rabbit-hole');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForSelector('#comet-widget');
    const widget = page.getByRole('region', { name: 'Comet widget' });
    const portlet = page.getByRole('region', { name: 'CometdDemo' });
    expect(await widget.getByRole('status').textContent()).toBe('Idle');
    await widget.getByRole('button', { name: 'init' }).click();
    await widget.getByRole('status').getByText('Connected over WebSocket').waitFor();
    await portlet.getByLabel('Message').fill('read this out');
    await portlet.getByRole('button', { name: 'send', exact: true }).click();
    const live = page.getByRole('status', { name: 'Notifications' });
    await live.getByText('read this out').waitFor();
    expect(await live.getAttribute('aria-live')).toBe('polite');
    await portlet
      .getByRole('status')
      .getByText(/^Sent to you, in \d+ sessions?\.$/)
      .waitFor();
    await portlet.getByRole('button', { name: 'send', exact: true }).click();
    await portlet.getByRole('status').getByText('Please type a message first.').waitFor();
    expect(await page.getAttribute('html', 'lang')).toBe('en');
    expect(await page.getByRole('main').count()).toBe(1);
  });

  it('stacks notifications that come at once, and shows them for three seconds', async () => {
    const alice = await stage.enter();
    const { page } = alice;
    await page.clock.install();
    await alice.signInAhead('alice');
    expect(await alice.init()).toBe('websocket');
    const csrf = await alice.csrf();
    // From now on time stands still in the page. What comes over a socket needs no timer.
    await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1_000);
    await page.evaluate(async (csrf) => {
      const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf };
      const messages = ['first', 'second', 'third'].map((message) => JSON.stringify({ message }));
      for (const body of messages) await fetch('/portlet/notification', { method: 'POST', headers, body });
    }, csrf);
    const notes = page.locator('#notifications .notification');
    await notes.nth(2).waitFor();
    expect(await notes.allTextContents()).toEqual(['first', 'second', 'third']);
    const boxes = await Promise.all((await notes.all()).map((note) => note.boundingBox()));
    const [one, two, three] = boxes.map((box) => ({
      top: box?.y ?? 0,
      bottom: (box?.y ?? 0) + (box?.height ?? 0),
    }));
    expect(one?.bottom).toBeLessThanOrEqual(two?.top ?? 0);
    expect(two?.bottom).toBeLessThanOrEqual(three?.top ?? 0);
    await page.clock.runFor(SHOWN_FOR - 1);
    expect(await notes.count()).toBe(3);
    await page.clock.runFor(1);
    expect(await notes.count()).toBe(0);
  });
});

describe('how the page looks', () => {
  it('fits a narrow window, with the longest word too', async () => {
    const alice = await stage.enter({ viewport: NARROW, reducedMotion: 'reduce' });
    const { page } = alice;
    await alice.visit('/');
    expect(await overflow(page)).toBe(0);
    await alice.beginSignIn();
    expect(await overflow(page)).toBe(0);
    await alice.submitSignIn('alice');
    await page.waitForSelector('#comet-widget');
    await alice.init();
    await alice.send('long'.repeat(125));
    await alice.notification('longlong').waitFor();
    expect(await overflow(page)).toBe(0);
    const { x = -1, width = 0 } = (await alice.notification('longlong').boundingBox()) ?? {};
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(NARROW.width);
    await page.screenshot({ path: 'test-results/portal-375.png', fullPage: true });
    await page.click('#sign-out');
    await page.waitForSelector('#end-session');
    expect(await overflow(page)).toBe(0);
    await alice.visit('/session-lost');
    expect(await overflow(page)).toBe(0);
  });

  it('is light or dark as the system is, and readable in both', async () => {
    const looks = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const alice = await stage.enter({ colorScheme });
      await alice.visit('/');
      await alice.page.screenshot({ path: `test-results/welcome-${colorScheme}.png` });
      await alice.beginSignIn();
      await alice.page.screenshot({ path: `test-results/sign-in-${colorScheme}.png` });
      await alice.submitSignIn('alice');
      await alice.page.waitForSelector('#comet-widget');
      await alice.init();
      await alice.send('The report is ready');
      await alice.notification('The report is ready').waitFor();
      await alice.page.screenshot({ path: `test-results/portal-${colorScheme}.png`, animations: 'disabled' });
      looks.push(await coloursOf(alice.page));
    }
    const [light, dark] = looks;
    expect(light?.background).not.toBe(dark?.background);
    expect(light?.text).not.toBe(dark?.text);
    for (const look of looks) expect(contrast(look)).toBeGreaterThan(7);
  });
});
