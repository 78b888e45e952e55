import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import { launch } from './browser.js';
import { DemoProcess } from './demo-process.js';
import { Portal } from './portal.page.js';

/** A demo, a browser, and the users that a test brings on; all of it is gone afterwards. */
export class Stage {
  #demo: DemoProcess | undefined;
  #browser: Browser | undefined;
  readonly #portals = new Set<Portal>();
  readonly #visitors = new Set<BrowserContext>();

  private constructor(readonly env: Record<string, string>) {}

  /** Sets the stage up for all tests of a file; `env` is the environment of the demo. */
  static forAll(env: Record<string, string> = {}): Stage {
    const stage = new Stage(env);
    beforeAll(() => stage.#open());
    afterEach(() => stage.#clear());
    afterAll(() => stage.#close());
    return stage;
  }

  get demo(): DemoProcess {
    if (!this.#demo) throw new Error('The demo does not run.');
    return this.#demo;
  }

  get url(): string {
    return this.demo.url;
  }

  /** A browser of its own, until the test ends; of another demo if there is a `url` to it. */
  async enter(options: BrowserContextOptions = {}, url = this.url): Promise<Portal> {
    if (!this.#browser) throw new Error('The browser does not run.');
    const portal = await Portal.open(this.#browser, url, options);
    this.#portals.add(portal);
    return portal;
  }

  /** The same without a page, for requests with the cookies of a browser. */
  async visitor(): Promise<BrowserContext> {
    if (!this.#browser) throw new Error('The browser does not run.');
    const visitor = await this.#browser.newContext({ baseURL: this.url });
    this.#visitors.add(visitor);
    return visitor;
  }

  async #open(): Promise<void> {
    [this.#demo, this.#browser] = await Promise.all([DemoProcess.start(this.env), launch()]);
  }

  async #clear(): Promise<void> {
    await Promise.all([...this.#portals, ...this.#visitors].map((guest) => guest.close()));
    this.#portals.clear();
    this.#visitors.clear();
  }

  async #close(): Promise<void> {
    await this.#browser?.close();
    await this.#demo?.stop();
  }
}
