import { DemoProcess } from '../e2e/support/demo-process.js';
import { CometdUser } from './support/cometd-user.js';
import { signedIn } from './support/signed-in.js';
import { token } from './support/run.js';

const NOTIFICATION = '/eXo/portal/notification';

let demo: DemoProcess;
let alice: CometdUser;
let bob: CometdUser;
beforeAll(async () => {
  demo = await DemoProcess.start();
  const tokens = await Promise.all([token('alice', demo.port), token('bob', demo.port)]);
  [alice, bob] = await Promise.all([
    CometdUser.open(demo.url, tokens[0]),
    CometdUser.open(demo.url, tokens[1]),
  ]);
});
afterAll(async () => {
  await Promise.all([alice.close(), bob.close()]);
  await demo.stop();
});

describe('a user of the demo', () => {
  it('connects with the stock client over WebSocket', () => {
    expect([alice.transport, bob.transport]).toEqual(['websocket', 'websocket']);
  });

  it.each(['/eXo/portal/**', NOTIFICATION, '/eXo/portal/*', '/eXo/portal/a/b', '/user/alice/inbox'])(
    'may listen to %s',
    async (channel) => {
      expect(await alice.subscribe(channel)).toMatchObject({ successful: true });
    },
  );

  it.each(['/**', '/*', '/eXo/**', '/eXo/*', '/eXo/portal', '/user/bob/inbox', '/user/**', '/news'])(
    'may not listen to %s',
    async (channel) => {
      const reply = await alice.subscribe(channel);
      expect(reply.successful).toBe(false);
      expect(reply.error).toMatch(/^403:.*subscribe_denied$/);
    },
  );

  it.each([NOTIFICATION, '/eXo/portal/other', '/user/bob/inbox', '/user/alice/inbox', '/news'])(
    'may publish nothing to %s, and nobody hears of it',
    async (channel) => {
      await bob.subscribe('/eXo/portal/**');
      await bob.subscribe('/user/bob/**');
      const reply = await alice.publish(channel, { message: 'from alice' });
      expect(reply.successful).toBe(false);
      expect(reply.error).toMatch(/^403:.*publish_denied$/);
      // Messages come in order: had it been sent on to bob, it would be there before this answer.
      expect(await bob.call('/service/echo', 'anything?')).toBe('anything?');
      expect(bob.arrived).toEqual([]);
    },
  );

  it('gets what the portal sends, alone or with everybody', async () => {
    await Promise.all([alice.subscribe(NOTIFICATION), bob.subscribe(NOTIFICATION)]);
    alice.arrived.length = bob.arrived.length = 0;
    const { browser, page } = await signedIn(demo.url, 'alice');
    await browser.post('/portlet/notification', page, { message: 'to alice' });
    await browser.post('/portlet/broadcast', page, { message: 'to all' });
    await Promise.all([alice, bob].map((user) => user.call('/service/echo', 'all here?')));
    expect(alice.arrived).toContainEqual({ message: 'to alice' });
    expect(alice.arrived).toContainEqual({ message: 'to all' });
    expect(bob.arrived).not.toContainEqual({ message: 'to alice' });
    expect(bob.arrived).toContainEqual({ message: 'to all' });
  });
});
