import type { CometModuleOptions } from '../../src/index.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, DEFAULT_TRANSPORTS, over, withIssuer } from '../support/bench.js';
import { bearer } from '../support/identity.js';
import { SocketClient } from '../support/socket.client.js';

const ON: Partial<CometModuleOptions> = { compat: { salesforce: true } };
const VERSIONED = '/61.0';
const UNKNOWN = '402::session_unknown';
const UNKNOWN_CLIENT = '403::Unknown client';
const HANDSHAKE = { reconnect: 'handshake', interval: 0 };
const TOPICS = [{ channel: '/topic/**', subscribe: true, publish: true }];

/** A client whose session is not there. */
function stranger(bench: Bench, below: string): BayeuxClient {
  const client = bench.client({}, below);
  client.clientId = 'x'.repeat(32);
  return client;
}

describe('T16 compat.salesforce, a token in the Authorization header', () => {
  over(
    DEFAULT_TRANSPORTS,
    (bench) => {
      it.each([
        ['under the scheme OAuth', (token: string) => `OAuth ${token}`],
        ['under that scheme in other letters', (token: string) => `oauth  ${token}`],
        ['without a scheme', (token: string) => token],
        ['under the scheme Bearer', (token: string) => `Bearer ${token}`],
      ])('%s is the user’s, for the whole life of the session', async (_, write) => {
        await bench.startSecured({ ...ON, rules: TOPICS });
        const authorization = write(await bench.token('alice'));
        const client = await bench.client({ authorization }, VERSIONED).join();
        expect(await client.subscribe('/topic/News')).toMatchObject({ successful: true });
        expect(await bench.app.service.sendMessage('alice', '/topic/News', 1)).toEqual({ sessions: 1 });
        expect(await client.receive()).toEqual([{ channel: '/topic/News', data: 1 }]);
        expect(await client.disconnect()).toMatchObject({ successful: true });
      });

      it('counts on the plain path of the endpoint too', async () => {
        await bench.startSecured(ON);
        await bench.client({ authorization: `OAuth ${await bench.token('alice')}` }).join();
        await bench.client({ authorization: await bench.token('bob') }).join();
        expect(bench.app.service.counts.sessions).toBe(2);
      });

      it('is verified like any other', async () => {
        await bench.startSecured(ON);
        const forged = bench.secret(await bench.issuer().forge('alice', bench.clock.wallTime()));
        for (const header of [`OAuth ${forged}`, forged, 'OAuth', 'OAuth a b', 'OAuth "a"']) {
          const reply = await bench.client({ authorization: header }, VERSIONED).handshake();
          expect(reply).toMatchObject({ error: '401::invalid_token', advice: { reconnect: 'none' } });
        }
        const token = await bench.token('alice', { expiresIn: 60 });
        bench.clock.advance(60_000 + 5_000);
        const late = bench.client({ authorization: `OAuth ${token}` }, VERSIONED);
        // That of an upgrade can be mended by another socket only.
        if (late instanceof SocketClient)
          expect(await late.turnedAway([{ channel: '/meta/handshake' }])).toMatchObject({ code: 4401 });
        else expect(await late.handshake()).toMatchObject({ error: '401::token_expired' });
      });

      it('under another scheme is still meant for somebody else', async () => {
        await bench.startSecured(ON);
        const client = bench.client({ authorization: 'Basic dTpw' }, VERSIONED);
        expect(await client.handshake()).toMatchObject({ error: '401::authentication_required' });
      });

      it('must be under the scheme Bearer if the option is off', async () => {
        await bench.startSecured();
        const token = await bench.token('alice');
        for (const authorization of [`OAuth ${token}`, token]) {
          const client = bench.client({ authorization }, VERSIONED);
          expect(await client.handshake()).toMatchObject({ error: '401::authentication_required' });
        }
        await bench.client(bearer(token), VERSIONED).join();
      });
    },
    withIssuer(),
  );
});

describe('compat.salesforce, a session that is unknown', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it.each([VERSIONED, '/61.0/', '/61.0/connect', '/9.15', '/61.0?x=1'])(
      'is told as an unknown client below a version: %j',
      async (below) => {
        await bench.start(ON);
        const client = stranger(bench, below);
        const error = { successful: false, error: UNKNOWN_CLIENT };
        expect(await client.connect({ id: '1' })).toEqual({
          channel: '/meta/connect',
          id: '1',
          ...error,
          advice: HANDSHAKE,
        });
        expect(await client.subscribe('/a')).toMatchObject({ ...error, advice: HANDSHAKE });
        expect(await client.publish('/a', 1)).toMatchObject({ ...error, advice: HANDSHAKE });
        const parting = await client.disconnect();
        expect(parting).toMatchObject(error);
        expect(parting).not.toHaveProperty('advice');
      },
    );

    it.each(['', '/', '/connect', '/61', '/61.', '/.0', '/v61.0', '/61.0x', '/61.0.1', '/replay/61.0'])(
      'is told in the usual words elsewhere: %j',
      async (below) => {
        await bench.start(ON);
        expect(await stranger(bench, below).connect()).toMatchObject({ error: UNKNOWN, advice: HANDSHAKE });
      },
    );

    it('is told in the usual words everywhere if the option is off', async () => {
      await bench.start();
      expect(await stranger(bench, VERSIONED).connect()).toMatchObject({ error: UNKNOWN });
    });

    it('is told in the same words if it ends while a connect is held', async () => {
      await bench.start(ON);
      const client = await bench.client({}, VERSIONED).join();
      const held = await bench.hold(client);
      bench.app.server.sessions.find(client.clientId)?.end('timeout');
      expect(await held.reply).toMatchObject({ error: UNKNOWN_CLIENT, advice: HANDSHAKE });
      expect(await client.connect()).toMatchObject({ error: UNKNOWN_CLIENT, advice: HANDSHAKE });
    });
  });
});

