import type { CometSession } from '../../src/index.js';
import { ALL_TRANSPORTS, type Bench, overEveryTransport } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { presenting } from '../support/identity.js';
import { dataOf, pending, turn, viewOf } from './support/session-view.js';
import { tokenOf, userTokens } from './support/user-tokens.js';

const USERS = { auth: { anonymous: true, verifier: userTokens } };

/** A client of a user, after its handshake. */
async function shaken(bench: Bench, user: string) {
  const client = bench.client();
  await client.handshake(presenting(tokenOf(user)));
  return client;
}

/** What is sent to the client in one write, and by which it is known that something has left. */
function departures(session: CometSession): unknown[][] {
  const left: unknown[][] = [];
  session.addListener({
    dequeue: (messages) => {
      if (messages.length > 0) left.push(dataOf(messages));
    },
  });
  return left;
}

describe('a session as the application sees it', () => {
  overEveryTransport((bench) => {
    it('is the same object wherever it turns up', async () => {
      const { service } = await bench.start({}, [GreeterGateway, ServiceGateway]);
      const seen: (CometSession | undefined)[] = [];
      const channel = service.channel('/a');
      channel.addListener({
        message: (_, sender) => void seen.push(sender),
        subscribed: (session) => void seen.push(session),
      });
      channel.addAuthorizer(({ session }) => {
        seen.push(session);
        return 'grant';
      });
      service.addListener({ sessionAdded: (session) => void seen.push(session) });
      service.addExtension({
        incoming: (_, session) => {
          if (session) seen.push(session);
        },
      });
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.publish('/a', 1);
      seen.push(service.findSession(client.clientId), ...service.sessions(), ...channel.subscribers);
      const [greeted] = bench.app.get(GreeterGateway).sessions;
      expect(greeted?.id).toBe(client.clientId);
      expect(seen.length).toBeGreaterThanOrEqual(10);
      for (const session of seen) expect(session).toBe(greeted);
    });

    it('tells what it is from its handshake to its end', async () => {
      const { service } = await bench.start();
      const client = bench.client();
      await client.handshake();
      const session = viewOf(bench, client);
      const state = (): unknown => [session.alive, session.connected, session.local, session.userId];
      expect(state()).toEqual([true, false, false, null]);
      expect(session.transport).toBe(bench.transport);
      expect(session.principal).toMatchObject({ kind: 'anonymous', userId: null });
      await client.connect();
      expect(state()).toEqual([true, true, false, null]);
      await client.disconnect();
      expect(state()).toEqual([false, false, false, null]);
      expect(service.findSession(client.clientId)).toBeUndefined();
      expect(service.sessions()).toEqual([]);
    });

    it('is on the transport of its last connect', async () => {
      await bench.start(ALL_TRANSPORTS);
      const client = await bench.client().join();
      const session = viewOf(bench, client);
      const other = bench.transport === 'websocket' ? bench.polling() : bench.socket();
      other.clientId = client.clientId;
      await other.connect({ advice: { timeout: 0 } });
      expect(session.transport).toBe(other.transport);
      expect(viewOf(bench, client)).toBe(session);
    });

    it('has the subscriptions of the moment', async () => {
      await bench.start();
      const client = await bench.client().join();
      const { subscriptions } = viewOf(bench, client);
      await client.subscribe(['/a', '/b/*']);
      expect([...subscriptions]).toEqual(['/a', '/b/*']);
      await client.unsubscribe('/a');
      expect([...subscriptions]).toEqual(['/b/*']);
      await client.disconnect();
      expect(subscriptions.size).toBe(0);
    });

    it('keeps what the application gives it', async () => {
      await bench.start();
      const [one, two] = [await bench.client().join(), await bench.client().join()];
      viewOf(bench, one).attributes.set('name', 'one');
      expect(viewOf(bench, one).attributes.get('name')).toBe('one');
      expect(viewOf(bench, two).attributes.size).toBe(0);
    });

    it('has the times of its transport, until it is given others', async () => {
      await bench.start({
        session: { timeout: 25_000, interval: 0, maxInterval: 20_000 },
        websocket: { timeout: 11_000 },
        longPolling: { timeout: 12_000 },
        callbackPolling: { timeout: 13_000 },
      });
      const timeout = { websocket: 11_000, 'long-polling': 12_000, 'callback-polling': 13_000 }[
        bench.transport
      ];
      const client = await bench.client().join();
      const session = viewOf(bench, client);
      expect(session.times).toEqual({ timeout, interval: 0, maxInterval: 20_000 });
      session.setTimes({ timeout: 5_000, maxInterval: 7_000 });
      expect(session.times).toEqual({ timeout: 5_000, interval: 0, maxInterval: 7_000 });
      const held = await bench.hold(client);
      bench.clock.advance(4_999);
      expect(held.answered).toBe(false);
      bench.clock.advance(1);
      expect(await held.reply).toMatchObject({ advice: { timeout: 5_000 } });
      bench.clock.advance(6_999);
      expect(session.alive).toBe(true);
      bench.clock.advance(1);
      expect(session.alive).toBe(false);
    });

    it('goes back to the times of the options for undefined, and keeps what is not named', async () => {
      await bench.start();
      const client = await bench.client().join();
      const session = viewOf(bench, client);
      session.setTimes({ timeout: 0, interval: 3_000, maxInterval: 60_000 });
      session.setTimes({ timeout: undefined });
      expect(session.times).toEqual({ timeout: 30_000, interval: 3_000, maxInterval: 60_000 });
      expect(await client.connect({ advice: { timeout: 0 } })).toMatchObject({
        advice: { reconnect: 'retry', interval: 3_000, timeout: 30_000 },
      });
    });

    it.each([-1, NaN, Infinity, 2_147_483_648, '5', null])(
      'takes no time of %p, and none beside it',
      async (value) => {
        await bench.start();
        const session = viewOf(bench, await bench.client().join());
        const before = session.times;
        expect(() => session.setTimes({ timeout: 1, interval: value as number })).toThrow(RangeError);
        expect(session.times).toEqual(before);
      },
    );
  });
});

