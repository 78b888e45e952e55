/** Everything the soak delivers; what comes on another channel was not asked for. */
export const TREE = '/soak/';

/** Where the server sends to itself what a client asked for, to see what happens if that client does not read. */
export const FLOOD_CHANNEL = '/soak/flood';
export const FLOOD_SERVICE = '/service/flood';
export const ECHO_SERVICE = '/service/echo';

/** Channels on which the server broadcasts. */
export const NEWS_CHANNELS: readonly string[] = Array.from(
  { length: 40 },
  (_, index) => `/soak/news/${index}`,
);

/** A channel on which a few clients talk to each other. */
export function roomChannel(room: number): string {
  return `/soak/room/${room}/talk`;
}

/** What every message carries: who counts, and how far. `from` has one counter, which grows by one. */
export interface Numbered {
  readonly from: string;
  readonly seq: number;
  readonly pad?: string;
}

/** What a client says when it calls for a flood. */
export interface FloodOrder {
  readonly from: string;
  /** Bytes of a message, messages in a burst, bursts, and milliseconds between those. */
  readonly bytes: number;
  readonly burst: number;
  readonly bursts: number;
  readonly every: number;
}
