import type { Browser } from 'playwright-core';
import { BlockingProxy } from './support/blocking-proxy.js';
import { launch } from './support/browser.js';
import { DemoProcess, ENDS_WITHIN } from './support/demo-process.js';
import { freePort } from '../support/free-port.js';
import { Portal } from './support/portal.page.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
});

/** The main job, whatever the connection is made of. */
async function pushesToItsUsers(url: string, transport: string): Promise<void> {
  const alice = await Portal.open(browser, url);
  const bob = await Portal.open(browser, url);
  try {
    await alice.signInAhead('alice');
    await bob.signInAhead('bob');
    expect(await alice.init()).toBe(transport);
    expect(await bob.init()).toBe(transport);

    await alice.send('hello');
    await alice.notification('hello').waitFor({ state: 'visible' });
    expect(await alice.arrivals()).toEqual(['hello']);

    await alice.sendToEverybody('for everybody');
    await Promise.all([
      alice.notification('for everybody').waitFor({ state: 'visible' }),
      bob.notification('for everybody').waitFor({ state: 'visible' }),
    ]);
    // Messages come in order: had "hello" been sent to bob, it would be here by now.
    expect(await bob.arrivals()).toEqual(['for everybody']);
    expect(await alice.arrivals()).toEqual(['for everybody', 'hello']);
  } finally {
    await alice.close();
    await bob.close();
  }
}

describe('the portal', () => {
  it('pushes to its users over WebSocket, and the process ends by itself after SIGTERM', async () => {
    const demo = await DemoProcess.start();
    await pushesToItsUsers(demo.url, 'websocket');
    const { code, signal, took } = await demo.stop();
    // Nest ends the process with the signal it was sent, once everything is closed.
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGTERM' });
    expect(took).toBeLessThan(ENDS_WITHIN);
  });

  it('falls back to long-polling where WebSocket is blocked', async () => {
    const [inside, outside] = [await freePort(), await freePort()];
    const demo = await DemoProcess.start({ PUBLIC_URL: `http://127.0.0.1:${outside}` }, inside);
    const proxy = await BlockingProxy.start(outside, inside);
    try {
      await pushesToItsUsers(demo.url, 'long-polling');
      expect(proxy.refused).toBeGreaterThan(0);
    } finally {
      await proxy.stop();
      await demo.stop();
    }
  });

  it('asks to sign in again when the server it comes back to knows nothing of its login', async () => {
    const demo = await DemoProcess.start();
    const alice = await Portal.open(browser, demo.url);
    let restarted: DemoProcess | undefined;
    try {
      await alice.page.clock.install();
      await alice.signInAhead('alice');
      await alice.init();
      await demo.stop();
      await alice.page.waitForSelector('#comet-state[data-state=reconnecting]');
      restarted = await DemoProcess.start({}, demo.port);
      // However long the page would wait by now before it tries again.
      await alice.page.clock.fastForward(60_000);
      // The restarted demo has new keys and knows no portal sessions: there are no tokens any more.
      await alice.page.waitForSelector('#comet-state[data-state=lost]');
      await alice.page.click('#comet-problem a');
      await alice.page.waitForSelector('#sign-in-form');
    } finally {
      await alice.close();
      await restarted?.stop();
    }
  });
});
