import fc from 'fast-check';

/** So few segments that names collide, some of them equal to the beginning of others or to members of objects. */
const SEGMENTS = ['a', 'b', 'aa', 'constructor', '__proto__', '.'];

const segments = (minLength: number, maxLength: number): fc.Arbitrary<string[]> =>
  fc.array(fc.constantFrom(...SEGMENTS), { minLength, maxLength });

/** Channels one can publish to. */
export const channelName: fc.Arbitrary<string> = segments(1, 4).map(nameOf);

/** Channels and patterns. */
export const subscriptionName: fc.Arbitrary<string> = fc
  .tuple(segments(0, 3), fc.constantFrom('*', '**', ...SEGMENTS))
  .map(([before, last]) => nameOf([...before, last]));

function nameOf(parts: readonly string[]): string {
  return `/${parts.join('/')}`;
}

/** What a subscription means, said segment by segment. */
export function matches(subscription: string, channel: string): boolean {
  return walk(subscription.slice(1).split('/'), channel.slice(1).split('/'));
}

function walk(pattern: readonly string[], channel: readonly string[]): boolean {
  const [wanted, ...laterWanted] = pattern;
  const [actual, ...laterActual] = channel;
  if (wanted === undefined || actual === undefined) return wanted === actual;
  if (wanted === '**') return true;
  return (wanted === '*' || wanted === actual) && walk(laterWanted, laterActual);
}

/**
 * Channels that tell apart what two subscriptions match: all over the segments the two consist of and one that
 * neither has, one level deeper than the deeper of them.
 */
export function witnesses(left: string, right: string): string[] {
  const parts = [left, right].map((name) => name.slice(1).split('/'));
  const alphabet = [...new Set([...parts.flat().filter((part) => !part.startsWith('*')), 'other'])];
  const depth = Math.max(...parts.map(({ length }) => length)) + 1;
  const channels: string[][] = [];
  let level: string[][] = [[]];
  for (let deep = 0; deep < depth; deep++) {
    level = level.flatMap((before) => alphabet.map((segment) => [...before, segment]));
    channels.push(...level);
  }
  return channels.map(nameOf);
}
