import { ClientStage } from './support/client-stage.js';
import type { ClientTab } from './support/client-tab.js';

const stage = ClientStage.forAll();
/** Longer than the test: what ends before has been ended. */
const HOLD = 5_000;
const RULES = [{ channel: '/news', subscribe: true }];

/** What the last connect of a tab was told: whether it has to poll, as others of its browser are held. */
async function toldToPoll(tab: ClientTab): Promise<boolean> {
  const connects = await tab.arrived('/meta/connect');
  return connects.at(-1)?.advice?.['multiple-clients'] === true;
}

describe('two tabs of one browser, over long-polling', () => {
  it('share it: one is held, the other polls, until the first one is closed', async () => {
    const app = await stage.start({ rules: RULES, session: { timeout: HOLD } });
    const browser = await stage.browser();
    const settings = { transport: 'long-polling', channels: ['/news'] } as const;
    const first = await stage.tab('cometd', browser);
    await first.ask('start', { ...settings, token: await stage.token('alice') });
    await first.connected();
    await stage.held();
    const second = await stage.tab('cometd', browser);
    await second.ask('start', { ...settings, token: await stage.token('alice') });
    await second.answered(4);
    expect(await toldToPoll(second)).toBe(true);
    expect(await toldToPoll(first)).toBe(false);

    for (const number of [1, 2, 3]) {
      expect(await app.service.broadcast('/news', number)).toEqual({ sessions: 2 });
      await Promise.all([first.inbox('/news', number), second.inbox('/news', number)]);
    }

    await first.ask('stop');
    await first.page.close();
    await stage.held();
    expect(await app.service.broadcast('/news', 4)).toEqual({ sessions: 1 });
    expect(await second.inbox('/news', 4)).toEqual([1, 2, 3, 4]);
    expect(await toldToPoll(second)).toBe(false);
    await stage.held();
    for (const tab of [first, second]) expect(tab.wire.count('/meta/handshake')).toBe(1);
  });

  it('are not in the way of tabs of other browsers', async () => {
    await stage.start();
    const tabs = [await stage.tab('cometd'), await stage.tab('cometd')];
    for (const tab of tabs) {
      await tab.ask('start', { transport: 'long-polling', token: await stage.token('alice') });
    }
    await stage.held(2);
    for (const tab of tabs) {
      await tab.answered(2);
      expect(await toldToPoll(tab)).toBe(false);
    }
  });

  it('keep their sessions though both come at once, as the cookie came with the page', async () => {
    const session = { maxHeldPerBrowser: -1 };
    const app = await stage.start({ rules: RULES, session });
    const browser = await stage.browser();
    const tabs = await Promise.all([stage.tab('cometd', browser), stage.tab('cometd', browser)]);
    const token = await stage.token('alice');
    const settings = { transport: 'long-polling', token, channels: ['/news'] } as const;
    await Promise.all(tabs.map((tab) => tab.ask('start', settings)));
    await Promise.all(tabs.map((tab) => tab.answered(3)));
    await stage.held(2);
    await app.service.broadcast('/news', 1);
    for (const tab of tabs) {
      expect(await tab.inbox('/news', 1)).toEqual([1]);
      expect(tab.wire.count('/meta/handshake')).toBe(1);
    }
  });
});
