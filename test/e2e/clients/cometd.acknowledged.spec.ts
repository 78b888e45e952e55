import { until } from '../../support/until.js';
import { ClientStage } from './support/client-stage.js';
import type { ClientTab } from './support/client-tab.js';
import { LossyProxy } from './support/lossy-proxy.js';
import { type BrowserTransport, USUAL_TRANSPORTS } from './support/options.js';

const stage = ClientStage.forAll();
const RULES = [{ channel: '/news', subscribe: true, publish: true }];
const NUMBERS = Array.from({ length: 60 }, (_, index) => index);

/** What the browser writes to the console when connections break. */
const BROKEN = [/Failed to load resource: net::ERR_/, /WebSocket connection to .* failed/];

async function connect(transport: BrowserTransport, origin?: string): Promise<ClientTab> {
  const tab = await stage.tab('cometd', undefined, origin);
  const token = await stage.token('alice');
  await tab.ask('start', { transport, token, extensions: true, channels: ['/news'] });
  await tab.connected();
  await stage.held();
  return tab;
}

/** Repetitions are the client's business; gaps and disorder would be the server's. */
const distinct = (inbox: readonly unknown[]): unknown[] => [...new Set(inbox)];

describe.each(USUAL_TRANSPORTS)('the cometd client with its extensions, over %s', (transport) => {
  it('misses nothing, whatever the network swallows', async () => {
    stage.tolerate(...BROKEN);
    const app = await stage.start({ rules: RULES });
    const network = await LossyProxy.start(Number(new URL(app.url).port));
    try {
      const alice = await connect(transport, network.origin);
      for (const number of NUMBERS) {
        if (number % 10 === 5) {
          await stage.held();
          network.swallow();
        }
        const { swallowed } = network;
        await app.service.broadcast('/news', number);
        if (number % 10 !== 5) continue;
        await until('the message to be lost', () => network.swallowed > swallowed);
        network.cut();
        await alice.inbox('/news', number + 1);
      }
      expect(distinct(await alice.inbox('/news', NUMBERS.length))).toEqual(NUMBERS);
      expect(alice.wire.count('/meta/handshake')).toBe(1);
      await alice.ask('stop');
    } finally {
      await network.stop();
    }
  });

  it('misses nothing while its connections are cut all the time', async () => {
    stage.tolerate(...BROKEN);
    const app = await stage.start({ rules: RULES });
    const alice = await connect(transport);
    for (const number of NUMBERS) {
      await app.service.broadcast('/news', number);
      if (number % 10 === 5) app.cutConnections();
      if (number % 10 === 9) await alice.inbox('/news', number + 1);
    }
    expect(distinct(await alice.inbox('/news', NUMBERS.length))).toEqual(NUMBERS);
    expect(alice.wire.count('/meta/handshake')).toBe(1);
    expect(alice.wire.transports()).toEqual([transport]);
  });

  it('gets what came while the browser was offline', async () => {
    stage.tolerate(...BROKEN);
    const app = await stage.start({ rules: RULES });
    const alice = await connect(transport);
    const { clientId } = await alice.ask('state');
    for (const number of NUMBERS) {
      if (number % 20 === 10) {
        await alice.page.context().setOffline(true);
        // A browser that is offline may keep the sockets it has.
        app.cutConnections();
        await alice.connected(false);
      }
      await app.service.broadcast('/news', number);
      if (number % 20 === 19) {
        expect(await alice.ask('inbox', '/news')).not.toContain(number);
        await alice.page.context().setOffline(false);
        await alice.inbox('/news', number + 1);
      }
    }
    expect(distinct(await alice.inbox('/news', NUMBERS.length))).toEqual(NUMBERS);
    expect(await alice.ask('state')).toEqual({ clientId, transport, connected: true });
    expect(alice.wire.count('/meta/handshake')).toBe(1);
  });
});
