import { until, within } from '../../support/until.js';
import { ClientStage } from './support/client-stage.js';
import type { ClientTab } from './support/client-tab.js';
import { type BrowserTransport, USUAL_TRANSPORTS } from './support/options.js';

const stage = ClientStage.forAll();
const RULES = [{ channel: '/news', subscribe: true, publish: true }];

/** A client that is connected, and whose connect is held. */
async function start(tab: ClientTab, transport: BrowserTransport, token?: string): Promise<void> {
  const presented = token === undefined ? {} : { token };
  await tab.ask('start', { transport, ...presented, extensions: true, channels: ['/news'] });
  await tab.connected();
  await stage.held();
}

/** Reloads the page; while neither the old one nor the new one is there, `meanwhile` happens. */
async function reload(tab: ClientTab, meanwhile: () => Promise<unknown>): Promise<void> {
  const { files } = stage;
  const before = files.asked;
  files.hold();
  const reloaded = tab.page.reload();
  try {
    await until('the page to be asked for', () => files.asked > before);
    await meanwhile();
  } finally {
    files.letGo();
  }
  await within('the page', reloaded);
}

describe.each(USUAL_TRANSPORTS)('the cometd client with its extensions, over %s', (transport) => {
  it('goes on with its session when its page is reloaded, and gets what came meanwhile', async () => {
    const app = await stage.start({ rules: RULES });
    const alice = await stage.tab('cometd');
    await start(alice, transport, await stage.token('alice'));
    const { clientId } = await alice.ask('state');
    await app.service.broadcast('/news', 'before');
    await alice.inbox('/news', 1);

    for (const round of ['first', 'second']) {
      await reload(alice, async () => {
        for (const number of [1, 2, 3]) {
          expect(await app.service.broadcast('/news', `${round} ${number}`)).toEqual({ sessions: 1 });
        }
      });
      // Without a token: that it is the same browser proves whose session it is.
      await start(alice, transport);
      const inbox = await alice.inbox('/news', 3);
      // The page has forgotten what it had seen, and may be sent some of it again.
      const meanwhile = inbox.filter((text) => String(text).startsWith(round));
      expect([...new Set(meanwhile)]).toEqual([`${round} 1`, `${round} 2`, `${round} 3`]);
      expect(await alice.ask('state')).toEqual({ clientId, transport, connected: true });

      await app.service.broadcast('/news', `after the ${round}`);
      expect((await alice.inbox('/news', new Set(inbox).size + 1)).at(-1)).toBe(`after the ${round}`);
      expect(await alice.ask('publish', '/news', `by the ${round}`)).toMatchObject({ successful: true });
    }
    expect(alice.wire.count('/meta/handshake')).toBe(1);
    expect(alice.wire.transports()).toEqual([transport]);
    expect(app.service.counts.sessions).toBe(1);
  });

  it('shakes hands anew when its session has ended while its page was reloaded', async () => {
    const app = await stage.start({ rules: RULES });
    const alice = await stage.tab('cometd');
    const token = await stage.token('alice');
    await start(alice, transport, token);
    const { clientId } = await alice.ask('state');
    await reload(alice, () => {
      app.server.sessions.find(String(clientId))?.end('timeout');
      return Promise.resolve();
    });
    await alice.ask('start', { transport, token, extensions: true, channels: ['/news'] });
    await until('a handshake', () => alice.wire.count('/meta/handshake') === 2);
    await stage.held();
    // Over HTTP it may come after the connect that is held.
    await until('its subscription', () => app.service.counts.channels === 1);
    await app.service.broadcast('/news', 'again');
    expect(await alice.inbox('/news', 1)).toEqual(['again']);
    expect((await alice.ask('state')).clientId).not.toBe(clientId);
  });
});
