import { request } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../../test/bayeux/support/random.js';
import { KINDS } from '../../soak/load/connection.js';
import { Losses } from './losses.js';
import { type Habit, type Place, RegularClient } from './regular.client.js';

/** Milliseconds between two looks at an ordinary page, and within which it comes. */
const BETWEEN_PAGES = 500;
const PAGE_PATIENCE = 30_000;
const FOREVER = 1e9;

/** Each way to go about it: some stay, and some come and go, so that handshakes are among what is owed. */
const HABITS: readonly Habit[] = KINDS.flatMap((kind) =>
  [true, false].flatMap((acknowledges) =>
    [FOREVER, FOREVER, 3_000].map((stays) => ({ kind, acknowledges, stays })),
  ),
);

/** Those who behave, and work while others attack. */
export class Regulars {
  readonly #end = new AbortController();
  readonly #lives: Promise<void>[];

  constructor(
    readonly places: readonly Place[],
    readonly losses: Losses,
    seed: number,
  ) {
    const random = new Random(seed);
    this.#lives = places.flatMap((place) => [
      ...HABITS.map((habit, index) =>
        new RegularClient(place, index, habit, new Random(random.below(2 ** 32)), losses).live(
          this.#end.signal,
        ),
      ),
      this.#read(place),
    ]);
  }

  /** All leave, once what is owed to them has come. */
  async leave(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#lives);
  }

  /** An ordinary page of the application, again and again. */
  async #read(place: Place): Promise<void> {
    while (!this.#end.signal.aborted) {
      const status = await pageStatus(place, PAGE_PATIENCE);
      if (status !== 200) this.losses.complain('page', `${status} from ${place.origin}/`);
      await pause(BETWEEN_PAGES);
    }
  }
}

/**
 * Milliseconds until a newcomer is served with everything, or `undefined` if it takes longer than `patience`: a page, and
 * a session over either transport.
 */
export async function untilServed(place: Place, patience: number): Promise<number | undefined> {
  const start = performance.now();
  const left = (): number => Math.max(1, patience - (performance.now() - start));
  while ((await pageStatus(place, left())) !== 200) {
    if (left() === 1) return undefined;
    await pause(50);
  }
  for (const kind of KINDS) {
    const trial = new Losses();
    trial.excusing = true;
    const end = new AbortController();
    const habit: Habit = { kind, acknowledges: false, stays: FOREVER };
    const newcomer = new RegularClient(place, 0, habit, new Random(1), trial).live(end.signal);
    while (trial.tally.of('calls answered') === 0 && left() > 1) await pause(20);
    end.abort();
    if (left() === 1) return undefined;
    await newcomer;
  }
  return performance.now() - start;
}

/** The status of a page over a connection of its own, or what went wrong. */
function pageStatus({ origin, ca }: Place, patience: number): Promise<number | string> {
  return new Promise((resolve) => {
    const ask = origin.startsWith('https:') ? tlsRequest : request;
    const outgoing = ask(`${origin}/`, {
      agent: false,
      signal: AbortSignal.timeout(Math.ceil(patience)),
      ...(ca !== undefined && { ca }),
    });
    outgoing.on('error', ({ message }) => resolve(message));
    outgoing.once('response', (response) => {
      response.resume();
      response.on('error', ({ message }) => resolve(message));
      response.once('end', () => resolve(response.statusCode ?? 0));
    });
    outgoing.end();
  });
}
