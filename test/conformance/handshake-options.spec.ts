import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, overEveryTransport } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import { isDelivery, type Members, type Message } from '../support/message.js';
import { RequestClient } from '../support/request.client.js';
import { SocketClient } from '../support/socket.client.js';
import { until } from '../support/until.js';
import { dataOf, sessionOf } from './support/away.js';

const ACK = { ext: { ack: true } };
const AT_ONCE = { advice: { timeout: 0 } };
const DELIVER = { session: { deliverDuringHandshake: true } };

/** The array that a handshake is answered with. */
async function arrayOf(client: BayeuxClient, members: Members = {}): Promise<Message[]> {
  const before = client.received.length;
  await client.handshake(members);
  // One array is one frame, or one response.
  if (client instanceof SocketClient) expect(client.frames).toHaveLength(1);
  return client.received.slice(before);
}

describe('the advice maxInterval', () => {
  overEveryTransport((bench) => {
    it('is in the replies of handshakes and connects with handshakeReconnect', async () => {
      await bench.start({ session: { handshakeReconnect: true, maxInterval: 12_000 } });
      const advice = { reconnect: 'retry', interval: 0, timeout: 30_000, maxInterval: 12_000 };
      const client = bench.client();
      expect((await client.handshake()).advice).toEqual(advice);
      expect((await client.connect()).advice).toEqual(advice);
      const held = await bench.hold(client);
      bench.clock.advance(30_000);
      expect((await held.reply).advice).toEqual(advice);
    });

    it('is that of the session where it has one of its own', async () => {
      await bench.start({ session: { handshakeReconnect: true } });
      const client = await bench.client().join();
      sessionOf(bench, client).setTimes({ maxInterval: 7_000 });
      expect((await client.connect(AT_ONCE)).advice).toMatchObject({ maxInterval: 7_000 });
    });

    it('is in no other advice', async () => {
      await bench.start({ session: { handshakeReconnect: true } });
      const client = bench.client();
      expect((await client.handshake({ minimumVersion: '2' })).advice).toEqual({ reconnect: 'none' });
      client.clientId = 'nobody';
      expect((await client.connect()).advice).not.toHaveProperty('maxInterval');
    });

    it('is there also for the tabs of a browser that are told to poll', async () => {
      await bench.start({ session: { handshakeReconnect: true } });
      const [held, polling] = [bench.polling(), bench.polling()];
      await held.join();
      polling.cookie = held.cookie;
      await polling.join();
      await bench.hold(held);
      expect((await polling.connect()).advice).toEqual({
        'multiple-clients': true,
        reconnect: 'retry',
        interval: 2_000,
        timeout: 30_000,
        maxInterval: 60_000,
      });
    });

    it('is left out otherwise', async () => {
      await bench.start();
      const client = bench.client();
      expect((await client.handshake()).advice).not.toHaveProperty('maxInterval');
      expect((await client.connect()).advice).not.toHaveProperty('maxInterval');
    });
  });
});

