import { Injectable, Scope } from '@nestjs/common';
import {
  type Authorization,
  type ChannelAuthorizer,
  CometAuthorize,
  type CometAuthorizationRequest,
} from '../../src/index.js';
import { Bench, DEFAULT_TRANSPORTS } from '../support/bench.js';
import { until } from '../support/until.js';

const DENIED = { successful: false, error: '403:denied_by_security_policy:publish_denied' };

/** Knows who is in which room. */
@Injectable()
class Rooms {
  readonly asked: unknown[] = [];

  @CometAuthorize('/rooms/{room}')
  async isOpen({ operation, channel, session }: CometAuthorizationRequest): Promise<Authorization> {
    this.asked.push([operation, channel, session.userId]);
    await Promise.resolve();
    return channel === '/rooms/blue' ? 'grant' : { deny: 'not_a_member' };
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  @CometAuthorize('/rooms/{room}')
  never(): Authorization {
    return 'deny';
  }
}

/** An authorizer of the options, with state of its own. */
class Moderator implements ChannelAuthorizer {
  readonly channel = '/talk/**';
  readonly #silenced = new Set<string>();

  silence(channel: string): void {
    this.#silenced.add(channel);
  }

  authorize({ operation, channel }: CometAuthorizationRequest): Authorization {
    return operation === 'publish' && this.#silenced.has(channel) ? 'deny' : 'grant';
  }
}

describe('authorizers of the application', () => {
  describe.each(DEFAULT_TRANSPORTS)('over %s', (transport) => {
    const bench = new Bench('express', transport);
    afterEach(() => bench.finish());

    it('narrow what the rules permit, where the options name them', async () => {
      const moderator = new Moderator();
      await bench.start({ authorizers: [moderator] });
      const client = await bench.client().join();
      expect(await client.subscribe(['/talk/a', '/elsewhere'])).toMatchObject({ successful: true });
      expect(await client.publish('/talk/a', 1)).toMatchObject({ successful: true });
      moderator.silence('/talk/a');
      expect(await client.publish('/talk/a', 2)).toMatchObject(DENIED);
      expect(await client.publish('/talk/b', 3)).toMatchObject({ successful: true });
    });

    it('grant nothing that no rule permits', async () => {
      const asked: string[] = [];
      const authorize = ({ channel }: CometAuthorizationRequest): Authorization => {
        asked.push(channel);
        return 'grant';
      };
      await bench.start({ rules: [], authorizers: [{ channel: '/**', authorize }] });
      const client = await bench.client().join();
      expect(await client.subscribe('/a')).toMatchObject({
        error: '403:denied_by_not_granting:subscribe_denied',
      });
      expect(asked).toEqual([]);
    });

    it('are heard together: one that denies refuses, else one has to grant', async () => {
      let answers: Authorization[] = [];
      const authorizers = [0, 1, 2].map((index) => ({
        channel: '/a/*',
        authorize: () => answers[index] ?? 'ignore',
      }));
      const { service } = await bench.start({ authorizers });
      service.channel('/a/b');
      const client = await bench.client().join();
      for (const [said, error] of [
        [['ignore', 'ignore', 'ignore'], '403:denied_by_not_granting:publish_denied'],
        [['ignore', 'grant', 'ignore'], undefined],
        [['grant', 'grant', 'deny'], '403:denied_by_security_policy:publish_denied'],
        [['grant', { deny: 'full' }, 'grant'], '403:full:publish_denied'],
      ] as [Authorization[], string | undefined][]) {
        answers = said;
        const reply = await client.publish('/a/b', 1);
        expect([reply.successful, reply.error]).toEqual([error === undefined, error]);
      }
    });

    it('may be methods of providers', async () => {
      await bench.start({}, [Rooms]);
      const client = await bench.client().join();
      expect(await client.subscribe('/rooms/blue')).toMatchObject({ successful: true });
      expect(await client.subscribe('/rooms/red')).toMatchObject({
        error: '403:not_a_member:create_denied',
      });
      // Only what covers a pattern can grant it.
      expect(await client.subscribe('/rooms/*')).toMatchObject({ successful: false });
      expect(bench.app.get(Rooms).asked).toContainEqual(['subscribe', '/rooms/blue', null]);
    });
  });

  describe('that fail', () => {
    const bench = new Bench('express', 'websocket');
    afterEach(() => bench.finish());

    it('deny, and their failure is logged and not told', async () => {
      const authorize = () => Promise.reject(new Error('no database'));
      const { log } = await bench.start({ authorizers: [{ channel: '/a', authorize }] });
      const client = await bench.client().join();
      expect(await client.publish('/a', 1)).toMatchObject(DENIED);
      expect(log.takeErrors()).toHaveLength(1);
    });

    it('to answer within session.hookTimeout deny', async () => {
      const authorize = () => new Promise<never>(() => undefined);
      const { log } = await bench.start({
        authorizers: [{ channel: '/a', authorize }],
        session: { hookTimeout: 1_000 },
      });
      const client = await bench.client().join();
      const armed = bench.clock.armed;
      const reply = client.publish('/a', 1);
      await until('the authorizer to be asked', () => bench.clock.armed > armed);
      bench.clock.advance(1_000);
      expect(await reply).toMatchObject(DENIED);
      expect(log.takeErrors()).toHaveLength(1);
    });
  });

  it('cannot be there for one request only, where nobody could ask them', async () => {
    const bench = new Bench('express', 'websocket');
    await expect(bench.start({}, [PerRequest])).rejects.toThrow(
      'PerRequest.never shall authorize /rooms/{room}, but there is one for each request: ' +
        'move it to a provider of the default scope.',
    );
  });
});
