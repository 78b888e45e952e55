import type { Authority, Decision, MaybePromise } from '../../src/bayeux/ports.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import { type Bench, overEveryTransport } from '../support/bench.js';
import { GreeterGateway } from '../support/greeter.gateway.js';
import type { Message } from '../support/message.js';
import { ServiceGateway } from '../support/service.gateway.js';
import { until } from '../support/until.js';

const ALLOWED: Decision = { allowed: true };
const AT_ONCE = { advice: { timeout: 0 } };

type Operation = 'subscribe' | 'publish' | 'call';
type Ask = (client: BayeuxClient) => Promise<Message>;

const OPERATIONS: [Operation, Ask][] = [
  ['subscribe', (client) => client.subscribe('/a')],
  ['publish', (client) => client.publish('/a', 1)],
  ['call', (client) => client.publish('/service/record', 1)],
];

/** Has the test decide, where an application has its rules. */
function decide({ app }: Bench, decision: () => MaybePromise<Decision>): void {
  const authority: Authority = app.server.authority;
  authority.subscribe = authority.publish = authority.call = decision;
}

/** Sends what has to be decided, and waits until it is asked for. */
async function pending(bench: Bench, client: BayeuxClient, ask: Ask): Promise<Promise<Message>[]> {
  const before = bench.clock.armed;
  const reply = ask(client);
  await until('the decision to be asked for', () => bench.clock.armed > before);
  // In an array, so that nobody waits for the reply yet.
  return [reply];
}

describe('a decision on what a client may do', () => {
  overEveryTransport((bench) => {
    const denied = (operation: Operation) => ({
      successful: false,
      error: `403:denied_by_security_policy:${operation}_denied`,
    });

    it.each(OPERATIONS)(
      'on a %s that is never made denies, and holds nobody else up',
      async (operation, ask) => {
        const app = await bench.start({ session: { hookTimeout: 5_000 } }, [ServiceGateway]);
        const [client, other] = [await bench.client().join(), await bench.client().join()];
        decide(bench, () => new Promise(() => undefined));
        const [reply] = await pending(bench, client, ask);
        decide(bench, () => ALLOWED);
        expect(await ask(other)).toMatchObject({ successful: true });
        expect(await client.connect(AT_ONCE)).toMatchObject({ successful: true });
        const recorded = app.get(ServiceGateway).recorded.length;
        bench.clock.advance(5_000);
        expect(await reply).toMatchObject(denied(operation));
        expect(app.service.counts).toMatchObject({
          sessions: 2,
          channels: operation === 'subscribe' ? 1 : 0,
        });
        expect(app.get(ServiceGateway).recorded).toHaveLength(recorded);
        expect(await ask(client)).toMatchObject({ successful: true });
        expect(app.log.takeErrors()).toHaveLength(1);
      },
    );

    it.each(OPERATIONS)(
      'on a %s that throws or rejects denies, and only the log says why',
      async (operation, ask) => {
        const app = await bench.start({}, [ServiceGateway]);
        const client = await bench.client().join();
        decide(bench, () => {
          throw new Error('hunter2');
        });
        expect(await ask(client)).toMatchObject(denied(operation));
        decide(bench, () => Promise.reject(new Error('hunter2')));
        expect(await ask(client)).toMatchObject(denied(operation));
        expect(JSON.stringify(client.received)).not.toContain('hunter2');
        expect(app.log.takeErrors().filter((error) => error.includes('hunter2'))).toHaveLength(2);
        expect(app.service.counts.channels).toBe(0);
        expect(app.get(ServiceGateway).recorded).toEqual([]);
      },
    );

    it.each([
      ['its client has disconnected', (client: BayeuxClient): Promise<unknown> => client.disconnect()],
      [
        'the server has ended it',
        () => {
          bench.app.get(GreeterGateway).sessions[0]?.disconnect();
        },
      ],
    ])('on a session that has ended meanwhile, as %s, subscribes nothing', async (_, end) => {
      await bench.start({}, [GreeterGateway]);
      const client = await bench.client().join();
      let allow: (decision: Decision) => void = () => undefined;
      const decision = new Promise<Decision>((resolve) => (allow = resolve));
      decide(bench, () => decision);
      const [reply] = await pending(bench, client, () => client.subscribe(['/a', '/b'], { id: '1' }));
      await end(client);
      allow(ALLOWED);
      expect(await reply).toEqual({
        channel: '/meta/subscribe',
        id: '1',
        subscription: ['/a', '/b'],
        successful: false,
        error: '403::subscribe_failed',
      });
      expect(bench.app.service.counts).toMatchObject({ sessions: 0, channels: 0 });
    });
  });
});
