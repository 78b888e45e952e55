import { ServiceGateway } from '../../support/service.gateway.js';
import { ClientStage } from './support/client-stage.js';
import { USUAL_TRANSPORTS } from './support/options.js';

const stage = ClientStage.forAll();
const RULES = [{ channel: '/news', subscribe: true, publish: true }];
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z$/;

/** Milliseconds: both are on one machine. */
const GENEROUS = 30_000;

describe.each(USUAL_TRANSPORTS)('the cometd client with its extensions, over %s', (transport) => {
  it('is told the time in every message, if the server is told to', async () => {
    const app = await stage.start({ rules: RULES, session: { timestamp: true } }, [ServiceGateway]);
    const alice = await stage.tab('cometd');
    const token = await stage.token('alice');
    await alice.ask('start', { transport, token, extensions: true, channels: ['/news'] });
    await alice.connected();
    await stage.held();
    await app.service.broadcast('/news', 1);
    await alice.ask('publish', '/news', 2);
    await alice.ask('call', 'echo', 3);
    await alice.ask('publish', '/elsewhere', 4);
    await alice.inbox('/news', 2);
    await alice.ask('unsubscribe', '/news');

    const arrived = await alice.ask('arrived');
    const channels = new Set(arrived.map(({ channel }) => channel));
    expect([...channels].sort()).toEqual([
      '/elsewhere',
      '/meta/connect',
      '/meta/handshake',
      '/meta/subscribe',
      '/meta/unsubscribe',
      '/news',
      '/service/echo',
    ]);
    for (const message of arrived) {
      expect(message.timestamp).toMatch(ISO_8601);
      expect(Math.abs(Date.now() - Date.parse(message.timestamp ?? ''))).toBeLessThan(GENEROUS);
    }
  });

  it('is told none otherwise', async () => {
    await stage.start({ rules: RULES });
    const alice = await stage.tab('cometd');
    const token = await stage.token('alice');
    await alice.ask('start', { transport, token, extensions: true, channels: ['/news'] });
    await alice.connected();
    await alice.ask('publish', '/news', 1);
    await alice.inbox('/news', 1);
    const arrived = await alice.ask('arrived');
    expect(arrived.filter(({ timestamp }) => timestamp !== undefined)).toEqual([]);
  });
});