describe('compat.salesforce, a channel name', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    const join = (below = VERSIONED): Promise<BayeuxClient> => bench.client({}, below).join();

    it.each(['/topic/News?Region=EU', '/topic/News/', '/topic/News/?Region=EU', '/topic/News?a=/b/&c?'])(
      'is subscribed to without its filter and its last slash, and echoed as it came: %j',
      async (subscription) => {
        await bench.start(ON);
        const client = await join();
        expect(await client.subscribe(subscription)).toMatchObject({ successful: true, subscription });
        expect(await bench.app.service.broadcast('/topic/News', 1)).toEqual({ sessions: 1 });
        expect(await client.receive()).toEqual([{ channel: '/topic/News', data: 1 }]);
        expect(await client.unsubscribe(subscription)).toMatchObject({ successful: true, subscription });
        expect(await bench.app.service.broadcast('/topic/News', 2)).toEqual({ sessions: 0 });
      },
    );

    it('may be one of several', async () => {
      await bench.start(ON);
      const client = await join();
      const subscription = ['/topic/A?x=1', '/topic/A/', '/topic/B', '/topic/C/**?y'];
      expect(await client.subscribe(subscription)).toMatchObject({ successful: true, subscription });
      expect(bench.app.service.counts.channels).toBe(3);
    });

    it('is published on without them', async () => {
      await bench.start(ON);
      const client = await join();
      await client.subscribe('/topic/News');
      expect(await client.publish('/topic/News/?x', 1)).toMatchObject({ successful: true });
      expect(await client.receive()).toEqual([{ channel: '/topic/News', data: 1 }]);
    });

    it('does not get round a rule', async () => {
      await bench.start({ ...ON, rules: TOPICS });
      const client = await join();
      for (const name of ['/user/bob/x?y', '/**?x', '/closed/']) {
        const reply = await client.subscribe(name);
        expect(reply).toMatchObject({ successful: false, subscription: name });
        expect(reply.error).toMatch(/^403:denied_\w+:subscribe_denied$/);
      }
      expect((await client.publish('/closed?x', 1)).error).toMatch(/:publish_denied$/);
    });

    it('must be one without them', async () => {
      await bench.start(ON);
      const client = await join();
      for (const name of ['?x', '/', '/?x', '/topic//', '/topic/News//', '/a b?x', '/topic/*/x?y']) {
        expect(await client.subscribe(name)).toMatchObject({ error: '403::subscription_invalid' });
        expect(await client.publish(name, 1)).toMatchObject({ error: '405::channel_invalid' });
      }
    });

    it('is no second name of a channel of the protocol', async () => {
      await bench.start(ON);
      const client = await join();
      for (const name of ['/meta/connect/', '/meta/handshake?x', '/meta/disconnect/?x']) {
        expect(await client.publish(name, 1)).toMatchObject({ error: '405::channel_invalid' });
        expect(await client.subscribe(name)).toMatchObject({ error: '403::subscription_invalid' });
      }
      expect(await client.subscribe('/topic/News')).toMatchObject({ successful: true });
    });

    it('is taken as it is on other paths, and everywhere if the option is off', async () => {
      await bench.start(ON);
      const plain = await join('');
      expect(await plain.subscribe('/topic/News/')).toMatchObject({ error: '403::subscription_invalid' });
      expect(await plain.publish('/topic/News?x', 1)).toMatchObject({ error: '405::channel_invalid' });
      await bench.finish();
      await bench.start();
      const off = await join();
      expect(await off.subscribe('/topic/News?x')).toMatchObject({ error: '403::subscription_invalid' });
      expect(await off.publish('/topic/News/', 1)).toMatchObject({ error: '405::channel_invalid' });
    });
  });
});

describe('compat.salesforce, replay', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('is asked for in vain, and nothing else changes', async () => {
      await bench.start(ON);
      const client = bench.client({}, VERSIONED);
      const shaken = await client.handshake({ ext: { replay: true } });
      expect(shaken).toMatchObject({ successful: true });
      expect(shaken).not.toHaveProperty('ext');
      await client.connect();
      await bench.app.service.broadcast('/topic/News', 'missed');
      const reply = await client.subscribe('/topic/News', { ext: { replay: { '/topic/News': -2 } } });
      expect(reply).toMatchObject({ successful: true });
      expect(reply).not.toHaveProperty('ext');
      await bench.app.service.broadcast('/topic/News', 'seen');
      expect(await client.receive()).toEqual([{ channel: '/topic/News', data: 'seen' }]);
    });
  });
});
