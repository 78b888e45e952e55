import type { Provider } from '@nestjs/common';
import type { Browser, BrowserContext } from 'playwright-core';
import type { CometModuleOptions } from '../../../../src/index.js';
import { CometApp } from '../../../support/comet-app.js';
import { SkippingScheduler } from '../../../support/skipping.scheduler.js';
import { TokenIssuer } from '../../../support/token-issuer.js';
import { until, within } from '../../../support/until.js';
import { launch } from '../../support/browser.js';
import { ClientFilesController } from './client-files.controller.js';
import { type ClientKind, ClientTab } from './client-tab.js';
import { ALL_TRANSPORTS, TIMES } from './options.js';

/** Deadlines of a session that is held: its expiry, the end of its token, the end of its connect. */
const HELD = 3;

/** Milliseconds that a client has to read that its session has ended, before its socket is closed. */
const LINGER = 1_000;

/** What tests of clients in browsers work with: a browser for all of a file, and an application for each. */
export class ClientStage {
  #browser: Browser | undefined;
  #issuer: TokenIssuer | undefined;
  #app: CometApp | undefined;
  /** The server's time passes as that of its clients, which have clocks of their own, but for what is skipped. */
  #clock = new SkippingScheduler();
  readonly #contexts: BrowserContext[] = [];
  readonly #tabs: ClientTab[] = [];
  #tolerated: RegExp[] = [];

  /** Sets the stage for all tests of a file. */
  static forAll(): ClientStage {
    const stage = new ClientStage();
    beforeAll(async () => {
      [stage.#browser, stage.#issuer] = await Promise.all([launch(), TokenIssuer.open()]);
    });
    afterEach(() => stage.#finish());
    afterAll(async () => {
      await Promise.all([stage.#browser?.close(), stage.#issuer?.close()]);
    });
    return stage;
  }

  get app(): CometApp {
    if (!this.#app) throw new Error('The application has not been started.');
    return this.#app;
  }

  get files(): ClientFilesController {
    return this.app.get(ClientFilesController);
  }

  async start(
    { session, ...changes }: Partial<CometModuleOptions> = {},
    providers: readonly Provider[] = [],
  ): Promise<CometApp> {
    if (!this.#issuer) throw new Error('There is no issuer.');
    this.#clock = new SkippingScheduler();
    this.#app = await CometApp.start({
      http: 'express',
      clock: this.#clock,
      options: { auth: this.#issuer.auth, session: { ...TIMES, ...session }, ...ALL_TRANSPORTS, ...changes },
      providers,
      controllers: [ClientFilesController],
    });
    return this.#app;
  }

  /** A token that is good now. */
  token(user: string): Promise<string> {
    if (!this.#issuer) throw new Error('There is no issuer.');
    return this.#issuer.mint(user, Date.now());
  }

  /** A browser of somebody, with cookies of its own. */
  async browser(): Promise<BrowserContext> {
    if (!this.#browser) throw new Error('There is no browser.');
    const context = await this.#browser.newContext();
    this.#contexts.push(context);
    return context;
  }

  /** A tab, in a browser of its own and with the application itself, unless it is given others. */
  async tab(kind: ClientKind, context?: BrowserContext, origin?: string): Promise<ClientTab> {
    const from = origin ?? new URL(this.app.url).origin;
    const tab = await ClientTab.open(context ?? (await this.browser()), from, kind);
    this.#tabs.push(tab);
    return tab;
  }

  /** Expects complaints of pages, in this test, that a network which fails brings about. */
  tolerate(...patterns: RegExp[]): void {
    this.#tolerated.push(...patterns);
  }

  /** Waits until the server holds a connect of each of so many sessions, and of no more. */
  async held(sessions = 1): Promise<void> {
    await until(
      'the connects to be held',
      () =>
        this.app.service.counts.deadlines === sessions * HELD &&
        this.app.service.counts.sessions === sessions,
    );
  }

  /** Waits until every session has ended, and all that was kept for it. */
  async ended(): Promise<void> {
    const { app } = this;
    await until('the sessions to end', () => app.service.counts.sessions === 0);
    this.#clock.skip(LINGER);
    await until('everything to end', () => app.idle);
  }

  /** Has every client leave, and checks that nothing is left of them and that nobody complained. */
  async #finish(): Promise<void> {
    const app = this.#app;
    const tabs = this.#tabs.splice(0);
    const tolerated = this.#tolerated;
    this.#app = undefined;
    this.#tolerated = [];
    try {
      const open = tabs.filter(({ page }) => !page.isClosed());
      await within('the clients to leave', Promise.all(open.map((tab) => tab.ask('stop')))).finally(() =>
        Promise.all(this.#contexts.splice(0).map((context) => context.close())),
      );
      if (app) {
        await until('everything to end', () => app.idle).catch(() => undefined);
        app.expectIdle();
        expect(app.log.takeErrors()).toEqual([]);
      }
    } finally {
      await app?.close();
    }
    const complaints = tabs.flatMap((tab) => tab.complaints);
    expect(complaints.filter((text) => !tolerated.some((pattern) => pattern.test(text)))).toEqual([]);
  }
}
