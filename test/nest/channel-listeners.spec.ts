import type { CometChannelListener } from '../../src/index.js';
import { type Bench, DEFAULT_TRANSPORTS, over } from '../support/bench.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { until } from '../support/until.js';
import { dataOf, pending, viewOf } from './support/session-view.js';

const DELETED = { successful: false, error: '404::message_deleted' };

/** A publisher and a subscriber of `/a/b`. */
async function pair(bench: Bench) {
  const [publisher, subscriber] = [await bench.client().join(), await bench.client().join()];
  await subscriber.subscribe('/a/b');
  return { publisher, subscriber };
}

describe('a listener to the messages of a channel', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('is asked after those of more general patterns, each once', async () => {
      const { service } = await bench.start();
      const asked: string[] = [];
      for (const name of ['/a/b', '/a/*', '/{any}/b', '/b/*', '/**', '/a', '/a/**', '/a/b/*', '/*']) {
        service.channel(name).addListener({ message: () => void asked.push(name) });
      }
      const { publisher, subscriber } = await pair(bench);
      expect(await publisher.publish('/a/b', 1)).toMatchObject({ successful: true });
      expect(asked).toEqual(['/**', '/a/**', '/a/*', '/{any}/b', '/a/b']);
      expect(dataOf(await subscriber.receive())).toEqual([1]);
    });

    it('is asked in the order it was added, and hears what is said by whom and where', async () => {
      const { service } = await bench.start();
      const heard: unknown[] = [];
      const channel = service.channel('/a/b');
      for (const order of [1, 2]) {
        channel.addListener({ message: (...args) => void heard.push([order, ...args]) });
      }
      const { publisher } = await pair(bench);
      await publisher.publish('/a/b', { text: 'hi' }, { ext: { secret: 1 } });
      const message = { channel: '/a/b', data: { text: 'hi' } };
      const sender = viewOf(bench, publisher);
      expect(heard).toEqual([
        [1, message, sender, {}],
        [2, message, sender, {}],
      ]);
      expect((heard[0] as unknown[])[2]).toBe(sender);
    });

    it('is given the variables of its template', async () => {
      const { service } = await bench.start();
      const heard: unknown[] = [];
      service.channel('/rooms/{room}/{topic}').addListener({
        message: (_message, _sender, params) => void heard.push(params),
      });
      const client = await bench.client().join();
      for (const channel of ['/rooms/1/cats', '/rooms/1', '/rooms/__proto__/x', '/rooms/1/cats/x']) {
        await client.publish(channel, 1);
      }
      expect(heard).toEqual([
        { room: '1', topic: 'cats' },
        { room: '__proto__', topic: 'x' },
      ]);
    });

    const vetoes: [string, NonNullable<CometChannelListener['message']>, number][] = [
      ['false', () => false, 0],
      ['a promise of false', () => Promise.resolve(false), 0],
      [
        'an exception',
        () => {
          throw new Error('hunter2');
        },
        1,
      ],
      ['a rejection', () => Promise.reject(new Error('hunter2')), 1],
    ];

    it.each(vetoes)('deletes a message by %s, and nobody else is asked', async (_, message, errors) => {
      const { service, log } = await bench.start();
      let asked = 0;
      service.channel('/a/*').addListener({ message });
      service.channel('/a/b').addListener({
        message: () => {
          asked++;
        },
      });
      const { publisher, subscriber } = await pair(bench);
      const reply = await publisher.publish('/a/b', 1);
      expect(reply).toMatchObject(DELETED);
      expect(JSON.stringify(reply)).not.toContain('hunter2');
      expect(asked).toBe(0);
      expect(await service.broadcast('/a/b', 2)).toEqual({ sessions: 0 });
      const logged = log.takeErrors();
      expect(logged).toHaveLength(2 * errors);
      for (const line of logged) expect(line).toMatch(/listener on \/a\/b failed.*hunter2/s);
      await publisher.publish('/elsewhere', 1);
      await subscriber.sync();
      expect(subscriber.pushed()).toEqual([]);
    });

    it.each([
      ['nothing', undefined],
      ['true', true],
      ['a promise of nothing', Promise.resolve()],
      ['a promise of true', Promise.resolve(true)],
    ])('lets a message pass by %s', async (_, answer) => {
      const { service } = await bench.start();
      service.channel('/a/b').addListener({ message: () => answer });
      const { publisher, subscriber } = await pair(bench);
      expect(await publisher.publish('/a/b', 1)).toMatchObject({ successful: true });
      expect(await service.broadcast('/a/b', 2)).toEqual({ sessions: 1 });
      expect(dataOf(await subscriber.receive(2))).toEqual([1, 2]);
    });

    it('that takes its time keeps the messages of a publisher in their order', async () => {
      const { service } = await bench.start();
      const first = pending<boolean>();
      service.channel('/a/b').addListener({
        message: ({ data }) => (data === 1 ? first.promise : undefined),
      });
      const { publisher, subscriber } = await pair(bench);
      const armed = bench.clock.armed;
      const replies = [publisher.publish('/a/b', 1)];
      await until('the listener to be asked', () => bench.clock.armed > armed);
      replies.push(publisher.publish('/a/b', 2));
      await subscriber.sync();
      expect(subscriber.pushed()).toEqual([]);
      first.resolve(true);
      for (const reply of replies) expect(await reply).toMatchObject({ successful: true });
      expect(dataOf(await subscriber.receive(2))).toEqual([1, 2]);
    });

    it('that takes longer than session.hookTimeout deletes the message, and the next are not asked', async () => {
      const { service, log } = await bench.start({ session: { hookTimeout: 2_000 } });
      const late = pending<boolean>();
      let asked = 0;
      service.channel('/a/*').addListener({ message: () => late.promise });
      service.channel('/a/b').addListener({
        message: () => {
          asked++;
        },
      });
      const { publisher, subscriber } = await pair(bench);
      const armed = bench.clock.armed;
      const reply = publisher.publish('/a/b', 1);
      await until('the listener to be asked', () => bench.clock.armed > armed);
      bench.clock.advance(1_999);
      expect(asked).toBe(0);
      bench.clock.advance(1);
      expect(await reply).toMatchObject(DELETED);
      expect(log.takeErrors()).toEqual([expect.stringContaining('took more than 2000 ms')]);
      late.resolve(true);
      await subscriber.sync();
      expect(subscriber.pushed()).toEqual([]);
      // It may keep what it sees: a message that nobody got is none.
      expect(asked).toBe(0);
    });

    it('hears what the server broadcasts, without a sender, and may delete it', async () => {
      const { service } = await bench.start();
      const heard: unknown[] = [];
      service.channel('/a/b').addListener({
        message: (message, sender) => {
          heard.push([message.channel, message.data, message.ext, sender]);
          return message.data !== 'bad';
        },
      });
      const { subscriber } = await pair(bench);
      expect(await service.broadcast('/a/b', 'bad')).toEqual({ sessions: 0 });
      expect(await service.broadcast('/a/b', 'good', { ext: { n: 1 } })).toEqual({ sessions: 1 });
      expect(heard).toEqual([
        ['/a/b', 'bad', undefined, undefined],
        ['/a/b', 'good', { n: 1 }, undefined],
      ]);
      expect(await subscriber.receive()).toEqual([{ channel: '/a/b', data: 'good', ext: { n: 1 } }]);
    });

    it('hears nothing of what is for one user or session', async () => {
      const { service } = await bench.start();
      const heard: unknown[] = [];
      service.channel('/**').addListener({ message: (message) => void heard.push(message) });
      const { subscriber } = await pair(bench);
      await service.sendMessage('alice', '/a/b', 1);
      expect(viewOf(bench, subscriber).send('/a/b', 2)).toBe(true);
      expect(dataOf(await subscriber.receive())).toEqual([2]);
      expect(heard).toEqual([]);
    });

    it('hears calls of services, and may keep them from their handler', async () => {
      const { service } = await bench.start({}, [ServiceGateway]);
      const heard: unknown[] = [];
      service.channel('/service/{name}').addListener({
        message: ({ data }, sender, { name }) => {
          heard.push([name, data, sender?.id]);
          return Promise.resolve(data !== 'bad');
        },
      });
      const client = await bench.client().join();
      expect(await client.call('/service/record', 'bad')).toMatchObject({ answers: [], reply: DELETED });
      expect((await client.call('/service/record', 'good')).reply).toMatchObject({ successful: true });
      expect(bench.app.get(ServiceGateway).recorded).toEqual(['good']);
      expect(heard).toEqual([
        ['record', 'bad', client.clientId],
        ['record', 'good', client.clientId],
      ]);
    });

    it('that takes its time before a slow service does not hold up what is pushed', async () => {
      const { service } = await bench.start({}, [ServiceGateway]);
      service.channel('/service/slow').addListener({ message: () => Promise.resolve(true) });
      const client = await bench.client().join();
      const session = viewOf(bench, client);
      const left: unknown[] = [];
      session.addListener({ dequeue: (messages) => void left.push(...dataOf(messages)) });
      if (bench.transport !== 'websocket') await bench.hold(client);
      const armed = bench.clock.armed;
      const slow = client.call('/service/slow', 1);
      await until('the call to arrive', () => bench.clock.armed > armed);
      session.send('/pushed', 'meanwhile');
      await until('the push to leave', () => left.length > 0, 1_000).catch(() => undefined);
      const before = [...left];
      bench.app.get(ServiceGateway).release();
      await slow;
      expect(before).toEqual(['meanwhile']);
    });

    it('is not asked any more once it was removed', async () => {
      const { service } = await bench.start();
      const heard: string[] = [];
      const listener = (name: string): CometChannelListener => ({ message: () => void heard.push(name) });
      const channel = service.channel('/a/b');
      const same = listener('same');
      const removals = [listener('first'), same, same].map((one) => channel.addListener(one));
      removals[1]?.();
      removals[1]?.();
      await service.broadcast('/a/b', 1);
      expect(heard).toEqual(['first', 'same']);
      for (const remove of removals) remove();
      await service.broadcast('/a/b', 2);
      expect(heard).toHaveLength(2);
    });
  });
});
