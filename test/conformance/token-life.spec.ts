import { Bench, DEFAULT_TRANSPORTS, withIssuer } from '../support/bench.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { bearer, presenting } from '../support/identity.js';
import type { Members, Message } from '../support/message.js';

/** A token is good for a minute, which is what its client is told, and a little longer as clocks differ. */
const TOLD = 60_000;
const LIFE = TOLD + 5_000;
const MINUTE = { expiresIn: 60 };
const GRACE = 25_000;
const MAX_INTERVAL = 30_000;
/** From the warning to the end: a quarter of what the client is told, as that is less than a minute, and that little. */
const LEAD = TOLD / 4 + 5_000;
const AUTH = '/service/comet/auth';
const EXPIRED = { successful: false, error: '401::token_expired' };
const AT_ONCE = { advice: { timeout: 0 } };
const OPTIONS = {
  session: { timeout: 300_000, maxInterval: MAX_INTERVAL, rehandshakeSpread: 0 },
  rules: [
    { channel: '/news', subscribe: { scope: 'news' }, publish: true },
    { channel: '/user/{userId}/**', subscribe: true },
  ],
};

/** The token, and that its client will renew it. */
function refreshing(token: string): Members {
  return { ext: { auth: { token, refresh: true } } };
}

describe.each(DEFAULT_TRANSPORTS)('the life of a session with a token, over %s', (transport) => {
  const issuer = withIssuer();
  const bench = new Bench('express', transport, issuer);
  afterEach(() => bench.finish());

  const dataOf = (messages: readonly Message[]): unknown[] => messages.map(({ data }) => data);
  const minted = (claims: object = { scope: 'news' }): Promise<string> =>
    bench.token('alice', { ...MINUTE, claims: { ...claims } });
  const started = async (): Promise<BayeuxClient> => {
    await bench.startSecured(OPTIONS);
    const client = await bench.client().join(refreshing(await minted()));
    await client.subscribe('/user/alice/**');
    return client;
  };
  const tell = (data: unknown): unknown => bench.app.service.broadcast('/user/alice/x', data);

  it('[A8] begins with a handshake that says for how long it is good', async () => {
    await bench.startSecured(OPTIONS);
    expect(await bench.client().handshake(refreshing(await minted()))).toMatchObject({
      ext: { auth: { expires_in: 60, refresh_before: 45, scope: 'news', refresh: true } },
    });
  });

  it('T32: is warned of its end, receives in the grace, keeps all while it is suspended, and resumes', async () => {
    const client = await started();
    const { clientId } = client;
    const held = await bench.hold(client);
    bench.clock.advance(LIFE - LEAD);
    expect(await client.receive()).toEqual([{ channel: AUTH, data: { type: 'expiring', expires_in: 15 } }]);
    bench.clock.advance(LEAD);
    // Over HTTP the warning has answered it.
    const second = held.answered ? await bench.hold(client) : held;
    expect(await client.publish('/news', 1)).toMatchObject(EXPIRED);
    expect(await client.subscribe('/news')).toMatchObject(EXPIRED);
    expect(await client.publish('/service/greet', 1)).toMatchObject(EXPIRED);
    await tell('in the grace');
    expect(dataOf(await client.receive())).toEqual(['in the grace']);
    const third = second.answered ? await bench.hold(client) : second;
    bench.clock.advance(GRACE);
    expect(await third.reply).toMatchObject({
      ...EXPIRED,
      advice: { reconnect: 'retry', interval: 1_000, timeout: 300_000 },
    });
    await tell(1);
    await tell(2);
    bench.clock.advance(1_000);
    expect(await client.connect(AT_ONCE)).toMatchObject(EXPIRED);
    await client.sync();
    expect(client.pushed()).toEqual([]);
    bench.clock.advance(MAX_INTERVAL - 2_000);
    const resumed = await client.connect(refreshing(await minted()));
    expect(resumed).toMatchObject({
      successful: true,
      advice: { reconnect: 'retry', interval: 0 },
      ext: { auth: { expires_in: 60, refresh_before: 45, scope: 'news' } },
    });
    expect(client.clientId).toBe(clientId);
    expect(dataOf(await client.receive(2))).toEqual([1, 2]);
    await tell(3);
    expect(dataOf(await client.receive())).toEqual([3]);
    expect(client.pushed()).toEqual([]);
  });

  it('T32: ends maxInterval after it was suspended, and takes what waits with it', async () => {
    const client = await started();
    const held = await bench.hold(client);
    bench.clock.advance(LIFE - LEAD);
    await client.receive();
    const again = held.answered ? await bench.hold(client) : held;
    bench.clock.advance(LEAD + GRACE);
    await again.reply;
    await tell(1);
    bench.clock.advance(MAX_INTERVAL - 1);
    expect(bench.app.service.counts.sessions).toBe(1);
    bench.clock.advance(1);
    expect(bench.app.service.counts).toMatchObject({ sessions: 0, channels: 0 });
    const fresh = refreshing(await minted());
    expect(await client.connect(fresh)).toMatchObject({
      error: '402::session_unknown',
      advice: { reconnect: 'handshake', interval: 0 },
    });
    await client.join(fresh);
    expect(client.pushed()).toEqual([]);
  });

  it('T34: bears a client that connects without end: it is answered once a second, and lives no longer', async () => {
    await bench.startSecured({ ...OPTIONS, auth: { expiry: { refreshLead: 0, grace: 0 } } });
    const client = await bench.client().join(presenting(await minted()));
    const held = await bench.hold(client);
    bench.clock.advance(LIFE);
    const handshake = { reconnect: 'handshake', interval: 0 };
    expect(await held.reply).toMatchObject({ ...EXPIRED, advice: handshake });
    for (let second = 0; second < 5; second++) {
      const early = await bench.hold(client);
      bench.clock.advance(999);
      expect(early.answered).toBe(false);
      bench.clock.advance(1);
      expect(await early.reply).toMatchObject({ ...EXPIRED, advice: handshake });
    }
    bench.clock.advance(MAX_INTERVAL - 5_000 - 1);
    expect(bench.app.service.counts.sessions).toBe(1);
    bench.clock.advance(1);
    expect(bench.app.service.counts.sessions).toBe(0);
  });

  it.each<[string, (client: BayeuxClient, token: string) => Promise<Message>]>([
    ['on a connect', (client, token) => client.connect({ ...AT_ONCE, ...presenting(token) })],
    ['on a subscribe', (client, token) => client.subscribe('/news', presenting(token))],
    ['on a publish', (client, token) => client.publish('/news', 1, presenting(token))],
    ['in a publish to the service', (client, token) => client.publish(AUTH, { token })],
  ])('is renewed %s, before it expires and after', async (_, renew) => {
    const client = await started();
    bench.clock.advance(20_000);
    const renewed = { successful: true, ext: { auth: { expires_in: 60, scope: 'news' } } };
    expect(await renew(client, await minted())).toMatchObject(renewed);
    const held = await bench.hold(client);
    bench.clock.advance(LIFE - LEAD - 1);
    expect(held.answered).toBe(false);
    bench.clock.advance(LEAD + 1);
    expect(await client.publish('/news', 1)).toMatchObject(EXPIRED);
    expect(await renew(client, await minted())).toMatchObject(renewed);
    expect(await client.publish('/news', 1)).toMatchObject({ successful: true });
  });

  it('T33: goes on as it was after a bad token, and after one that has expired', async () => {
    await bench.startSecured(OPTIONS);
    const short = await bench.token('alice', { expiresIn: 1 });
    const client = await bench.client().join(refreshing(await minted()));
    bench.clock.advance(10_000);
    const now = bench.clock.wallTime();
    const forged = bench.secret(await issuer().forge('alice', now));
    const elsewhere = await bench.token('alice', { claims: { aud: 'elsewhere' } });
    for (const [token, error] of [
      [forged, '401::invalid_token'],
      [elsewhere, '401::invalid_token'],
      [short, '401::token_expired'],
    ]) {
      expect(await client.publish(AUTH, { token })).toEqual({
        channel: AUTH,
        id: expect.any(String) as string,
        successful: false,
        error,
      });
      // The session is good: its client may ask again with a better one.
      expect(await client.connect(presenting(token))).toMatchObject({
        error,
        advice: { reconnect: 'retry' },
      });
    }
    expect(await client.publish('/news', 1)).toMatchObject({ successful: true });
    expect(await client.connect(AT_ONCE)).toMatchObject({ successful: true });
  });

  it('T33: loses the subscriptions that a newer token does not grant', async () => {
    const client = await started();
    await client.subscribe('/news');
    bench.clock.advance(10_000);
    const reply = await client.publish(AUTH, { token: await minted({ scope: 'chat' }) });
    expect(reply).toMatchObject({ successful: true, ext: { auth: { scope: 'chat' } } });
    expect(await client.receive()).toEqual([
      { channel: AUTH, data: { type: 'unsubscribed', channels: ['/news'] } },
    ]);
    expect(await bench.app.service.broadcast('/news', 1)).toEqual({ sessions: 0 });
    expect(await client.subscribe('/news')).toMatchObject({ successful: false });
    await tell(1);
    expect(dataOf(await client.receive())).toEqual([1]);
  });

  it('T23: stays that of its user, whoever else’s token comes', async () => {
    const client = await started();
    const token = await bench.token('mallory', { expiresIn: 3_600 });
    const mismatch = { successful: false, error: '403::principal_mismatch' };
    expect(await client.publish(AUTH, { token })).toMatchObject(mismatch);
    expect(await client.subscribe('/user/mallory/x', presenting(token))).toMatchObject(mismatch);
    expect(await client.connect(presenting(token))).toMatchObject({
      ...mismatch,
      advice: { reconnect: 'handshake', interval: 0 },
    });
    expect(await bench.app.service.sendMessage('mallory', '/x', 1)).toEqual({ sessions: 0 });
    expect(await client.subscribe('/user/mallory/x')).toMatchObject({ successful: false });
    await tell(1);
    expect(dataOf(await client.receive())).toEqual([1]);
    await bench.hold(client);
    bench.clock.advance(LIFE);
    expect(await client.publish('/news', 1)).toMatchObject(EXPIRED);
  });

  it('T23: stays that of its client, unless anyClient permits others', async () => {
    const client = await started();
    bench.clock.advance(10_000);
    const token = await minted({ client_id: 'mobile' });
    expect(await client.publish(AUTH, { token })).toMatchObject({ error: '403::principal_mismatch' });
    await bench.finish();
    await bench.startSecured({ ...OPTIONS, auth: { expiry: { anyClient: true } } });
    const other = await bench.client().join(refreshing(await minted()));
    bench.clock.advance(10_000);
    const welcome = await minted({ client_id: 'mobile' });
    expect(await other.publish(AUTH, { token: welcome })).toMatchObject({ successful: true });
  });

  it('T48: keeps a token that is published to the service from everybody who looks at messages', async () => {
    const seen: unknown[] = [];
    const extensions = [{ incoming: (message: unknown) => void seen.push(message) }];
    await bench.startSecured({ ...OPTIONS, extensions });
    const client = await bench.client().join(refreshing(await minted()));
    bench.clock.advance(10_000);
    const token = await minted();
    expect(await client.publish(AUTH, { token })).toMatchObject({ successful: true });
    expect(seen).toContainEqual(expect.objectContaining({ channel: AUTH, data: {} }));
    expect(JSON.stringify([seen, client.received])).not.toContain(token);
  });

  it('ends at its greatest age, though its tokens are good', async () => {
    await bench.startSecured({ ...OPTIONS, auth: { expiry: { maxSessionAge: 90 } } });
    const client = await bench.client().join(refreshing(await minted()));
    bench.clock.advance(20_000);
    await client.connect(presenting(await bench.token('alice', { expiresIn: 3_600 })));
    const held = await bench.hold(client);
    bench.clock.advance(70_000 - 1);
    expect(held.answered).toBe(false);
    bench.clock.advance(1);
    expect(await held.reply).toMatchObject({
      error: '402::session_unknown',
      advice: { reconnect: 'handshake', interval: 0 },
    });
  });
});

describe('the life of a session with a token, over long-polling', () => {
  const issuer = withIssuer();
  const bench = new Bench('express', 'long-polling', issuer);
  afterEach(() => bench.finish());

  it('T32: resumes with a newer token in the header of a poll', async () => {
    await bench.startSecured({ ...OPTIONS, auth: { expiry: { refreshLead: 0, grace: 0 } } });
    const client = bench.polling();
    await client.join(refreshing(await bench.token('alice', MINUTE)));
    await client.subscribe('/user/alice/**');
    const held = await bench.hold(client);
    bench.clock.advance(LIFE);
    expect(await held.reply).toMatchObject({ ...EXPIRED, advice: { reconnect: 'retry' } });
    await bench.app.service.broadcast('/user/alice/x', 1);
    bench.clock.advance(1_000);
    const { clientId } = client;
    client.cookie = undefined;
    const fresh = bearer(await bench.token('alice', MINUTE));
    const poll = client.askMessages([{ channel: '/meta/connect', clientId }], fresh);
    expect(JSON.parse((await poll.answer).text)).toMatchObject([
      { channel: '/user/alice/x', data: 1 },
      { channel: '/meta/connect', successful: true, ext: { auth: { expires_in: 60 } } },
    ]);
  });
});
