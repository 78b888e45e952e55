import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
  Response,
} from 'playwright-core';
import { DEMO_PASSWORDS } from './demo-passwords.js';
import { callbackUrl } from './login-flow.js';

/** What a plain page says. */
export interface NoticeText {
  readonly title: string | null;
  readonly text: string | null;
}

/** One user in a browser of their own, and what they do in the portal. */
export class Portal {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    /** What the page's console complained about. */
    readonly complaints: string[],
  ) {}

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Portal> {
    return Portal.in(await browser.newContext({ baseURL: url, ...options }));
  }

  /** Another tab of the same browser. */
  newTab(): Promise<Portal> {
    return Portal.in(this.context);
  }

  private static async in(context: BrowserContext): Promise<Portal> {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    return new Portal(context, page, complaints);
  }

  async signIn(user: keyof typeof DEMO_PASSWORDS): Promise<void> {
    await this.beginSignIn();
    await this.submitSignIn(user);
    await this.page.waitForSelector('#comet-widget');
  }

  /** Is signed in when the page opens, for tests that are about what comes after it: no login page is shown. */
  async signInAhead(user: keyof typeof DEMO_PASSWORDS): Promise<void> {
    await this.page.goto((await callbackUrl(this.context, user)).href);
    await this.page.waitForSelector('#comet-widget');
  }

  /** Goes as far as the provider's login page. */
  async beginSignIn(): Promise<void> {
    await this.page.goto('/');
    await this.page.click('#sign-in-link');
    await this.page.waitForSelector('#sign-in-form');
  }

  /** Fills the login page in and sends it. */
  async submitSignIn(
    user: keyof typeof DEMO_PASSWORDS,
    password: string = DEMO_PASSWORDS[user],
  ): Promise<void> {
    await this.page.fill('#login', user);
    await this.page.fill('#password', password);
    await this.page.click('#sign-in');
  }

  /** Leaves the portal, and then the login service. */
  async signOut(): Promise<void> {
    await this.page.click('#sign-out');
    await this.page.click('#end-session');
    await this.page.waitForURL('**/signed-out*');
  }

  /** The name under which the portal greets. */
  userName(): Promise<string | null> {
    return this.page.textContent('#user-name');
  }

  /** Opens an address as a link does. @throws Error if there is no response. */
  async visit(url: string): Promise<Response> {
    const response = await this.page.goto(url);
    if (!response) throw new Error(`No response of ${url}`);
    return response;
  }

  /** What the page says if it is a plain one. */
  async notice(): Promise<NoticeText> {
    const notice = this.page.locator('.notice');
    return {
      title: await notice.locator('h1').textContent(),
      text: await notice.locator('p').first().textContent(),
    };
  }

  /** The cookie of the portal's own session. */
  sessionCookie(): Promise<string | undefined> {
    return this.cookie(/^portal-\d+$/);
  }

  async cookie(name: RegExp): Promise<string | undefined> {
    const cookies = await this.context.cookies();
    return cookies.find((cookie) => name.test(cookie.name))?.value;
  }

  /** What the page sends with its requests to show that they are its own. */
  async csrf(): Promise<string> {
    return (await this.page.getAttribute('meta[name="csrf-token"]', 'content')) ?? '';
  }

  /** Presses init, and waits until the widget says how it is connected. */
  async init(): Promise<string> {
    await this.page.click('#comet-init');
    await this.page.waitForSelector('#comet-state[data-state=connected]');
    return (await this.page.textContent('#comet-transport')) ?? '';
  }

  async send(text: string): Promise<void> {
    await this.page.fill('#message', text);
    await this.page.click('#send');
  }

  async sendToEverybody(text: string): Promise<void> {
    await this.page.fill('#message', text);
    await this.page.click('#send-everybody');
  }

  /** What the notification window shows. */
  notification(text: string): Locator {
    return this.page.locator('#notifications .notification', { hasText: text });
  }

  /** What the comet widget has listed. */
  arrivals(): Promise<string[]> {
    return this.page.locator('#arrivals .arrival-text').allTextContents();
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
