import type { Clock, Engine, EngineReceiver } from '../../src/bayeux/ports.js';
import type { Revocation } from '../../src/bayeux/revocation.js';
import { MemoryEngine } from '../../src/engine/memory.engine.js';
import { TestClock } from '../auth/issuer.fixture.js';
import { Bus } from '../support/bus.engine.js';

const HOUR = 3_600_000;

/** A node that writes down what it is told, and in what order. */
function node(name: string, told: string[], engine: () => Engine): EngineReceiver {
  return {
    deliver: () => ({ sessions: 0 }),
    revoked: ({ key }) => {
      // Whoever is told finds it in the store.
      void Promise.resolve(engine().revoked([key])).then((found) => {
        told.push(`${name} ${key} ${found.length}`);
      });
      return { sessions: 1 };
    },
  };
}

interface Cluster {
  readonly engines: readonly Engine[];
  readonly told: string[];
  readonly clock: TestClock;
}

const KINDS: readonly (readonly [string, number, (clock: Clock) => () => Engine])[] = [
  ['MemoryEngine', 1, (clock) => () => new MemoryEngine(clock)],
  [
    'an engine of three nodes',
    3,
    (clock) => {
      const bus = new Bus(clock);
      return () => bus.engine();
    },
  ],
];

describe.each(KINDS)('the revocations of %s', (_, nodes, kind) => {
  const begin = async (): Promise<Cluster> => {
    const cluster = { engines: [] as Engine[], told: [] as string[], clock: new TestClock() };
    const make = kind(cluster.clock);
    for (let index = 0; index < nodes; index++) {
      const engine = make();
      cluster.engines.push(engine);
      await engine.start(node(`node ${index}`, cluster.told, () => engine));
    }
    return cluster;
  };
  const at = (cluster: Cluster, key: string, more: Partial<Revocation> = {}): Revocation => ({
    key,
    until: cluster.clock.time + HOUR,
    ...more,
  });
  const everywhere = (cluster: Cluster, keys: readonly string[]): Promise<(readonly Revocation[])[]> =>
    Promise.all(cluster.engines.map(async (engine) => engine.revoked(keys)));

  it('are found by their keys on every node, and no others', async () => {
    const cluster = await begin();
    const [engine] = cluster.engines as [Engine];
    const [a, b] = [at(cluster, 'a'), at(cluster, 'b', { issuedUpTo: 7 })];
    await engine.revoke(a);
    await engine.revoke(b);
    for (const found of await everywhere(cluster, ['x', 'b', 'a'])) {
      expect(found).toHaveLength(2);
      expect(found).toEqual(expect.arrayContaining([a, b]));
    }
    for (const found of await everywhere(cluster, ['x', ''])) expect(found).toEqual([]);
  });

  it('are stored first, and then every node is told, the one that was asked too', async () => {
    const cluster = await begin();
    expect(await cluster.engines[0]?.revoke(at(cluster, 'a'))).toEqual({ sessions: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(cluster.told.sort()).toEqual(cluster.engines.map((_engine, index) => `node ${index} a 1`));
  });

  it('hold until they may be forgotten, to the millisecond', async () => {
    const cluster = await begin();
    await cluster.engines[0]?.revoke(at(cluster, 'a'));
    cluster.clock.advance(HOUR - 1);
    for (const found of await everywhere(cluster, ['a'])) expect(found).toHaveLength(1);
    cluster.clock.advance(1);
    for (const found of await everywhere(cluster, ['a'])) expect(found).toEqual([]);
  });

  it('of one key are never weakened by a later one', async () => {
    const cluster = await begin();
    const [engine] = cluster.engines as [Engine];
    const strict = at(cluster, 'a');
    await engine.revoke(strict);
    await engine.revoke(at(cluster, 'a', { issuedUpTo: 5 }));
    await engine.revoke(at(cluster, 'a', { until: cluster.clock.time + 1 }));
    expect(await engine.revoked(['a'])).toContainEqual(strict);
    const longer = at(cluster, 'a', { issuedUpTo: 9, until: cluster.clock.time + 2 * HOUR });
    await engine.revoke(longer);
    cluster.clock.advance(HOUR);
    expect(await engine.revoked(['a'])).toEqual([longer]);
  });

  it('fail on an engine that has been stopped', async () => {
    const cluster = await begin();
    const [engine] = cluster.engines as [Engine];
    await engine.stop();
    await expect((async () => engine.revoke(at(cluster, 'a')))()).rejects.toThrow('has been stopped');
  });
});
