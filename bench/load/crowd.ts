import { DIALECTS } from './dialects.js';
import type { DialectName } from '../contenders/catalogue.js';
import { userName } from '../processes/work.js';
import type { Client } from './client.js';
import type { Tally } from './tally.js';

/** How clients come in. */
export interface Arrival {
  readonly dialect: DialectName;
  readonly port: number;
  /** Numbers of the first client, and of the one after the last. */
  readonly from: number;
  readonly to: number;
  /** What all of them subscribe to. */
  readonly common: readonly string[];
  /** What each subscribes to besides, by its number. */
  readonly own?: readonly (readonly string[])[];
  /** The token of each, by its number; without it the token is the name of the user. */
  readonly tokens?: readonly string[];
  readonly handshakeOnly?: boolean;
}

/** As many come in at once. */
const AT_ONCE = 50;

/** All clients of the load. */
export class Crowd {
  readonly #tally: Tally;
  readonly #clients: Client[] = [];
  #dialect: DialectName = 'plain';

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** @returns seconds it took. */
  async join(arrival: Arrival): Promise<number> {
    const { from, to } = arrival;
    this.#dialect = arrival.dialect;
    const start = performance.now();
    let next = from;
    const usher = async (): Promise<void> => {
      while (next < to) await this.#enter(next++, arrival);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, usher));
    return (performance.now() - start) / 1e3;
  }

  /** Client number `from` publishes messages on a channel, in one batch. */
  publish(from: number, channel: string, data: readonly string[]): void {
    DIALECTS[this.#dialect].publish(this.client(from), channel, data);
  }

  client(index: number): Client {
    const client = this.#clients[index];
    if (!client) throw new Error(`there is no client ${index}`);
    return client;
  }

  leave(): void {
    for (const client of this.#clients.splice(0)) client.leave();
  }

  async #enter(index: number, arrival: Arrival): Promise<void> {
    const { dialect, port, common, own, tokens, handshakeOnly = false } = arrival;
    const user = userName(index);
    const visitor = {
      user,
      token: tokens?.[index] ?? user,
      channels: [...common, ...(own?.[index] ?? [])],
      handshakeOnly,
    };
    this.#clients[index] = await DIALECTS[dialect].join(port, visitor, this.#tally);
  }
}
