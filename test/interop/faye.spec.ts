import { until } from '../support/until.js';
import { FayeClient, fayeConnection } from './faye.client.js';
import { Interop, TIMES, withRealClient } from './interop.js';
import { lifeCycle } from './life-cycle.js';

/** Seconds that a token is good for in which a client must have begun, on a busy machine too. */
const LIFETIME = 5;

describe('the faye client', () => {
  withRealClient((settings) => new FayeClient(settings), lifeCycle);
});

describe('the faye client with its token in the header of its upgrade', () => {
  const interop = new Interop('websocket', (settings) => new FayeClient(settings));
  afterEach(() => interop.finish());

  it('[C3] goes on with its session by a newer one, and gets what came meanwhile', async () => {
    const app = await interop.start({
      auth: { clockTolerance: 0, expiry: { refreshLead: 0, grace: 0 } },
      session: { ...TIMES, timeout: 10_000 },
    });
    const later = await interop.token('alice');
    const present = (token: string): readonly [string, string] => ['Authorization', `Bearer ${token}`];
    const header = present(await interop.token('alice', { expiresIn: LIFETIME }));
    let renew: () => void = () => undefined;
    const alice = await interop.client(undefined, {}, (settings) => {
      const connection = fayeConnection(settings);
      connection.setHeader(...header);
      renew = () => {
        connection.setHeader(...present(later));
      };
      return new FayeClient(settings, connection);
    });
    await alice.start();
    const inbox = await alice.subscribe('/user/alice/inbox');
    await until('the client to be connected', () => alice.connected && app.service.counts.sockets === 1);
    const [session] = app.service.sessions('alice');
    renew();
    interop.clock.skip(LIFETIME * 1_000);
    await until('its socket to be closed for the end of its token', () => app.service.counts.sockets === 0);
    expect(await app.service.sendMessage('alice', '/user/alice/inbox', 1)).toEqual({ sessions: 1 });
    await until('the message', () => inbox.length === 1);
    expect(app.service.sessions('alice').map(({ id }) => id)).toEqual([session?.id]);
    expect(alice.sent('/meta/handshake')).toBe(1);
  });
});
