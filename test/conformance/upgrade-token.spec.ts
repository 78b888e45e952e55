import type { AuditEvent } from '../../src/bayeux/audit.js';
import type { CometModuleOptions } from '../../src/index.js';
import { CometAuth } from '../../src/index.js';
import { Bench, withIssuer } from '../support/bench.js';
import { bearer, presenting } from '../support/identity.js';
import type { Members } from '../support/message.js';
import type { SocketClient } from '../support/socket.client.js';

/** A token is good for a minute, and a little longer as clocks differ. */
const LIFE = 60_000 + 5_000;
const MINUTE = { expiresIn: 60 };
const AT_ONCE = { advice: { timeout: 0 } };
const EXPIRED = { successful: false, error: '401::token_expired' };
const COME_BACK = { code: 4401, reason: 'the token of the upgrade has expired' };
const OPTIONS: Partial<CometModuleOptions> = {
  session: { timeout: 300_000, maxInterval: 300_000, rehandshakeSpread: 0 },
  limits: { handshakeTimeout: 300_000 },
};
const SUSPENDING = { expiry: { refreshLead: 0, grace: 0 } };
const ENDING = { expiry: { refreshLead: 0, grace: 0, suspend: false } };

describe('a socket whose token came with its upgrade', () => {
  const issuer = withIssuer();
  const bench = new Bench('express', 'websocket', issuer);
  afterEach(() => bench.finish());

  const events: AuditEvent[] = [];
  const audit = { record: (event: AuditEvent): void => void events.push(event) };
  const start = (auth: CometModuleOptions['auth'] = SUSPENDING): Promise<unknown> => {
    events.length = 0;
    return bench.startSecured({ ...OPTIONS, auth, audit });
  };
  const socket = async (user = 'alice'): Promise<SocketClient> =>
    bench.socket(bearer(await bench.token(user, MINUTE)));
  const joined = async (members?: Members): Promise<SocketClient> => {
    const client = await (await socket()).join(members);
    await client.subscribe('/user/alice/**');
    return client;
  };
  const tell = (data: unknown): unknown => bench.app.service.broadcast('/user/alice/x', data);
  const sessions = (): number => bench.app.service.counts.sessions;
  const handshake = [{ channel: '/meta/handshake', id: 'h' }];

  it('[C3] is closed at its end, and a newer one with the next socket finds the session as it was', async () => {
    await start();
    const client = await joined();
    const { clientId } = client;
    const held = await bench.hold(client);
    bench.clock.advance(LIFE);
    expect(await held.reply).toMatchObject({ ...EXPIRED, advice: { reconnect: 'retry', interval: 1_000 } });
    expect(await client.end()).toEqual(COME_BACK);
    await tell(1);
    await tell(2);
    bench.clock.advance(1_000);
    const next = await socket();
    next.clientId = clientId;
    expect(await next.connect()).toMatchObject({ successful: true, ext: { auth: { expires_in: 60 } } });
    expect(await next.receive(2)).toMatchObject([{ data: 1 }, { data: 2 }]);
    // The next end comes like the first.
    const again = await bench.hold(next);
    bench.clock.advance(LIFE);
    expect(await again.reply).toMatchObject(EXPIRED);
    expect(await next.end()).toEqual(COME_BACK);
  });

  it('[C3] is closed at its end where no connect is held', async () => {
    await start();
    const client = await joined();
    const before = client.received.length;
    bench.clock.advance(LIFE);
    expect(await client.end()).toEqual(COME_BACK);
    expect(client.received).toHaveLength(before);
    expect(sessions()).toBe(1);
  });

  it('[C3] is closed with its session, where sessions end with their token', async () => {
    await start(ENDING);
    const client = await joined();
    const held = await bench.hold(client);
    bench.clock.advance(LIFE);
    expect(await held.reply).toMatchObject({ ...EXPIRED, advice: { reconnect: 'handshake', interval: 0 } });
    expect(await client.end()).toEqual(COME_BACK);
    await joined();
    expect(sessions()).toBe(1);
  });

  it('[C3] is not told of an expired one at a handshake, but closed to come back', async () => {
    await start();
    const client = await socket();
    await client.open();
    bench.clock.advance(LIFE);
    expect(await client.turnedAway(handshake)).toEqual(COME_BACK);
    expect(client.received).toEqual([]);
    expect(events).toEqual([
      expect.objectContaining({ type: 'handshake_denied', reason: '401::token_expired' }),
    ]);
  });

  it.each([
    ['/meta/connect', AT_ONCE],
    ['/meta/subscribe', { subscription: '/user/alice/x' }],
    ['/news', { data: 1 }],
  ])('[C3] nor on a socket that would go on with a session, by a message to %s', async (channel, members) => {
    await start();
    const client = await joined();
    const { clientId } = client;
    await client.close();
    const late = await socket();
    bench.clock.advance(LIFE);
    expect(await late.turnedAway([{ channel, clientId, ...members }])).toEqual(COME_BACK);
    expect(late.received).toEqual([]);
    expect(sessions()).toBe(1);
  });

  it('[C3] nor when its session has a newer one from a message and the client begins anew without', async () => {
    await start();
    const client = await joined();
    bench.clock.advance(30_000);
    await client.connect({ ...AT_ONCE, ...presenting(await bench.token('alice', { expiresIn: 600 })) });
    bench.clock.advance(LIFE);
    expect(await client.subscribe('/user/alice/x')).toMatchObject({ successful: true });
    expect(await client.turnedAway(handshake)).toEqual(COME_BACK);
    expect(sessions()).toBe(1);
  });

  it('[C3] stays open to a client that presents newer ones in messages', async () => {
    await start();
    const client = await joined();
    await client.connect({ ...AT_ONCE, ...presenting(await bench.token('alice', { expiresIn: 61 })) });
    const held = await bench.hold(client);
    bench.clock.advance(LIFE + 1_000);
    expect(await held.reply).toMatchObject({ ...EXPIRED, advice: { reconnect: 'handshake' } });
    const token = await bench.token('alice', MINUTE);
    expect(await client.connect({ ...AT_ONCE, ...presenting(token) })).toMatchObject({ successful: true });
  });

  it('[C3] lets a client begin anew with the newer one that it presents in messages', async () => {
    await start();
    const client = await joined();
    const newer = (): Promise<string> => bench.token('alice', { expiresIn: 600 });
    await client.connect({ ...AT_ONCE, ...presenting(await newer()) });
    expect(await client.handshake(presenting(await newer()))).toMatchObject({ successful: true });
    bench.app.server.sessions.find(client.clientId)?.end('timeout');
    // It is told what it would be told without the older token, and not to stop.
    expect(await client.connect({ ...AT_ONCE, ...presenting(await newer()) })).toMatchObject({
      error: '402::session_unknown',
      advice: { reconnect: 'handshake' },
    });
    bench.clock.advance(LIFE);
    expect(await client.handshake(presenting(await newer()))).toMatchObject({ successful: true });
    expect(sessions()).toBe(2);
  });

  it('[C3] stays open to a client that has said that it will present newer ones', async () => {
    await start();
    const client = await joined({ ext: { auth: { refresh: true } } });
    const held = await bench.hold(client);
    bench.clock.advance(LIFE);
    expect(await held.reply).toMatchObject({ ...EXPIRED, advice: { reconnect: 'retry' } });
    const token = await bench.token('alice', MINUTE);
    expect(await client.connect({ ...AT_ONCE, ...presenting(token) })).toMatchObject({ successful: true });
  });

  it('[C3] is answered where the client shows it in the message as well: it can show another there', async () => {
    await start();
    const token = await bench.token('alice', MINUTE);
    const client = bench.socket(bearer(token));
    await client.open();
    bench.clock.advance(LIFE);
    expect(await client.handshake(presenting(token))).toMatchObject({
      ...EXPIRED,
      advice: { reconnect: 'none' },
    });
  });

  it('[C3] is told that it is bad or revoked: another connection would not mend that', async () => {
    await start();
    const forged = bench.secret(await issuer().forge('alice', bench.clock.now()));
    const none = { successful: false, advice: { reconnect: 'none' } };
    expect(await bench.socket(bearer(forged)).handshake()).toMatchObject({
      error: '401::invalid_token',
      ...none,
    });
    const revoked = await socket('bob');
    bench.clock.advance(1_000);
    await bench.app.get(CometAuth).revoke({ userId: 'bob' });
    expect(await revoked.handshake()).toMatchObject({ error: '401::session_revoked', ...none });
  });
});

