import { until } from '../../support/until.js';
import { ClientStage } from './support/client-stage.js';
import { lifeCycle } from './support/life-cycle.js';
import { BROWSER_TRANSPORTS } from './support/options.js';

const stage = ClientStage.forAll();

/** It looks whether there are server-sent events, which Bayeux has not, and goes on without. */
const LOOKS_FOR_EVENTS = /the server responded with a status of 400 \(Bad Request\)/;

/** It gives a connect up after 1.2 times the timeout of the server: the difference, half a second, must do for a busy machine. */
const timeout = 2_500;

beforeEach(() => {
  stage.tolerate(LOOKS_FOR_EVENTS);
});

describe.each(BROWSER_TRANSPORTS)('the faye client in a browser, over %s', (transport) => {
  lifeCycle(stage, {
    kind: 'faye',
    transport,
    // It moves to a socket only afterwards.
    handshakeOver: transport === 'callback-polling' ? transport : 'long-polling',
    everywhere: transport === 'callback-polling',
    timeout,
  });
});

it('the faye client in a browser keeps its session though its socket opens ahead of its handshake', async () => {
  // Both have the cookie that came with the page.
  const app = await stage.start({ session: { timeout, maxInterval: 1_000 } });
  const alice = await stage.tab('faye');
  await alice.ask('start', {
    transport: 'websocket',
    token: await stage.token('alice'),
    channels: ['/user/alice/inbox'],
  });
  await until('a connect on a socket', () => alice.wire.transports('/meta/connect').includes('websocket'));
  await stage.held();
  await app.service.sendMessage('alice', '/user/alice/inbox', 'hello');
  expect(await alice.inbox('/user/alice/inbox', 1)).toEqual(['hello']);
  expect(alice.wire.count('/meta/handshake')).toBe(1);
});
