import fc from 'fast-check';
import { subscriptionName, channelName } from './channel.model.js';

/** How a message of a client travels. */
export type Way = 'poll' | 'slow poll' | 'aborted poll' | 'socket' | 'new socket' | 'slow new socket';

/** Something that happens; `client` and `link` count modulo what there is. */
export type Action =
  | { readonly kind: 'handshake'; readonly client: number; readonly way: Way; readonly ack: boolean }
  | {
      readonly kind: 'connect';
      readonly client: number;
      readonly way: Way;
      readonly timeout: number | undefined;
      readonly together: boolean;
    }
  | { readonly kind: 'publish'; readonly client: number; readonly way: Way; readonly channels: string[] }
  | { readonly kind: 'subscribe'; readonly client: number; readonly way: Way; readonly names: string[] }
  | { readonly kind: 'unsubscribe'; readonly client: number; readonly way: Way; readonly names: string[] }
  | { readonly kind: 'disconnect'; readonly client: number; readonly way: Way }
  | { readonly kind: 'broadcast'; readonly channel: string; readonly count: number }
  | { readonly kind: 'send'; readonly client: number }
  | { readonly kind: 'kick'; readonly client: number }
  | { readonly kind: 'arrive'; readonly link: number; readonly count: number }
  | { readonly kind: 'drop'; readonly link: number }
  | { readonly kind: 'break'; readonly link: number }
  | { readonly kind: 'congest'; readonly link: number; readonly congested: boolean }
  | { readonly kind: 'advance'; readonly milliseconds: number }
  | { readonly kind: 'turn' };

const client = fc.nat(2);
const link = fc.nat(7);
const way = fc.constantFrom<Way[]>(
  'poll',
  'poll',
  'slow poll',
  'slow poll',
  'aborted poll',
  'socket',
  'socket',
  'socket',
  'new socket',
  'slow new socket',
);
const names = fc.array(subscriptionName, { minLength: 1, maxLength: 3 });

const kinds: fc.WeightedArbitrary<Action>[] = [
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('handshake'), client, way, ack: fc.boolean() }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('connect'),
      client,
      way,
      timeout: fc.constantFrom(undefined, undefined, 0, 5_000),
      together: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('publish'),
      client,
      way,
      channels: fc.array(channelName, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('subscribe'), client, way, names }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('unsubscribe'), client, way, names }) },
  { weight: 0.5, arbitrary: fc.record({ kind: fc.constant('disconnect'), client, way }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('broadcast'),
      channel: channelName,
      count: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send'), client }) },
  { weight: 0.5, arbitrary: fc.record({ kind: fc.constant('kick'), client }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('arrive'), link, count: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('drop'), link }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('break'), link }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('congest'), link, congested: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('advance'),
      milliseconds: fc.oneof(fc.nat(3_000), fc.nat(40_000)),
    }),
  },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('turn') }) },
].map(({ weight, arbitrary }) => ({ weight: weight * 2, arbitrary: arbitrary as fc.Arbitrary<Action> }));

/** What happens in one run: every client begins with a handshake and a subscription, and goes on in any way. */
export const actions: fc.Arbitrary<Action[]> = fc.array(fc.oneof(...kinds), {
  minLength: 5,
  maxLength: 80,
  size: 'max',
});
