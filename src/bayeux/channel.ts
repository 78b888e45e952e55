/** Limits on channel names (a peer chooses them). */
export interface ChannelLimits {
  /** Characters in a whole name. */
  readonly maxLength: number;
  /** Segments in a name. */
  readonly maxDepth: number;
}

/** Segments of the characters of Bayeux 1.0 §2.1 and `# + .`, which real channel names use. */
const NAME = /^(?:\/[A-Za-z0-9!#$()+\-.@_~]+)+$/;

/** Tells whether `name` is a channel one can publish to: no wildcard, no empty segment, no trailing slash. */
export function isChannel(name: unknown, limits: ChannelLimits): name is string {
  return isName(name, limits, false);
}

/** Tells whether `name` is a channel or a pattern whose whole last segment is `*` or `**`. */
export function isSubscription(name: unknown, limits: ChannelLimits): name is string {
  return isName(name, limits, true);
}

function isName(name: unknown, limits: ChannelLimits, wildcard: boolean): name is string {
  if (typeof name !== 'string' || name.length > limits.maxLength || depthOf(name) > limits.maxDepth) {
    return false;
  }
  if (NAME.test(name)) return true;
  if (!wildcard || !isPattern(name)) return false;
  const parent = name.slice(0, name.lastIndexOf('/'));
  return parent === '' || NAME.test(parent);
}

/** How many segments a name has. */
function depthOf(name: string): number {
  let depth = 0;
  for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) depth++;
  return depth;
}

/** Tells whether a valid subscription ends in a wildcard. */
export function isPattern(subscription: string): boolean {
  return subscription.endsWith('/*') || subscription.endsWith('/**');
}

/** `/meta/…` is the protocol's own. */
export function isMeta(channel: string): boolean {
  return channel.startsWith('/meta/') || channel === '/meta';
}

/** `/service/…` is answered by handlers of the server and reaches no other client. */
export function isService(channel: string): boolean {
  return channel.startsWith('/service/') || channel === '/service';
}

/**
 * Everything one can subscribe to that matches `channel`, from the most general pattern to the channel itself.
 * `/a/b/c` gives `/**`, `/a/**`, `/a/b/**`, `/a/b/*`, `/a/b/c`.
 */
export function subscriptionsMatching(channel: string): string[] {
  const names: string[] = [];
  let slash = 0;
  while (slash >= 0) {
    names.push(`${channel.slice(0, slash)}/**`);
    const next = channel.indexOf('/', slash + 1);
    if (next < 0) names.push(`${channel.slice(0, slash)}/*`);
    slash = next;
  }
  names.push(channel);
  return names;
}

/**
 * Tells whether every channel that `inner` matches is matched by `outer`; both are channels or patterns.
 * A subscription is permitted only when it lies within what a rule permits.
 */
export function contains(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  if (outer.endsWith('/**')) return inner.startsWith(outer.slice(0, -2));
  if (!outer.endsWith('/*')) return false;
  const prefix = outer.slice(0, -1);
  return inner.startsWith(prefix) && !inner.includes('/', prefix.length) && !inner.endsWith('/**');
}

/**
 * Tells whether some channel is matched by both; both are channels or patterns. As wildcards stand only at the end,
 * two of them share a channel exactly when one lies within the other.
 */
export function overlaps(left: string, right: string): boolean {
  return contains(left, right) || contains(right, left);
}

/**
 * Writes any text as one channel segment, and no two texts as the same one: every character outside
 * `A-Za-z0-9-_!()$@` becomes `~` and two hexadecimal digits for each of its UTF-8 bytes.
 * Without this a user called `*` or `a/b` would own other people's channels.
 *
 * @example channelSegment('auth0|alice') // 'auth0~7calice'
 * @throws RangeError if `text` is empty or not well-formed Unicode: such texts have no segment of their own.
 */
export function channelSegment(text: string): string {
  if (text === '' || /\p{Surrogate}/u.test(text)) {
    throw new RangeError('Only a well-formed text that is not empty can be written as a channel segment.');
  }
  return text.replace(/[^A-Za-z0-9\-_!()$@]+/gu, (other) => {
    let written = '';
    for (const byte of UTF8.encode(other)) written += ESCAPES[byte] ?? '';
    return written;
  });
}

const UTF8 = new TextEncoder();

/** How each byte is written. Issuers choose ids and claims, of which all that is no letter may be many. */
const ESCAPES: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `~${byte.toString(16).padStart(2, '0')}`,
);