describe('what is sent during a handshake', () => {
  overEveryTransport((bench) => {
    /** Starts an application that greets each session with numbers, two of them with the gateway's hook. */
    async function start(changes: Parameters<Bench['start']>[0]): Promise<void> {
      const { service } = await bench.start(changes, [GreeterGateway]);
      bench.app.get(GreeterGateway).onConnection = (session) => {
        session.send('/a', 1);
        session.send('/a', 2);
      };
      service.addListener({ sessionAdded: (session) => void session.send('/a', 3) });
    }

    it('follows the reply in its array, which says how many there are', async () => {
      await start(DELIVER);
      const client = bench.client();
      const [reply, ...messages] = await arrayOf(client);
      expect(reply).toMatchObject({ channel: '/meta/handshake', successful: true, 'x-messages': 3 });
      expect(messages).toEqual([1, 2, 3].map((data) => ({ channel: '/a', data })));
      await client.connect(AT_ONCE);
      expect(client.received.filter(isDelivery)).toHaveLength(3);
    });

    it('is none if nothing was sent, which the reply says too', async () => {
      await bench.start(DELIVER);
      const array = await arrayOf(bench.client());
      expect(array).toEqual([expect.objectContaining({ successful: true, 'x-messages': 0 })]);
    });

    it('comes with the first connect otherwise', async () => {
      await start({});
      const client = bench.client();
      const [reply, ...messages] = await arrayOf(client);
      expect(messages).toEqual([]);
      expect(reply).not.toHaveProperty('x-messages');
      await client.connect();
      expect(dataOf(client.received.filter(isDelivery))).toEqual([1, 2, 3]);
    });

    it('is none for a handshake that is refused', async () => {
      await bench.start(DELIVER, [GreeterGateway]);
      bench.app.get(GreeterGateway).onConnection = (session) => {
        session.send('/a', 'secret');
        throw new Error('not you');
      };
      const [reply, ...messages] = await arrayOf(bench.client());
      expect(reply).toMatchObject({ successful: false, error: '403::handshake_denied' });
      expect(reply).not.toHaveProperty('x-messages');
      expect(messages).toEqual([]);
    });

    it('with acknowledgement is the first batch, and does not come again once it was seen', async () => {
      await start(DELIVER);
      const client = bench.client();
      const [reply] = await arrayOf(client, ACK);
      expect(reply).toMatchObject({ 'x-messages': 3, ext: { ack: { enabled: true, batch: 1 } } });
      expect(await client.connect({ ...AT_ONCE, ext: { ack: 1 } })).toMatchObject({ ext: { ack: 2 } });
      expect(dataOf(client.received.filter(isDelivery))).toEqual([1, 2, 3]);
    });

    it('with acknowledgement comes again to a client that has not seen it', async () => {
      await start(DELIVER);
      const client = bench.client();
      await arrayOf(client, ACK);
      await client.connect({ ...AT_ONCE, ext: { ack: 0 } });
      expect(dataOf(client.received.filter(isDelivery))).toEqual([1, 2, 3, 1, 2, 3]);
    });

    it('with acknowledgement says so though nothing was sent', async () => {
      await bench.start(DELIVER);
      const client = bench.client();
      const [reply] = await arrayOf(client, ACK);
      expect(reply).toMatchObject({ 'x-messages': 0, ext: { ack: { enabled: true, batch: 0 } } });
      expect(await client.connect({ ext: { ack: 0 } })).toMatchObject({ ext: { ack: 1 } });
    });

    it('waits for the next connection if the reply was never read', async () => {
      await start(DELIVER);
      const client = bench.client();
      const gateway = bench.app.get(GreeterGateway);
      const greet = gateway.onConnection;
      const added: string[] = [];
      bench.app.service.addListener({ sessionAdded: ({ id }) => void added.push(id) });
      gateway.onConnection = async (session) => {
        gateway.onConnection = greet;
        await client.close();
        // Another one comes and goes, so that the server has seen by then that this connection is gone.
        await (await bench.otherClient().join()).disconnect();
        return greet(session);
      };
      await expect(client.handshake()).rejects.toThrow();
      await until('the handshake to be through', () => added.length === 2);
      const [session] = bench.app.service.sessions();
      const next = bench.client();
      next.clientId = session?.id ?? '';
      await next.connect(AT_ONCE);
      expect(dataOf(next.received.filter(isDelivery))).toEqual([1, 2, 3]);
    });

    it('goes through the extensions of the session, and the reply too', async () => {
      await bench.start(DELIVER, [GreeterGateway]);
      bench.app.get(GreeterGateway).onConnection = (session) => {
        session.addExtension({ outgoing: (message) => ({ ...message, ext: { for: 'you' } }) });
        session.send('/a', 1);
      };
      const client = bench.client();
      expect(await arrayOf(client)).toMatchObject([
        { ext: { for: 'you' } },
        { data: 1, ext: { for: 'you' } },
      ]);
      expect(client instanceof RequestClient || client instanceof SocketClient).toBe(true);
    });
  });
});
