import { GreeterGateway } from '../support/greeter.gateway.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { until } from '../support/until.js';
import type { Interop } from './interop.js';

const RULES = [{ channel: '/news', subscribe: true, publish: true }];
const CONNECT = '/meta/connect';
const HANDSHAKE = '/meta/handshake';

/** What every client must be able to do. */
export function lifeCycle(interop: Interop): void {
  it('shakes hands with a token, subscribes, receives pushes, calls a service and leaves', async () => {
    const app = await interop.start({ rules: RULES }, [ServiceGateway]);
    const alice = await interop.client('alice');
    await alice.start();
    const inbox = await alice.subscribe('/user/alice/inbox');
    const news = await alice.subscribe('/news');
    await until('the client to be connected', () => alice.connected);
    expect(app.service.counts).toMatchObject({
      sessions: 1,
      channels: 2,
      sockets: interop.transport === 'websocket' ? 1 : 0,
    });

    expect(await app.service.sendMessage('alice', '/user/alice/inbox', { text: 'hello' })).toEqual({
      sessions: 1,
    });
    await until('the message', () => inbox.length > 0);
    expect(await app.service.broadcast('/news', ['extra', 'extra'])).toEqual({ sessions: 1 });
    await until('the broadcast', () => news.length > 0);
    await alice.publish('/news', 'from alice');
    await until('the publish', () => news.length > 1);
    expect(await alice.call('/service/echo', { n: 1 })).toEqual({ echo: { n: 1 } });

    await alice.stop();
    await until('the session to end', () => app.service.counts.sessions === 0);
    expect(inbox).toEqual([{ text: 'hello' }]);
    expect(news).toEqual([['extra', 'extra'], 'from alice']);
    expect(alice.sent(HANDSHAKE)).toBe(1);
  });

  it('stays connected for many connects, and misses and repeats nothing', async () => {
    const app = await interop.start();
    const alice = await interop.client('alice');
    await alice.start();
    const inbox = await alice.subscribe('/user/alice/inbox');
    for (let number = 0; number < 30; number++) {
      await app.service.sendMessage('alice', '/user/alice/inbox', number);
      if (number % 10 === 9) await until('the messages', () => inbox.length === number + 1);
    }
    await interop.connects(alice, 3);
    expect(inbox).toEqual(Array.from({ length: 30 }, (_, index) => index));
    expect(alice.connected).toBe(true);
    expect(alice.sent(HANDSHAKE)).toBe(1);
  });

  it('reaches its own user only', async () => {
    const app = await interop.start();
    const [alice, bob] = [await interop.client('alice'), await interop.client('bob')];
    await alice.start();
    await bob.start();
    const inboxes = [await alice.subscribe('/user/alice/inbox'), await bob.subscribe('/user/bob/inbox')];
    await app.service.sendMessage('bob', '/user/bob/inbox', 'for bob');
    await app.service.sendMessage('alice', '/user/alice/inbox', 'for alice');
    await until('both', () => inboxes.every((inbox) => inbox.length > 0));
    expect(inboxes).toEqual([['for alice'], ['for bob']]);
    await expect(alice.subscribe('/user/bob/inbox')).rejects.toThrow();
  });

  it.each([
    ['without a token', undefined, '401::authentication_required'],
    ['with a bad one', 'garbage', '401::invalid_token'],
  ])('gives up for good when it is refused %s', async (_, token, error) => {
    await interop.start();
    const refused = await interop.client(undefined, token === undefined ? {} : { token });
    await expect(refused.start()).rejects.toThrow(messageOf(error));
    // Meanwhile another one lives its life, which takes many times as long as the retry of the first.
    const good = await interop.client('alice');
    await good.start();
    await until('four connects', () => good.sent(CONNECT) >= 4);
    expect(refused.connected).toBe(false);
    expect(refused.sent(HANDSHAKE)).toBe(1);
    expect(interop.app.service.counts.sessions).toBe(1);
  });

  it('keeps its session when the network fails, and what was sent meanwhile', async () => {
    const app = await interop.start();
    const alice = await interop.client('alice', { presentedOn: [HANDSHAKE, CONNECT] });
    await alice.start();
    const inbox = await alice.subscribe('/user/alice/inbox');
    await until('the client to be connected', () => alice.connected && alice.sent(CONNECT) > 1);
    const { clientId } = alice;
    for (let round = 0; round < 3; round++) {
      app.cutConnections();
      await until('the server to notice', () => app.service.counts.sockets === 0);
      expect(await app.service.sendMessage('alice', '/user/alice/inbox', round)).toEqual({ sessions: 1 });
      await until('the message', () => inbox.length > round);
    }
    expect(inbox).toEqual([0, 1, 2]);
    expect(alice.clientId).toBe(clientId);
    expect(alice.sent(HANDSHAKE)).toBe(1);
    expect(app.service.counts.sessions).toBe(1);
  });

  it('shakes hands again, once, when its session has ended', async () => {
    const app = await interop.start({ rules: RULES }, [GreeterGateway]);
    const alice = await interop.client('alice');
    await alice.start();
    await interop.held(alice);
    const { clientId } = alice;
    const session = clientId === null ? undefined : app.server.sessions.find(clientId);
    session?.end('timeout');
    await until('a new session', () => alice.clientId !== clientId && alice.connected);
    await interop.connects(alice, 2);
    expect(alice.sent(HANDSHAKE)).toBe(2);
    expect(app.service.counts.sessions).toBe(1);
  });

  it('stops for good when the server ends its session', async () => {
    const app = await interop.start({ rules: RULES }, [GreeterGateway]);
    const alice = await interop.client('alice');
    await alice.start();
    await interop.held(alice);
    app.get(GreeterGateway).sessions[0]?.disconnect();
    const good = await interop.client('bob');
    await good.start();
    const before = alice.sent(CONNECT);
    await until('four connects', () => good.sent(CONNECT) >= 4);
    expect(alice.sent(HANDSHAKE)).toBe(1);
    expect(alice.sent(CONNECT)).toBeLessThanOrEqual(before + 1);
    expect(app.service.counts.sessions).toBe(1);
  });

  it('is not steered by what others publish', async () => {
    const app = await interop.start({ rules: RULES });
    const alice = await interop.client('alice');
    await alice.start();
    const news = await alice.subscribe('/news');
    await until('the client to be connected', () => alice.connected);
    const mallory = await interop.client('mallory', {
      disguise: {
        advice: { reconnect: 'none', interval: 86_400_000, timeout: 1 },
        successful: false,
        error: '402::session_unknown',
        ext: { ack: 1 },
      },
    });
    await mallory.start();
    for (let number = 0; number < 3; number++) await mallory.publish('/news', number);
    await until('the messages', () => news.length === 3);
    await interop.connects(alice, 3);
    await app.service.broadcast('/news', 'still here');
    await until('one more', () => news.length === 4);
    expect(alice.connected).toBe(true);
    expect(alice.sent(HANDSHAKE)).toBe(1);
  });
}

/** faye takes the error apart and keeps its last part. */
function messageOf(error: string): string {
  return error.split('::')[1] ?? error;
}
