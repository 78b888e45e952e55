import { BayeuxRefusal, BinaryData, type CometMessage } from '../../src/index.js';
import { ALL_TRANSPORTS, onServer } from '../support/bench.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { dataOf, turn, viewOf } from './support/session-view.js';

const UNKNOWN = { successful: false, error: '402::session_unknown' };
const nobody = (): void => undefined;

describe('a session of the server', () => {
  onServer((bench) => {
    it('publishes to clients and receives from them, whatever the rules say', async () => {
      const { service } = await bench.start({
        rules: [{ channel: '/open', subscribe: true, publish: true }],
      });
      const local = service.openSession('worker');
      const heard: CometMessage[] = [];
      await local.subscribe('/**', (message) => void heard.push(message));
      const client = await bench.client().join();
      await client.subscribe('/open');
      await client.publish('/open', { from: 'client' });
      await local.publish('/open', { from: 'server' });
      await local.publish('/user/alice/inbox', 1);
      expect(dataOf(await client.receive(2))).toEqual([{ from: 'client' }, { from: 'server' }]);
      expect(heard).toMatchObject([
        { channel: '/open', data: { from: 'client' } },
        { channel: '/open', data: { from: 'server' } },
        { channel: '/user/alice/inbox', data: 1 },
      ]);
      local.disconnect();
    });

    it('has received when the promise of who sends is settled', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      const heard: unknown[] = [];
      const hear = ({ data }: CometMessage): void => void heard.push(data);
      await local.subscribe('/a', hear);
      expect(await service.broadcast('/a', 1)).toEqual({ sessions: 1 });
      expect(heard).toEqual([1]);
      local.listen('/direct', hear);
      expect(local.session.send('/direct', 2)).toBe(true);
      expect(heard).toEqual([1, 2]);
      await local.publish('/a', 3);
      expect(heard).toEqual([1, 2, 3]);
      local.disconnect();
    });

    it.each([
      ['messages go with connects only', { session: { metaConnectDeliverOnly: true } }],
      ['channels are lazy', { channels: { lazyTimeout: 5_000 } }],
      ['clients that are inactive are sent away', { session: { maxInactivity: 1_000 } }],
    ])('receives at once also where %s', async (_, options) => {
      const { service } = await bench.start(options);
      service.channel('/a').configure({ lazy: 'channels' in options });
      const local = service.openSession('worker');
      const heard: unknown[] = [];
      await local.subscribe('/a', ({ data }) => void heard.push(data));
      bench.clock.advance(10_000);
      await service.broadcast('/a', 1);
      expect(heard).toEqual([1]);
      expect(service.counts.deadlines).toBe(0);
      local.disconnect();
    });

    it('hands a message to all who wait for it, each once', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      const heard: string[] = [];
      for (const pattern of ['/a/b', '/a/*', '/**', '/b/*']) {
        await local.subscribe(pattern, ({ channel }) => void heard.push(`${pattern} ${channel}`));
      }
      local.listen('/a/**', ({ channel }) => void heard.push(`/a/** ${channel}`));
      expect(await service.broadcast('/a/b', 1)).toEqual({ sessions: 1 });
      expect(new Set(heard)).toEqual(new Set(['/** /a/b', '/a/** /a/b', '/a/* /a/b', '/a/b /a/b']));
      expect(heard).toHaveLength(4);
      local.disconnect();
    });

    it('ends a subscription with its last receiver', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      const heard: string[] = [];
      const [first, second] = [
        await local.subscribe('/a', () => void heard.push('first')),
        await local.subscribe('/a', () => void heard.push('second')),
      ];
      await service.broadcast('/a', 1);
      await first();
      await first();
      await service.broadcast('/a', 2);
      expect([...local.session.subscriptions]).toEqual(['/a']);
      await second();
      expect(await service.broadcast('/a', 3)).toEqual({ sessions: 0 });
      expect(heard).toEqual(['first', 'second', 'second']);
      local.disconnect();
    });

    it('stops listening where it is told to, and stays subscribed', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      const heard: unknown[] = [];
      await local.subscribe('/a', nobody);
      const stop = local.listen('/a', ({ data }) => void heard.push(data));
      await service.broadcast('/a', 1);
      stop();
      stop();
      expect(await service.broadcast('/a', 2)).toEqual({ sessions: 1 });
      expect(heard).toEqual([1]);
      local.disconnect();
    });

    it('calls services, and is given their answers', async () => {
      const { service } = await bench.start({ rules: [] }, [ServiceGateway]);
      const local = service.openSession('worker');
      expect(await local.call('/service/count', null)).toEqual([1, 2, 3]);
      expect(await local.call('/service/echo', { a: 1 })).toEqual([{ echo: { a: 1 } }]);
      expect(await local.call('/service/record', 'x')).toEqual([]);
      expect(await local.call('/service/who', 0)).toEqual([{ userId: null, alive: true }]);
      local.disconnect();
    });

    it('has several calls under way, answered each to its own', async () => {
      const { service } = await bench.start({}, [ServiceGateway]);
      const local = service.openSession('worker');
      const calls = [local.call('/service/slow', 'a'), local.call('/service/echo', 'b')];
      bench.app.get(ServiceGateway).release();
      expect(await Promise.all(calls)).toEqual([['a'], [{ echo: 'b' }]]);
      local.disconnect();
    });

    it('is told of refusals by a rejection with the error', async () => {
      const { service, log } = await bench.start({}, [ServiceGateway]);
      service.channel('/closed').addAuthorizer(() => ({ deny: 'full' }));
      service.channel('/deleted').addListener({ message: () => false });
      const local = service.openSession('worker');
      const refusals: [Promise<unknown>, string][] = [
        [local.subscribe('/closed', nobody), '403:full:subscribe_denied'],
        [local.subscribe('/meta/x', nobody), '403:denied_by_security_policy:subscribe_denied'],
        [local.subscribe('no channel', nobody), '403::subscription_invalid'],
        [local.publish('/closed', 1), '403:full:publish_denied'],
        [local.publish('/deleted', 1), '404::message_deleted'],
        [local.publish('/a/*', 1), '405::channel_invalid'],
        [local.call('/service/nope', 1), '404::service_unknown'],
        [local.call('/service/fail', 'worded'), '400::no such room'],
        [local.call('/service/fail', 'otherwise'), '500::service_failed'],
      ];
      for (const [refused, error] of refusals) {
        const reason: unknown = await refused.then(undefined, (caught: unknown) => caught);
        expect(reason).toBeInstanceOf(BayeuxRefusal);
        expect(reason).toMatchObject({ name: 'BayeuxRefusal', error });
      }
      expect(local.session.subscriptions.size).toBe(0);
      log.takeErrors();
      local.disconnect();
    });

    it('forgets the receiver of a subscription that is refused', async () => {
      const { service } = await bench.start();
      service.channel('/a').addAuthorizer(() => 'deny');
      const local = service.openSession('worker');
      const heard: unknown[] = [];
      await expect(local.subscribe('/a', ({ data }) => void heard.push(data))).rejects.toThrow(BayeuxRefusal);
      local.session.send('/a', 1);
      expect(heard).toEqual([]);
      local.disconnect();
    });

    it.each([[undefined], [() => 1], [1n], [Symbol('x')]])('rejects %p with a TypeError', async (data) => {
      const { service } = await bench.start({}, [ServiceGateway]);
      const local = service.openSession('worker');
      await expect(local.publish('/a', data)).rejects.toThrow(TypeError);
      await expect(local.call('/service/record', data)).rejects.toThrow(TypeError);
      const round: Record<string, unknown> = {};
      round['self'] = round;
      await expect(local.publish('/a', round)).rejects.toThrow(TypeError);
      expect(bench.app.get(ServiceGateway).recorded).toEqual([]);
      local.disconnect();
    });

    it('sends and receives bytes as bytes', async () => {
      const { service } = await bench.start({}, [ServiceGateway]);
      const local = service.openSession('worker');
      const heard: unknown[] = [];
      await local.subscribe('/a', ({ data }) => void heard.push(data));
      const bytes = new BinaryData(new Uint8Array([1, 2, 3]));
      await service.broadcast('/a', bytes);
      await local.publish('/a', bytes);
      await local.call('/service/record', bytes);
      for (const one of [...heard, ...bench.app.get(ServiceGateway).recorded]) {
        expect(one).toBeInstanceOf(BinaryData);
      }
      expect(heard).toHaveLength(2);
      local.disconnect();
    });

    it('receives what is sent in a batch when that is through', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      const heard: unknown[] = [];
      await local.subscribe('/a', ({ data }) => void heard.push(data));
      const answer = local.batch(() => {
        local.session.send('/a', 1);
        local.session.send('/a', 2);
        return heard.length;
      });
      expect([answer, heard]).toEqual([0, [1, 2]]);
      const later = local.batch(async () => {
        await service.broadcast('/a', 3);
        await turn();
        return heard.length;
      });
      expect(await later).toBe(2);
      expect(heard).toEqual([1, 2, 3]);
      local.disconnect();
    });

    it('whose receiver throws or rejects goes on, and so does who sent', async () => {
      const { service, log } = await bench.start();
      const local = service.openSession('worker');
      const heard: unknown[] = [];
      await local.subscribe('/a', () => {
        throw new Error('hunter2');
      });
      const reject = (() => Promise.reject(new Error('hunter3'))) as () => void;
      await local.subscribe('/a', reject);
      await local.subscribe('/a', ({ data }) => void heard.push(data));
      const client = await bench.client().join();
      expect(await client.publish('/a', 1)).toMatchObject({ successful: true });
      await turn();
      expect(heard).toEqual([1]);
      expect(log.takeErrors()).toEqual([
        expect.stringContaining('hunter2'),
        expect.stringContaining('hunter3'),
      ]);
      local.disconnect();
    });

    it('is used by no client, over whatever transport', async () => {
      const { service } = await bench.start(ALL_TRANSPORTS);
      const local = service.openSession('worker');
      await local.subscribe('/a', nobody);
      for (const client of [bench.socket(), bench.polling(), bench.scripts()]) {
        client.clientId = local.session.id;
        expect(await client.connect()).toMatchObject(UNKNOWN);
        expect(await client.publish('/a', 1)).toMatchObject(UNKNOWN);
        expect(await client.subscribe('/b')).toMatchObject(UNKNOWN);
        expect(await client.disconnect()).toMatchObject(UNKNOWN);
      }
      const own = await bench.client().join();
      own.clientId = local.session.id;
      expect(await own.publish('/a', 1)).toMatchObject(UNKNOWN);
      expect(local.session.alive).toBe(true);
      expect([...local.session.subscriptions]).toEqual(['/a']);
      local.disconnect();
    });
  });
});

describe('the view of a session of the server', () => {
  onServer((bench) => {
    it('says what it is, and is no session of a client', async () => {
      const { service } = await bench.start();
      const local = service.openSession('worker');
      const { session } = local;
      expect([session.local, session.alive, session.connected, session.userId]).toEqual([
        true,
        true,
        true,
        null,
      ]);
      expect([session.transport, session.principal.kind, session.principal.identity]).toEqual([
        'local',
        'service',
        'local worker',
      ]);
      expect(local.session).toBe(session);
      expect(service.sessions()).toEqual([]);
      const client = await bench.client().join();
      expect(service.sessions()).toEqual([viewOf(bench, client)]);
      local.disconnect();
    });
  });
});
