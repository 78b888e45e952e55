import type { CometPrincipal, TokenVerifier } from '../../src/index.js';
import { onServer } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import { until } from '../support/until.js';

const AT_ONCE = { advice: { timeout: 0 } };

/** Verifies at once, or when the test says so; a token is the name of its user. */
class GatedVerifier implements TokenVerifier {
  readonly #waiting: (() => void)[] = [];
  shut = false;

  get waiting(): number {
    return this.#waiting.length;
  }

  async verify(token: string): Promise<CometPrincipal> {
    if (this.shut) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return {
      kind: 'user',
      tenant: '',
      userId: token,
      identity: token,
      issuer: 'test',
      subject: token,
      serviceId: null,
      clientId: null,
      scopes: [],
      tokenRef: 'x',
    };
  }

  open(): void {
    this.shut = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

describe('a connection that dies while its token is being verified', () => {
  onServer((bench) => {
    const start = async (): Promise<GatedVerifier> => {
      const verifier = new GatedVerifier();
      await bench.start({ auth: { verifier } });
      return verifier;
    };

    it('takes no messages: a socket that was to take a session over', async () => {
      const verifier = await start();
      const polling = await bench.polling().join(presenting('alice'));
      verifier.shut = true;
      const socket = bench.socket();
      socket.clientId = polling.clientId;
      socket.connect({ ...AT_ONCE, ...presenting('alice') }).catch(() => undefined);
      await until('the token to arrive', () => verifier.waiting === 1);
      await socket.close();
      await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
      verifier.open();
      await polling.sync();
      const before = bench.clock.turns;
      expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 1 });
      for (let times = 0; times < 20; times++) await polling.sync();
      // One attempt to send it may be; one in every turn would keep the server busy for nothing.
      expect(bench.clock.turns - before).toBeLessThan(5);
      expect(await polling.receive()).toEqual([{ channel: '/x', data: 1 }]);
    });

    it('takes no messages: a poll', async () => {
      const verifier = await start();
      const polling = await bench.polling().join(presenting('alice'));
      verifier.shut = true;
      const poll = polling.askConnect(presenting('alice'));
      await until('the token to arrive', () => verifier.waiting === 1);
      poll.abort();
      // The server knows of its end when it has answered another request, which came later.
      await polling.sync();
      // Its end has reached the server when another request has been answered, which came later.
      await polling.sync();
      verifier.open();
      await polling.sync();
      expect(await bench.app.service.sendMessage('alice', '/x', 1)).toEqual({ sessions: 1 });
      await bench.app.service.sendMessage('alice', '/x', 2);
      expect(await polling.receive(2)).toMatchObject([{ data: 1 }, { data: 2 }]);
    });

    it('is heard all the same: a client that disconnects and does not wait for the answer', async () => {
      const verifier = await start();
      const polling = await bench.polling().join(presenting('alice'));
      const socket = await bench.socket().join(presenting('bob'));
      verifier.shut = true;
      const { clientId } = polling;
      const farewell = polling.askMessages([
        { channel: '/meta/disconnect', clientId, ...presenting('alice') },
      ]);
      socket.disconnect(presenting('bob')).catch(() => undefined);
      await until('the tokens to arrive', () => verifier.waiting === 2);
      farewell.abort();
      await socket.close();
      await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
      verifier.open();
      await until('the sessions to end', () => bench.app.service.counts.sessions === 0);
    });

    it('leaves a session that expires: a handshake', async () => {
      const verifier = await start();
      verifier.shut = true;
      const socket = bench.socket();
      socket.handshake(presenting('alice')).catch(() => undefined);
      await until('the token to arrive', () => verifier.waiting === 1);
      await socket.close();
      await until('the socket to be gone', () => bench.app.service.counts.sockets === 0);
      verifier.open();
      await bench.polling().join(presenting('bob'));
      bench.clock.advance(60_000);
      expect(bench.app.service.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0, sockets: 0 });
    });

    it('holds up nobody else, and keeps the order of its own frames', async () => {
      const verifier = await start();
      const [alice, bob] = [
        await bench.socket().join(presenting('alice')),
        await bench.socket().join(presenting('bob')),
      ];
      verifier.shut = true;
      const before = alice.received.length;
      const first = alice.subscribe('/user/alice/x', { id: 'first', ...presenting('alice') });
      await until('the token to arrive', () => verifier.waiting === 1);
      const second = alice.unsubscribe('/user/alice/x', { id: 'second' });
      await bob.sync();
      expect(alice.received.slice(before)).toEqual([]);
      verifier.open();
      await Promise.all([first, second]);
      expect(alice.received.slice(before).map(({ id }) => id)).toEqual(['first', 'second']);
      expect(bench.app.service.counts.channels).toBe(0);
    });

    it('a verifier that fails lets nobody in', async () => {
      const verifier: TokenVerifier = { verify: () => Promise.reject(new Error('secret-token is odd')) };
      const app = await bench.start({ auth: { verifier } });
      for (const client of [bench.polling(), bench.socket()]) {
        expect(await client.handshake(presenting(bench.secret('secret-token')))).toMatchObject({
          successful: false,
          error: '401::invalid_token',
        });
      }
      expect(app.log.takeErrors()).toHaveLength(2);
    });
  });
});
