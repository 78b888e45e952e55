import { matches } from '../../property/support/channel.model.js';

/** Whether what is settled for a channel, a pattern or a template holds for `channel`, said segment by segment. */
export function holds(name: string, channel: string): boolean {
  if (!name.includes('{')) return matches(name, channel);
  const [expected, actual] = [name.split('/'), channel.split('/')];
  return (
    expected.length === actual.length &&
    expected.every((segment, index) => segment.startsWith('{') || segment === actual[index])
  );
}
