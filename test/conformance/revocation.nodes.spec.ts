import { CometAuth } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { DEFAULT_TRANSPORTS, withIssuer } from '../support/bench.js';
import { Cluster } from '../support/cluster.js';
import type { CometApp } from '../support/comet-app.js';
import { presenting } from '../support/identity.js';
import { mintLogout, sendLogout } from '../support/logout.js';
import { until } from '../support/until.js';

const SESSION = { session: { timeout: 300_000, maxInterval: 300_000 } };
const AT_ONCE = { advice: { timeout: 0 } };
const REVOKED = { successful: false, error: '401::session_revoked', advice: { reconnect: 'none' } };

describe.each(DEFAULT_TRANSPORTS)('revocation on three nodes, over %s', (transport) => {
  const issuer = withIssuer();
  let cluster: Cluster;
  let nodes: [CometApp, CometApp, CometApp];
  beforeEach(async () => {
    const auth = { ...issuer().auth, backchannelLogout: { clientIds: ['portal'] } };
    cluster = new Cluster({ ...SESSION, rules: [], auth });
    nodes = [await cluster.start(), await cluster.start(), await cluster.start()];
  });
  afterEach(() => cluster.finish());

  const token = (user: string, claims: Record<string, unknown> = {}): Promise<string> =>
    issuer().mint(user, cluster.clock.wallTime(), { claims, expiresIn: 3_600 });
  const joined = async (
    node: CometApp,
    user: string,
    claims: Record<string, unknown> = {},
  ): Promise<BayeuxClient> => cluster.client(node, transport).join(presenting(await token(user, claims)));
  const revoke = (node: CometApp, sid: string): Promise<unknown> => node.get(CometAuth).revoke({ sid });
  const sessions = (): number[] => cluster.nodes.map((node) => node.service.counts.sessions);
  /** How a client is told to try later. */
  const turnedAway = async (client: BayeuxClient, presented: string): Promise<unknown> =>
    client.turnedAway([{ channel: '/meta/handshake', id: '1', ...presenting(presented) }]);
  const LATER = transport === 'websocket' ? { code: 1013 } : { status: 503, retryAfter: '5' };

  it('T36: ends the sessions of a login on every node within a second, and no others', async () => {
    const clients = await Promise.all(nodes.map((node) => joined(node, 'alice', { sid: 'login-1' })));
    const held = clients.map((client) => client.connect({ id: '5' }));
    const others = await Promise.all(nodes.map((node) => joined(node, 'alice', { sid: 'login-2' })));
    const before = cluster.clock.now();
    const logoutToken = await mintLogout(issuer(), cluster.clock.wallTime(), { sid: 'login-1' });
    expect(await sendLogout(nodes[0], logoutToken)).toMatchObject({ status: 200 });
    for (const reply of held) expect(await reply).toEqual({ channel: '/meta/connect', id: '5', ...REVOKED });
    expect(cluster.clock.now() - before).toBeLessThan(1_000);
    expect(sessions()).toEqual([1, 1, 1]);
    for (const other of others) expect(await other.connect(AT_ONCE)).toMatchObject({ successful: true });
  });

  it('T38: that a node does not hear of lets nobody in there, and ends its sessions with the next sweep', async () => {
    const client = await joined(nodes[1], 'alice', { sid: 'login-1' });
    cluster.clock.advance(30_000);
    cluster.bus.lost = true;
    await revoke(nodes[0], 'login-1');
    expect(sessions()).toEqual([0, 1, 0]);
    const again = await token('alice', { sid: 'login-1' });
    for (const node of nodes)
      expect(await cluster.client(node, transport).handshake(presenting(again))).toMatchObject(REVOKED);
    cluster.clock.advance(29_999);
    await client.sync();
    expect(sessions()).toEqual([0, 1, 0]);
    cluster.clock.advance(1);
    await until('the sweep', () => nodes[1].service.counts.sessions === 0);
    expect(await client.connect()).toMatchObject({ error: '402::session_unknown' });
  });

  it('T38: that a node was away for lets nobody in when it is back', async () => {
    await joined(nodes[1], 'alice', { sid: 'login-1' });
    await cluster.stop(nodes[1]);
    await revoke(nodes[0], 'login-1');
    const back = await cluster.start();
    const again = await token('alice', { sid: 'login-1' });
    expect(await cluster.client(back, transport).handshake(presenting(again))).toMatchObject(REVOKED);
  });

  it('T38: that cannot be looked up lets nobody in, who is asked to try later', async () => {
    const client = await joined(nodes[1], 'alice', { sid: 'login-1' });
    const presented = await token('bob');
    cluster.bus.down = true;
    expect(await turnedAway(cluster.client(nodes[1], transport), presented)).toMatchObject(LATER);
    await expect(revoke(nodes[0], 'login-1')).rejects.toThrow('The store cannot be reached.');
    // Those that are there live on, and what they have missed is made up for.
    cluster.clock.advance(30_000);
    expect(await client.connect(AT_ONCE)).toMatchObject({ successful: true });
    expect(cluster.takeErrors()).toHaveLength(2);
    cluster.bus.down = false;
    cluster.bus.lost = true;
    await revoke(nodes[0], 'login-1');
    cluster.clock.advance(30_000);
    await until('the sweep', () => nodes[1].service.counts.sessions === 0);
    expect(await cluster.client(nodes[1], transport).handshake(presenting(presented))).toMatchObject({
      successful: true,
    });
  });

  it('T38: that cannot be looked up renews no session either', async () => {
    const client = await joined(nodes[1], 'alice');
    const fresh = await token('alice');
    cluster.bus.down = true;
    const { clientId } = client;
    const connect = { channel: '/meta/connect', id: '7', clientId, ...presenting(fresh), ...AT_ONCE };
    expect(await client.turnedAway([connect])).toMatchObject(LATER);
    expect(cluster.takeErrors()).toHaveLength(1);
  });

  it('T39: in the middle of a handshake on another node leaves no session', async () => {
    cluster.bus.slow = true;
    const client = cluster.client(nodes[1], transport);
    const reply = client.handshake(presenting(await token('alice', { sid: 'login-1' })));
    await until('the look-up', () => cluster.bus.waiting === 1);
    // It has been answered already, and the answer is on its way.
    await revoke(nodes[0], 'login-1');
    cluster.bus.release();
    expect(await reply).toMatchObject(REVOKED);
    expect(sessions()).toEqual([0, 0, 0]);
  });

  it('T39: in the middle of a renewal on another node does not let it through', async () => {
    const client = await joined(nodes[1], 'alice', { jti: 'first' });
    const second = await token('alice', { jti: 'second' });
    cluster.bus.slow = true;
    const reply = client.connect({ ...AT_ONCE, ...presenting(second) });
    await until('the look-up', () => cluster.bus.waiting === 1);
    await nodes[0].get(CometAuth).revoke({ tokenId: 'second' });
    cluster.bus.release();
    expect(await reply).toMatchObject(REVOKED);
    expect(await client.connect(AT_ONCE)).toMatchObject({ successful: true });
  });
});
