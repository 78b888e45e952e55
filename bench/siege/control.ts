/** Where attackers come from; those who behave come from 127.0.0.1, so that limits per address tell them apart. */
export const ATTACKERS: readonly string[] = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 2}`);

/** What a process under siege may have. */
export const DESCRIPTORS = 1_024;
export const HEAP_MEGABYTES = 512;

/** A service that answers with what it was sent. */
export const ECHO = '/service/echo';

/** Where the small application broadcasts numbered messages. */
export const NEWS = '/news/siege';
export const NEWS_EVERY = 100;

/** What a process under siege says of itself. */
export interface Measurement {
  /** Bytes. */
  readonly heap: number;
  readonly rss: number;
  readonly descriptors: number;
  /** CPU time of the longest turn of the event loop since the measurement before, in milliseconds: how long others waited. */
  readonly turn: number;
}

/** One that is attacked, as attackers see it. */
export interface Mark {
  readonly port: number;
  readonly tls: boolean;
  /** A good token of a user who means harm; without one, sessions are anonymous. */
  readonly token?: string | undefined;
}

/** To the process of the attackers. */
export type Command =
  | { readonly command: 'attack'; readonly marks: readonly Mark[]; readonly seed: number }
  | { readonly command: 'crowd'; readonly marks: readonly Mark[]; readonly each: number }
  | { readonly command: 'rest' };

/** From the process of the attackers. */
export interface Told {
  /** Connections by what was done on them. */
  readonly attacks: Readonly<Record<string, number>>;
  /** At a time, at most. */
  readonly most: number;
}
