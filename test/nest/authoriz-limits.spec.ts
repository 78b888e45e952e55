import type { Authorization, CometAuthorizer } from '../../src/index.js';
import { DEFAULT_TRANSPORTS, over } from '../support/bench.js';
import { until } from '../support/until.js';
import { pending } from './support/session-view.js';

const DENIED = { successful: false, error: '403:denied_by_security_policy:subscribe_denied' };
const NOT_GRANTED = { successful: false, error: '403:denied_by_not_granting:subscribe_denied' };

describe('a subscription to a pattern that reaches into a guarded channel', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it.each(['/a/*', '/a/**'])('is refused without one that covers it: %s', async (pattern) => {
      const { service } = await bench.start();
      const asked: string[] = [];
      service.channel('/a/b').addAuthorizer(({ operation, channel }) => {
        asked.push(`${operation} ${channel}`);
        return 'grant';
      });
      service.channel(pattern);
      const client = await bench.client().join();
      expect(await client.subscribe(pattern)).toMatchObject(NOT_GRANTED);
      expect(asked).toEqual([`subscribe ${pattern}`]);
      expect(await client.subscribe(['/a/b', '/b/*'])).toMatchObject({ successful: true });
    });

    it('is granted by one that covers it, unless one that overlaps denies', async () => {
      const { service } = await bench.start();
      let inner: Authorization = 'ignore';
      service.channel('/a/b').addAuthorizer(() => inner);
      service.channel('/a/**').addAuthorizer(() => 'grant');
      const client = await bench.client().join();
      expect(await client.subscribe('/a/*')).toMatchObject({ successful: true });
      inner = 'deny';
      expect(await client.subscribe('/a/**')).toMatchObject(DENIED);
    });

    it('is refused if the only ones that grant are templates it reaches beyond', async () => {
      const { service } = await bench.start();
      service.channel('/rooms/{room}').addAuthorizer(() => 'grant');
      for (const pattern of ['/rooms/*', '/rooms/**']) service.channel(pattern);
      const client = await bench.client().join();
      expect(await client.subscribe('/rooms/**')).toMatchObject(NOT_GRANTED);
      expect(await client.subscribe('/rooms/*')).toMatchObject({ successful: true });
    });
  });
});

describe('an authorizer that fails', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    const failures: [string, CometAuthorizer][] = [
      [
        'throws',
        () => {
          throw new Error('hunter2');
        },
      ],
      ['rejects', () => Promise.reject(new Error('hunter2'))],
      [
        'throws nothing at all',
        () => {
          throw undefined as unknown as Error;
        },
      ],
      ['has no text as its reason', () => ({ deny: 42 }) as unknown as Authorization],
      ['answers nothing', () => undefined as unknown as Authorization],
      ['answers null later', () => Promise.resolve(null as unknown as Authorization)],
    ];

    it.each(failures)('denies if it %s, which is logged and not told', async (_, authorizer) => {
      const { service, log } = await bench.start();
      service.channel('/a').addAuthorizer(() => 'grant');
      service.channel('/a').addAuthorizer(authorizer);
      const client = await bench.client().join();
      const reply = await client.subscribe('/a');
      expect(reply).toMatchObject(DENIED);
      expect(JSON.stringify(reply)).not.toContain('hunter2');
      expect(log.takeErrors()).toEqual([expect.stringContaining('The subscribe authorisation failed')]);
    });

    it.each<[unknown]>([[true], ['yes'], ['GRANT'], [1], [{}], [['grant']], [false]])(
      'denies if it answers %j',
      async (answer) => {
        const { service, log } = await bench.start();
        service.channel('/a').addAuthorizer(() => 'grant');
        service.channel('/a').addAuthorizer(() => answer as Authorization);
        service.channel('/b').addAuthorizer(() => Promise.resolve(answer as Authorization));
        const client = await bench.client().join();
        expect(await client.subscribe('/a')).toMatchObject(DENIED);
        expect(await client.subscribe('/b')).toMatchObject(DENIED);
        log.takeErrors();
      },
    );

    it('by never answering denies after session.hookTimeout, and holds up nobody else', async () => {
      const { service, log } = await bench.start({ session: { hookTimeout: 2_000 } });
      service.channel('/a').addAuthorizer(() => pending<Authorization>().promise);
      const [client, other] = [await bench.client().join(), await bench.client().join()];
      const armed = bench.clock.armed;
      const reply = client.subscribe('/a');
      await until('the authorizer to be asked', () => bench.clock.armed > armed);
      expect(await other.subscribe('/b')).toMatchObject({ successful: true });
      bench.clock.advance(2_000);
      expect(await reply).toMatchObject(DENIED);
      expect(log.takeErrors()).toEqual([expect.stringContaining('took more than 2000 ms')]);
    });

    it('by answering yes too late subscribes to nothing', async () => {
      const { service, log } = await bench.start({ session: { hookTimeout: 2_000 } });
      const answer = pending<Authorization>();
      service.channel('/a').addAuthorizer(() => answer.promise);
      const client = await bench.client().join();
      const armed = bench.clock.armed;
      const reply = client.subscribe('/a');
      await until('the authorizer to be asked', () => bench.clock.armed > armed);
      bench.clock.advance(2_000);
      await reply;
      answer.resolve('grant');
      await client.sync();
      expect(service.counts.channels).toBe(0);
      expect(log.takeErrors()).toHaveLength(1);
    });
  });
});

describe('the reason of an authorizer', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it.each([
      ['not before nine', 'not before nine'],
      ['a:b::c', 'a b c'],
      ['one, two', 'one  two'],
      ['first\r\nsecond\u0000third\u0085', 'first second third '],
      ['x'.repeat(1_000), 'x'.repeat(128)],
      ['', ''],
      ['gründlich – ☂', 'gründlich – ☂'],
    ])('%j is told as one part of the error', async (deny, told) => {
      const { service } = await bench.start();
      service.channel('/a').addAuthorizer(() => ({ deny }));
      const client = await bench.client().join();
      const { error } = await client.subscribe('/a');
      expect(error).toBe(`403:${told}:subscribe_denied`);
      expect(error?.split(':')).toHaveLength(3);
    });
  });
});

describe('the sessions of the server', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('are bound by authorizers, not by rules', async () => {
      const { service } = await bench.start({ rules: [] });
      const local = service.openSession('worker');
      const asked: unknown[] = [];
      service.channel('/closed/*').addAuthorizer(({ operation, session }) => {
        asked.push([operation, session]);
        return operation === 'publish' ? { deny: 'no' } : 'grant';
      });
      await local.subscribe('/closed/a', () => undefined);
      await local.publish('/free', 1);
      await expect(local.publish('/closed/a', 1)).rejects.toMatchObject({ error: '403:no:publish_denied' });
      expect(asked).toEqual([
        ['create', local.session],
        ['subscribe', local.session],
        ['publish', local.session],
      ]);
      local.disconnect();
    });

    it('may subscribe to everything beside a guarded service, which no subscription reaches', async () => {
      const { service } = await bench.start();
      service.channel('/service/admin').addAuthorizer(() => 'ignore');
      const local = service.openSession('audit');
      const heard: unknown[] = [];
      await local.subscribe('/**', ({ data }) => void heard.push(data));
      await service.broadcast('/a', 1);
      expect(heard).toEqual([1]);
      local.disconnect();
    });
  });
});
