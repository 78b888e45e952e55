import { overEveryTransport } from '../support/bench.js';
import { dataOf, sessionOf, subscriber } from './support/away.js';

const AT_ONCE = { advice: { timeout: 0 } };
const ONLY = { session: { metaConnectDeliverOnly: true } };

describe('messages that come with connects only', () => {
  overEveryTransport((bench) => {
    it('are not pushed, and do not come with other replies', async () => {
      await bench.start(ONLY);
      const client = await subscriber(bench);
      await bench.app.service.broadcast('/a', 1);
      await client.publish('/a', 2);
      await client.sync();
      expect(client.pushed()).toEqual([]);
      await client.connect(AT_ONCE);
      expect(dataOf(client.pushed())).toEqual([1, 2]);
    });

    it('end the hold of a connect, ahead of its reply', async () => {
      await bench.start(ONLY);
      const client = await subscriber(bench);
      const held = await bench.hold(client, { id: 'held' });
      await bench.app.service.broadcast('/a', 1);
      expect(await held.reply).toMatchObject({ successful: true });
      expect(client.received.slice(-2)).toEqual([
        { channel: '/a', data: 1 },
        expect.objectContaining({ channel: '/meta/connect', id: 'held' }),
      ]);
    });

    it('keep a connect from being held', async () => {
      await bench.start(ONLY);
      const client = await subscriber(bench);
      await bench.app.service.broadcast('/a', 1);
      await client.connect();
      expect(dataOf(client.pushed())).toEqual([1]);
    });

    it('are not acknowledged by the way', async () => {
      await bench.start(ONLY);
      const client = await subscriber(bench);
      expect(await client.connect(AT_ONCE)).not.toHaveProperty('ext');
    });

    it('may be those of one session', async () => {
      await bench.start();
      const [client, other] = [await subscriber(bench), await subscriber(bench)];
      const session = sessionOf(bench, client);
      expect(session.metaConnectDeliverOnly).toBe(false);
      session.metaConnectDeliverOnly = true;
      expect(session.metaConnectDeliverOnly).toBe(true);
      await bench.app.service.broadcast('/a', 1);
      await client.sync();
      expect(client.pushed()).toEqual([]);
      expect(dataOf(await other.receive())).toEqual([1]);
      await client.connect(AT_ONCE);
      expect(dataOf(client.pushed())).toEqual([1]);
    });

    it('may be those of all sessions but one', async () => {
      await bench.start(ONLY);
      const client = await subscriber(bench);
      const session = sessionOf(bench, client);
      expect(session.metaConnectDeliverOnly).toBe(true);
      session.metaConnectDeliverOnly = false;
      await bench.app.service.broadcast('/a', 1);
      await client.sync();
      expect(dataOf(client.pushed())).toEqual(bench.connectOnly ? [] : [1]);
    });

    it('come with any reply again once that is taken back', async () => {
      await bench.start(ONLY);
      const client = await subscriber(bench);
      await bench.app.service.broadcast('/a', 1);
      await client.sync();
      expect(client.pushed()).toEqual([]);
      sessionOf(bench, client).metaConnectDeliverOnly = false;
      await client.sync();
      expect(dataOf(client.pushed())).toEqual(bench.connectOnly ? [] : [1]);
    });

    it('come with the end of the session by the server', async () => {
      await bench.start(ONLY);
      const client = await subscriber(bench);
      const held = await bench.hold(client);
      const session = sessionOf(bench, client);
      session.batch(() => {
        session.send('/a', 1);
        session.disconnect();
      });
      await held.reply;
      expect(client.received.slice(-3)).toMatchObject([
        { data: 1 },
        { channel: '/meta/disconnect' },
        { channel: '/meta/connect', advice: { reconnect: 'none' } },
      ]);
    });
  });
});
