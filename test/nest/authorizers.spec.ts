import type { Authorization, CometAuthorizer } from '../../src/index.js';
import { DEFAULT_TRANSPORTS, over } from '../support/bench.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { dataOf, viewOf } from './support/session-view.js';

type Request = Parameters<CometAuthorizer>[0];

/** One that says yes to all, and writes down what it was asked. */
function noting(into: unknown[], answer: Authorization = 'grant'): CometAuthorizer {
  return ({ operation, channel }) => {
    into.push([operation, channel]);
    return answer;
  };
}

const NOT_GRANTED = 'denied_by_not_granting';
const DENIED = 'denied_by_security_policy';

describe('authorizers of a channel', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    const table: [answers: Authorization[], why: string | undefined][] = [
      [[], undefined],
      [['grant'], undefined],
      [['ignore'], NOT_GRANTED],
      [['deny'], DENIED],
      [[{ deny: 'too late' }], 'too late'],
      [['ignore', 'grant'], undefined],
      [['grant', 'ignore'], undefined],
      [['ignore', 'ignore'], NOT_GRANTED],
      [['grant', 'deny'], DENIED],
      [['deny', 'grant'], DENIED],
      [['grant', { deny: 'full' }, 'grant'], 'full'],
      [[{ deny: 'first' }, { deny: 'second' }], 'first'],
    ];

    it.each(table)('that answer %j: %s', async (answers, why) => {
      const { service } = await bench.start();
      const channel = service.channel('/a');
      for (const answer of answers) channel.addAuthorizer(() => answer);
      for (const answer of answers) service.channel('/later').addAuthorizer(() => Promise.resolve(answer));
      const client = await bench.client().join();
      for (const name of ['/a', '/later']) {
        const replies = [await client.subscribe(name), await client.publish(name, 1)];
        const expected = ['subscribe', 'publish'].map((operation) =>
          why === undefined
            ? { successful: true }
            : { successful: false, error: `403:${why}:${operation}_denied` },
        );
        expect(replies).toMatchObject(expected);
      }
      expect(service.counts.channels).toBe(why === undefined ? 2 : 0);
    });

    it('are told who asks for what', async () => {
      const { service } = await bench.start();
      const requests: Request[] = [];
      service.channel('/a/*').addAuthorizer((request) => {
        requests.push(request);
        return 'grant';
      });
      const client = await bench.client().join();
      const session = viewOf(bench, client);
      await client.subscribe('/a/b');
      await client.publish('/a/b', 1);
      expect(requests).toEqual([
        { operation: 'create', channel: '/a/b', session },
        { operation: 'subscribe', channel: '/a/b', session },
        { operation: 'publish', channel: '/a/b', session },
      ]);
      for (const request of requests) expect(request.session).toBe(session);
    });

    it('of patterns and templates count like its own', async () => {
      const { service } = await bench.start();
      service.channel('/rooms/**').addAuthorizer(() => 'ignore');
      service
        .channel('/rooms/{room}')
        .addAuthorizer(({ operation }) => (operation === 'publish' ? { deny: 'read only' } : 'ignore'));
      service.channel('/rooms/1').addAuthorizer(() => 'grant');
      const client = await bench.client().join();
      expect(await client.subscribe('/rooms/1')).toMatchObject({ successful: true });
      expect(await client.publish('/rooms/1', 1)).toMatchObject({ error: '403:read only:publish_denied' });
      service.channel('/rooms/2');
      expect(await client.subscribe('/rooms/2')).toMatchObject({
        error: `403:${NOT_GRANTED}:subscribe_denied`,
      });
      expect(await client.subscribe('/rooms')).toMatchObject({ successful: true });
    });

    it('only narrow what the rules permit', async () => {
      const { service } = await bench.start({ rules: [{ channel: '/open/**', subscribe: true }] });
      const asked: unknown[] = [];
      service.channel('/**').addAuthorizer(noting(asked));
      const client = await bench.client().join();
      expect(await client.subscribe('/closed')).toMatchObject({
        error: `403:${NOT_GRANTED}:subscribe_denied`,
      });
      expect(await client.publish('/open/a', 1)).toMatchObject({
        error: `403:${NOT_GRANTED}:publish_denied`,
      });
      expect(asked).toEqual([]);
      expect(await client.subscribe('/open/a')).toMatchObject({ successful: true });
    });

    it('refuse an array of subscriptions as a whole', async () => {
      const { service } = await bench.start();
      service.channel('/a/b').addAuthorizer(() => 'deny');
      const client = await bench.client().join();
      expect(await client.subscribe(['/a/c', '/a/b'])).toMatchObject({
        error: `403:${DENIED}:subscribe_denied`,
      });
      expect(viewOf(bench, client).subscriptions.size).toBe(0);
    });

    it('leave a publish that they refuse to nobody', async () => {
      const { service } = await bench.start();
      service.channel('/a').addAuthorizer(({ operation }) => (operation === 'publish' ? 'deny' : 'grant'));
      const heard: unknown[] = [];
      service.channel('/a').addListener({ message: (message) => void heard.push(message.data) });
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.publish('/a', 1);
      await service.broadcast('/a', 2);
      expect(dataOf(await client.receive())).toEqual([2]);
      expect(heard).toEqual([2]);
    });

    it('are not asked about meta channels, messages of the server, or unsubscribing', async () => {
      const { service } = await bench.start();
      const client = await bench.client().join();
      await client.subscribe('/a');
      const asked: unknown[] = [];
      service.channel('/**').addAuthorizer(noting(asked, 'deny'));
      expect(await (await bench.client().join()).disconnect()).toMatchObject({ successful: true });
      expect(await service.broadcast('/a', 1)).toEqual({ sessions: 1 });
      expect(viewOf(bench, client).send('/a', 2)).toBe(true);
      expect(dataOf(await client.receive(2))).toEqual([1, 2]);
      expect(await client.unsubscribe('/a')).toMatchObject({ successful: true });
      expect(asked).toEqual([]);
    });

    it('are asked about calls of services as about publishing', async () => {
      const { service } = await bench.start({}, [ServiceGateway]);
      const asked: unknown[] = [];
      const client = await bench.client().join();
      const remove = service.channel('/service/record').addAuthorizer(noting(asked, { deny: 'closed' }));
      expect((await client.call('/service/record', 1)).reply).toMatchObject({
        error: '403:closed:call_denied',
      });
      expect(bench.app.get(ServiceGateway).recorded).toEqual([]);
      remove();
      service.channel('/service/*').addAuthorizer(noting(asked));
      expect((await client.call('/service/record', 2)).reply).toMatchObject({ successful: true });
      expect(asked).toEqual([
        ['publish', '/service/record'],
        ['publish', '/service/record'],
      ]);
    });

    it('are not asked any more once they were removed', async () => {
      const { service } = await bench.start();
      const channel = service.channel('/a');
      const deny: CometAuthorizer = () => 'deny';
      const removals = [channel.addAuthorizer(deny), channel.addAuthorizer(deny)];
      const client = await bench.client().join();
      removals[0]?.();
      expect(await client.subscribe('/a')).toMatchObject({ successful: false });
      removals[1]?.();
      expect(await client.subscribe('/a')).toMatchObject({ successful: true });
    });
  });
});