describe('a socket whose client was told to stop', () => {
  const issuer = withIssuer();
  const bench = new Bench('express', 'websocket', issuer);
  afterEach(() => bench.finish());

  const GONE = { code: 1008, reason: 'no session' };
  const bad = presenting('bad');

  it('[C3] is closed a second after its handshake was refused, also if it has a session still', async () => {
    await bench.startSecured(OPTIONS);
    const client = await bench.socket().join(presenting(await bench.token('alice')));
    expect(await client.handshake(bad)).toMatchObject({ error: '401::invalid_token' });
    bench.clock.advance(999);
    await client.sync();
    expect(client.closed).toBeUndefined();
    bench.clock.advance(1);
    expect(await client.end()).toEqual(GONE);
    expect(bench.app.service.counts.sessions).toBe(1);
  });

  it('[C3] is closed then, also if it asks again and is refused again', async () => {
    await bench.startSecured(OPTIONS);
    const client = bench.socket();
    for (let round = 0; round < 4; round++) {
      await client.handshake(bad);
      bench.clock.advance(249);
    }
    await client.handshake();
    bench.clock.advance(4);
    expect(await client.end()).toEqual(GONE);
  });

  it('[C3] is closed then, also if its session ends meanwhile', async () => {
    await bench.startSecured(OPTIONS);
    const client = await bench.socket().join(presenting(await bench.token('alice')));
    await client.handshake(bad);
    await client.disconnect();
    bench.clock.advance(1_000);
    expect(await client.end()).toEqual(GONE);
  });

  it('[C3] stays with a session that is begun anew', async () => {
    await bench.startSecured(OPTIONS);
    const client = bench.socket();
    await client.handshake(bad);
    await client.join(presenting(await bench.token('alice')));
    bench.clock.advance(5_000);
    await client.sync();
    expect(client.closed).toBeUndefined();
  });
});
