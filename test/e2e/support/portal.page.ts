import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { DEMO_PASSWORDS } from './demo-passwords.js';

/** One user in a browser of their own, and what they do in the portal. */
export class Portal {
  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    /** What the page's console complained about. */
    readonly complaints: string[],
  ) {}

  static async open(browser: Browser, url: string): Promise<Portal> {
    const context = await browser.newContext({ baseURL: url });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    return new Portal(context, page, complaints);
  }

  async signIn(user: keyof typeof DEMO_PASSWORDS): Promise<void> {
    await this.page.goto('/');
    await this.page.click('#sign-in-link');
    await this.page.fill('#login', user);
    await this.page.fill('#password', DEMO_PASSWORDS[user]);
    await this.page.click('#sign-in');
    await this.page.waitForSelector('#comet-widget');
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
