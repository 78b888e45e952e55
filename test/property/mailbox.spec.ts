import fc from 'fast-check';
import { type MailAction, MailboxWorld } from './support/mailbox.world.js';
import { check } from './support/seeded.js';

const action: fc.Arbitrary<MailAction> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('deliver' as const),
      count: fc.integer({ min: 1, max: 3 }),
      size: fc.oneof({ weight: 9, arbitrary: fc.nat(250) }, { weight: 1, arbitrary: fc.constant(900) }),
      lazyFor: fc.constantFrom(0, 0, 500, 3_000),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('connect' as const), held: fc.boolean(), sees: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('arrive' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('break' as const) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('congest' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      milliseconds: fc.constantFrom(1, 499, 500, 3_000, 25_000),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
);

const life = fc.array(action, { minLength: 5, maxLength: 60, size: 'max' });

describe.each(['drop-oldest', 'drop-newest', 'disconnect'] as const)(
  'what waits, with the policy %s',
  (policy) => {
    it.each([
      ['over sockets', false],
      ['until it is acknowledged', true],
    ])('%s, reaches the client in order, but for what was told to be dropped', (_, acknowledges) => {
      let drops = 0;
      const ends = new Set<string | undefined>();
      check(
        fc.property(life, (actions) => {
          const world = new MailboxWorld(policy, acknowledges);
          for (const one of actions) world.perform(one);
          drops += world.drops;
          ends.add(world.end);
          world.finish();
        }),
        100,
      );
      // Runs get to where the policy is asked.
      expect(ends).toContain(undefined);
      if (policy === 'disconnect') expect(ends).toContain('overflow');
      else expect(drops).toBeGreaterThan(100);
    });
  },
);
