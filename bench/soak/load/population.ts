import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../../test/bayeux/support/random.js';
import { KINDS } from './connection.js';
import { type Farewell, SoakClient, type World } from './soak.client.js';

/** New clients in a second, while there are not enough. */
const ARRIVALS = 150;
/** Clients in a room, who hear what each of them says. */
const ROOM = 10;

/** Keeps as many clients as there are to be: one that goes is followed by another. */
export class Population {
  readonly #world: World;
  readonly #random: Random;
  readonly #clients = new Map<SoakClient, Promise<void>>();
  #born = 0;
  #finished = false;

  constructor(
    readonly size: number,
    seed: number,
    world: Omit<World, 'rooms'>,
  ) {
    this.#random = new Random(seed);
    this.#world = { ...world, rooms: Math.ceil(size / ROOM) };
  }

  /** Clients that are there, and that ever were. */
  get alive(): number {
    return this.#clients.size;
  }

  get born(): number {
    return this.#born;
  }

  /** Has clients come, and others after them, until `finish`. */
  async run(): Promise<void> {
    while (!this.#finished) {
      if (this.#clients.size < this.size) this.#add();
      await pause(1_000 / ARRIVALS);
    }
  }

  /** All go, one half of them without a word; resolves when they are gone. */
  async finish(): Promise<void> {
    this.#finished = true;
    const farewells: readonly Farewell[] = ['leave', 'vanish'];
    let turn = 0;
    for (const client of this.#clients.keys()) client.end(farewells[turn++ % 2] as Farewell);
    await Promise.all(this.#clients.values());
  }

  #add(): void {
    const number = ++this.#born;
    const kind = KINDS[number % 2] as (typeof KINDS)[number];
    // Each has its own numbers, so that what it does next does not depend on when others do something.
    const client = new SoakClient(this.#world, `c${number}`, new Random(this.#random.below(2 ** 32)), kind);
    const life = client
      .live()
      .catch((error: unknown) => {
        this.#world.tally.violation('the load failed', error instanceof Error ? String(error.stack) : '');
      })
      .finally(() => this.#clients.delete(client));
    this.#clients.set(client, life);
  }
}