describe('a batch of a session', () => {
  overEveryTransport((bench) => {
    async function reachable() {
      const client = await bench.client().join();
      if (bench.transport !== 'websocket') await bench.hold(client);
      const session = viewOf(bench, client);
      return { client, session, left: departures(session) };
    }

    it('leaves together when its task is through', async () => {
      await bench.start();
      const { client, session, left } = await reachable();
      const answer = session.batch(() => {
        session.send('/a', 1);
        session.send('/a', 2);
        return 'done';
      });
      expect(answer).toBe('done');
      await turn();
      expect(left).toEqual([[1, 2]]);
      expect(dataOf(await client.receive(2))).toEqual([1, 2]);
    });

    it('leaves together when the promise of its task is settled', async () => {
      await bench.start();
      const { session, left } = await reachable();
      const gate = pending<string>();
      const answer = session.batch(async () => {
        session.send('/a', 1);
        await gate.promise;
        session.send('/a', 2);
        return 'done';
      });
      await turn();
      expect(left).toEqual([]);
      gate.resolve('open');
      expect(await answer).toBe('done');
      await turn();
      expect(left).toEqual([[1, 2]]);
    });

    it.each(['throws', 'rejects'])('leaves also if its task %s, which the caller learns', async (how) => {
      await bench.start();
      const { session, left } = await reachable();
      const task = (): Promise<void> => {
        session.send('/a', 1);
        if (how === 'throws') throw new Error('mine');
        return Promise.reject(new Error('mine'));
      };
      if (how === 'throws') expect(() => session.batch(task)).toThrow('mine');
      else await expect(session.batch(task)).rejects.toThrow('mine');
      await turn();
      expect(left).toEqual([[1]]);
    });

    it('may be within another one', async () => {
      await bench.start();
      const { session, left } = await reachable();
      session.batch(() => {
        session.batch(() => session.send('/a', 1));
        session.send('/a', 2);
      });
      await turn();
      expect(left).toEqual([[1, 2]]);
    });

    it('of a session that ends meanwhile does no harm', async () => {
      await bench.start();
      const { session } = await reachable();
      session.batch(() => {
        session.send('/a', 1);
        session.disconnect();
        expect(session.send('/a', 2)).toBe(false);
      });
      expect(session.alive).toBe(false);
    });
  });
});

describe('the sessions of a user', () => {
  overEveryTransport((bench) => {
    it('are those with that user’s tokens, on whatever transport', async () => {
      const { service } = await bench.start(USERS);
      const [one, two, bob] = [
        await shaken(bench, 'alice'),
        await shaken(bench, 'alice'),
        await shaken(bench, 'bob'),
      ];
      await bench.client().join();
      const ofAlice = [viewOf(bench, one), viewOf(bench, two)];
      expect(service.sessions('alice')).toEqual(ofAlice);
      expect(service.sessions({ tenant: '', userId: 'alice' })).toEqual(ofAlice);
      expect(service.sessions({ tenant: 'red', userId: 'alice' })).toEqual([]);
      expect(service.sessions('bob')).toEqual([viewOf(bench, bob)]);
      for (const nobody of ['', 'carol', '__proto__']) expect(service.sessions(nobody)).toEqual([]);
      expect(service.sessions()).toHaveLength(4);
    });

    it('are ended together, and no others', async () => {
      const { service } = await bench.start(USERS);
      await shaken(bench, 'alice');
      await shaken(bench, 'alice');
      const bob = await shaken(bench, 'bob');
      expect(service.disconnect('alice')).toBe(2);
      expect(service.disconnect('alice')).toBe(0);
      expect(service.sessions()).toEqual([viewOf(bench, bob)]);
    });

    it.each([undefined, null, '', {}])('are nobody’s for %j, which ends no session', async (user) => {
      const { service } = await bench.start(USERS);
      const bob = viewOf(bench, await shaken(bench, 'bob'));
      let ended = 0;
      try {
        // What a request without a user gives to callers without types.
        ended = service.disconnect(user as string);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
      expect([ended, bob.alive]).toEqual([0, true]);
    });
  });
});
