import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CometGateway } from '../../src/index.js';
import { Random } from '../bayeux/support/random.js';
import { Bench, withIssuer } from '../support/bench.js';
import { bearer } from '../support/identity.js';
import { until } from '../support/until.js';
import { type Attacker, FramingAttacker, PostingAttacker, RawAttacker, type Weapons } from './attackers.js';
import { HeapWatch } from './heap.watch.js';
import { Mutator } from './mutator.js';
import { Witness } from './witness.js';

/** How many bodies and frames are sent; a twentieth of that goes over raw connections besides. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 10_000);
/** The same seed spoils messages in the same ways. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_300_101);

/** What is sent in one round by each attacker, and by the raw one. */
const ROUND = 25;
const RAW_ROUND = 5;
const ROUNDS = Math.ceil(RUNS / (4 * ROUND));
/** Milliseconds that pass at every look, so that held connects end and silent sessions expire. */
const TICK = 50;
/** In shorter runs what is compiled meanwhile weighs more than anything that might be left behind. */
const ENOUGH_FOR_MEMORY = 50_000;
const MEASURED_EVERY = Math.ceil(ROUNDS / 24);
/** Bytes the heap may grow by between the halves of a run: for compiled code, and the ids this test takes note of. */
const FLAT = 4 * 1024 * 1024 + RUNS * 20;
const CHANNEL = '/witness/news';
/** For as long as any run takes on the clock of the application. */
const LONG = { expiresIn: 100_000_000 };

@CometGateway()
class EchoGateway {
  @SubscribeMessage('/service/echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }
}

describe('an application under spoiled messages', () => {
  const bench = new Bench('express', 'websocket', withIssuer());
  let recent: string[] = [];

  afterEach(() => bench.finish());

  const wait: Weapons['wait'] = (what, condition) =>
    until(what, () => {
      bench.clock.advance(TICK);
      return condition();
    });

  async function start(): Promise<void> {
    await bench.startSecured(
      {
        auth: {
          ...bench.issuer().auth,
          anonymous: true,
          // The clock of a long run passes many hours, and who behaves shall be there to its end.
          maxTokenLifetime: 1_000_000_000,
          expiry: { maxSessionAge: 0 },
        },
        session: { timeout: 1_000, maxPerUser: 10_000 },
        // All come from one address, and shall get further than to where attempts are counted.
        limits: { badHandshakes: 0, refreshes: 0, anonymousSessionsPerAddress: 0, messagesPerSecond: 0 },
        rules: [
          { channel: '/fuzz/**', subscribe: true, publish: true },
          { channel: '/witness/**', subscribe: true, publish: false },
        ],
      },
      [EchoGateway],
    );
  }

  async function witnesses(): Promise<Witness[]> {
    const token = async (user: string): Promise<{ authorization: string }> =>
      bearer(await bench.token(user, LONG));
    return [
      await Witness.listening(bench.socket(await token('alice')), CHANNEL),
      await Witness.listening(bench.polling(await token('bob')), CHANNEL),
    ];
  }

  async function attackers(watching: readonly Witness[]): Promise<Attacker[]> {
    const random = new Random(SEED);
    const mallory = bearer(await bench.token('mallory', LONG));
    const clients = [bench.polling(), bench.polling(mallory), bench.socket(), bench.socket(mallory)] as const;
    const weapons = (): Weapons => {
      // Each its own numbers, so that what one sends does not depend on when others are answered.
      const own = new Random(random.below(2 ** 32));
      return {
        url: bench.app.url,
        random: own,
        mutator: new Mutator(own),
        wait,
        others: () => watching.map(({ client }) => client.clientId),
        sending: (bytes) => {
          recent = [...recent.slice(-9), bytes.toString('latin1').slice(0, 500)];
        },
      };
    };
    return [
      new PostingAttacker(clients[0], weapons()),
      new PostingAttacker(clients[1], weapons()),
      new FramingAttacker(clients[2], weapons()),
      new FramingAttacker(clients[3], weapons()),
      new RawAttacker(weapons()),
    ];
  }

  // Rejections and exceptions that nobody handles fail the test by themselves.
  it(
    `stays well, and so does who behaves (FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS})`,
    async () => {
      await start();
      const watching = await witnesses();
      const attacking = await attackers(watching);
      const expected: unknown[] = [];
      const heap = RUNS >= ENOUGH_FOR_MEMORY ? new HeapWatch() : undefined;
      const forget = (): void => {
        for (const witness of watching) witness.takeNote();
        bench.forgetReceived([...watching, ...attacking].flatMap(({ client }) => client ?? []));
      };
      try {
        for (let round = 0; round < ROUNDS; round++) {
          if (heap && round % MEASURED_EVERY === 0) heap.measure();
          expected.push({ channel: CHANNEL, data: round });
          const { sessions } = await bench.app.service.broadcast(CHANNEL, round);
          expect(sessions).toBeGreaterThanOrEqual(watching.length);
          for (const attacker of attacking) {
            await attacker.attack(attacker instanceof RawAttacker ? RAW_ROUND : ROUND);
          }
          forget();
        }
      } catch (error) {
        throw new Error(`${String(error)}\nSent before, the last one last:\n${recent.join('\n')}`, {
          cause: error,
        });
      }
      let left = watching.length;
      for (const witness of watching) void witness.stop().then(() => left--);
      await wait('the witnesses to stop', () => left === 0);
      forget();
      for (const { seen, failures } of watching) {
        expect(failures).toEqual([]);
        expect(seen).toEqual(expected);
      }
      expect(bench.app.log.takeErrors()).toEqual([]);
      if (heap) expect(heap.growth).toBeLessThan(FLAT);
    },
    60_000 + RUNS * 5,
  );
});
