import type { BrowserContext, Page } from 'playwright-core';
import { PATIENCE } from '../../../support/until.js';
import type { CometdPageClient, PageMessage } from './page-client.js';
import { Wire } from './wire.js';

/** The clients there are pages for. */
export type ClientKind = 'cometd' | 'faye';

type Method = keyof CometdPageClient;
type Answer<M extends Method> = Awaited<ReturnType<CometdPageClient[M]>>;

/** The page's world, as far as tests know it. */
interface PageWorld {
  readonly client: Readonly<Record<string, (...args: unknown[]) => unknown>>;
}

/** A tab of a browser with a page that has a client. */
export class ClientTab {
  /** What the page complained about: errors, and whatever the client writes to the console. */
  readonly complaints: string[] = [];
  readonly wire: Wire;

  private constructor(
    readonly page: Page,
    readonly kind: ClientKind,
  ) {
    this.wire = new Wire(page);
    page.on('pageerror', (error) => this.complaints.push(String(error.stack)));
    page.on('console', (message) => this.complaints.push(`${message.type()}: ${message.text()}`));
  }

  static async open(context: BrowserContext, origin: string, kind: ClientKind): Promise<ClientTab> {
    const tab = new ClientTab(await context.newPage(), kind);
    tab.page.setDefaultTimeout(PATIENCE);
    await tab.page.goto(`${origin}/clients/${kind}`);
    return tab;
  }

  /** Has the client of the page do something. */
  ask<M extends Method>(method: M, ...args: Parameters<CometdPageClient[M]>): Promise<Answer<M>> {
    return this.page.evaluate(
      ({ method, args }) => (globalThis as unknown as PageWorld).client[method]?.(...args),
      { method, args: args as unknown[] },
    ) as Promise<Answer<M>>;
  }

  /** The data that has come on a channel, once there are `count` of them, repetitions not counted. */
  async inbox(channel: string, count: number): Promise<unknown[]> {
    await this.page.waitForFunction(
      ({ channel, count }) => {
        const inbox = (globalThis as unknown as PageWorld).client['inbox']?.(channel) as unknown[];
        return new Set(inbox.map((data) => JSON.stringify(data))).size >= count;
      },
      { channel, count },
      { polling: 10 },
    );
    return this.ask('inbox', channel);
  }

  /** Waits until the client says that it is connected, or that it is not any more. */
  async connected(wanted = true): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => {
        const state = (globalThis as unknown as PageWorld).client['state']?.() as { connected: boolean };
        return state.connected === wanted;
      },
      wanted,
      { polling: 10 },
    );
  }

  /** Waits until `count` connects have been answered. */
  async answered(count: number): Promise<void> {
    await this.page.waitForFunction(
      (count) => {
        const arrived = (globalThis as unknown as PageWorld).client['arrived']?.() as PageMessage[];
        return arrived.filter(({ channel }) => channel === '/meta/connect').length >= count;
      },
      count,
      { polling: 10 },
    );
  }

  /** The messages on a channel, as they came. */
  async arrived(channel: string): Promise<PageMessage[]> {
    const all = await this.ask('arrived');
    return all.filter((message) => message.channel === channel);
  }
}
