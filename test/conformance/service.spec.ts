import { overEveryTransport } from '../support/bench.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { until } from '../support/until.js';

describe('service channels', () => {
  overEveryTransport((bench) => {
    it('P-07, M-03: the answer has data and id and comes before the acknowledgement', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      const before = client.received.length;
      await client.publish('/service/echo', { text: 'hi' }, { id: '1' });
      expect(client.received.slice(before)).toEqual([
        { channel: '/service/echo', id: '1', data: { echo: { text: 'hi' } }, successful: true },
        { channel: '/service/echo', id: '1', successful: true },
      ]);
    });

    it('a handler without an answer is acknowledged only', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      expect(await client.call('/service/record', [1, 2])).toEqual({
        answers: [],
        reply: { channel: '/service/record', id: expect.any(String) as string, successful: true },
      });
      expect(bench.app.get(ServiceGateway).recorded).toEqual([[1, 2]]);
    });

    it('every value of an Observable is an answer', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      expect((await client.call('/service/count', null)).answers).toEqual([1, 2, 3]);
    });

    it('the handler knows the session', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      expect((await client.call('/service/who', null)).answers).toEqual([{ userId: null, alive: true }]);
    });

    it('P-08: a service without a handler is unknown, and nothing is kept of it', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      for (const channel of ['/service/nope', '/service/echo/x', '/service', '/service/__proto__']) {
        expect((await client.call(channel, 1)).reply).toMatchObject({
          successful: false,
          error: '404::service_unknown',
        });
      }
      expect(bench.app.service.counts.channels).toBe(0);
    });

    it('a call without data is refused', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      expect((await client.call('/service/echo', undefined)).reply).toMatchObject({
        successful: false,
        error: '400::data_missing',
      });
    });

    it.each([
      ['bad request', '400::name must be a string; age must be a number'],
      ['payment', '403::pay first'],
      ['coded', '409:x:taken'],
      ['session', '400::402::session_unknown'],
      ['worded', '400::no such room'],
    ])('a handler that refuses with a %s exception fails the call', async (kind, error) => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      expect(await client.call('/service/fail', kind)).toMatchObject({
        answers: [],
        reply: { successful: false, error },
      });
    });

    it('a handler that breaks fails the call, and only the log says how', async () => {
      const app = await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      expect((await client.call('/service/fail', 'otherwise')).reply).toMatchObject({
        successful: false,
        error: '500::service_failed',
      });
      expect(JSON.stringify(client.received)).not.toContain('db-1');
      expect(app.log.takeErrors().join()).toContain('db-1.internal');
      expect((await client.call('/service/echo', 1)).answers).toEqual([{ echo: 1 }]);
    });

    it('an answer that is no JSON fails the call', async () => {
      const app = await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      expect((await client.call('/service/unspeakable', 1)).reply).toMatchObject({
        successful: false,
        error: '500::service_failed',
      });
      expect(app.log.takeErrors()).not.toEqual([]);
    });

    it('a slow handler holds up no connect, push or other session', async () => {
      await bench.start({}, [ServiceGateway]);
      const [client, other] = [await bench.client().join(), await bench.client().join()];
      await client.subscribe('/a');
      const before = bench.clock.armed;
      const slow = client.call('/service/slow', 'patience');
      await until('the call to arrive', () => bench.clock.armed > before);
      const held = await bench.hold(client);
      await bench.app.service.broadcast('/a', 'meanwhile');
      expect(await client.receive()).toEqual([{ channel: '/a', data: 'meanwhile' }]);
      expect((await other.call('/service/echo', 1)).answers).toEqual([{ echo: 1 }]);
      bench.app.get(ServiceGateway).release();
      expect((await slow).answers).toEqual(['patience']);
      bench.clock.advance(30_000);
      expect(await held.reply).toMatchObject({ successful: true });
    });

    it('messages of one session are handled in their order, also behind a slow one', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      const { clientId } = client;
      const before = bench.clock.armed;
      const replies = client.send([
        { channel: '/service/slow', clientId, data: 1, id: '1' },
        { channel: '/service/record', clientId, data: 2, id: '2' },
        { channel: '/meta/subscribe', clientId, subscription: '/a', id: '3' },
      ]);
      await until('the call to arrive', () => bench.clock.armed > before);
      expect(bench.app.get(ServiceGateway).recorded).toEqual([]);
      expect(bench.app.service.counts.channels).toBe(0);
      bench.app.get(ServiceGateway).release();
      expect((await replies).map(({ id }) => id)).toEqual(['1', '2', '3']);
      expect(bench.app.get(ServiceGateway).recorded).toEqual([2]);
    });

    it('a handler that never ends is given up after maxProcessing', async () => {
      const app = await bench.start({ session: { maxProcessing: 8_000 } }, [ServiceGateway]);
      const client = await bench.client().join();
      const before = bench.clock.armed;
      const call = client.call('/service/slow', 1);
      await until('the call to arrive', () => bench.clock.armed > before);
      bench.clock.advance(8_000);
      expect((await call).reply).toMatchObject({ successful: false, error: '500::service_failed' });
      expect(app.log.takeErrors().join()).toContain('more than 8000 ms');
    });

    it('what a handler pushes to its caller arrives', async () => {
      await bench.start({}, [ServiceGateway]);
      const client = await bench.client().join();
      expect((await client.call('/service/push', 1)).answers).toEqual(['done']);
      expect(await client.receive()).toEqual([{ channel: '/pushed', data: 'by the service' }]);
    });

    it('a rule that denies keeps callers from a service', async () => {
      await bench.start({ rules: [{ channel: '/service/record', effect: 'deny', publish: true }] }, [
        ServiceGateway,
      ]);
      const client = await bench.client().join();
      expect((await client.call('/service/record', 1)).reply).toMatchObject({
        successful: false,
        error: '403:denied_by_security_policy:call_denied',
      });
      expect(bench.app.get(ServiceGateway).recorded).toEqual([]);
      expect((await client.call('/service/echo', 1)).answers).toEqual([{ echo: 1 }]);
    });
  });
});