describe('the creation of a channel', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('is asked for where it has neither subscribers nor settings, before what is done there', async () => {
      const { service } = await bench.start();
      const asked: unknown[] = [];
      service.channel('/**').addAuthorizer(noting(asked));
      service.channel('/settled');
      const client = await bench.client().join();
      await client.subscribe('/a');
      await client.subscribe('/a');
      await client.publish('/a', 1);
      await client.publish('/settled', 1);
      await client.publish('/never', 1);
      await client.unsubscribe('/a');
      await client.publish('/a', 1);
      expect(asked).toEqual([
        ['create', '/a'],
        ['subscribe', '/a'],
        ['subscribe', '/a'],
        ['publish', '/a'],
        ['publish', '/settled'],
        ['create', '/never'],
        ['publish', '/never'],
        ['create', '/a'],
        ['publish', '/a'],
      ]);
    });

    it.each<[Authorization, string]>([
      ['deny', DENIED],
      [{ deny: 'ask first' }, 'ask first'],
      ['ignore', NOT_GRANTED],
    ])('is refused by %j, and so is what is done there', async (answer, why) => {
      const { service } = await bench.start();
      const asked: unknown[] = [];
      service.channel('/a/*').addAuthorizer((request) => {
        asked.push(request.operation);
        return request.operation === 'create' ? answer : 'grant';
      });
      const client = await bench.client().join();
      const error = `403:${why}:create_denied`;
      expect(await client.subscribe('/a/b')).toMatchObject({ successful: false, error });
      expect(await client.publish('/a/b', 1)).toMatchObject({ successful: false, error });
      expect(asked).toEqual(['create', 'create']);
      service.channel('/a/b');
      expect(await client.subscribe('/a/b')).toMatchObject({ successful: true });
    });
  });
});
