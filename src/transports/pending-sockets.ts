import { networkOf } from './client-network.js';

/** How many sockets may be without a session. 0 for any number. */
export interface PendingLimits {
  readonly inAll: number;
  readonly perAddress: number;
}

/** Counts the sockets that have not shaken hands yet, of which a client could open many and say nothing. */
export class PendingSockets {
  readonly #limits: PendingLimits;
  readonly #byNetwork = new Map<string, number>();
  #inAll = 0;

  constructor(limits: PendingLimits) {
    this.#limits = limits;
  }

  /** Whether one more may come from there. */
  hasRoom(address: string | undefined): boolean {
    const { inAll, perAddress } = this.#limits;
    if (inAll > 0 && this.#inAll >= inAll) return false;
    return perAddress === 0 || (this.#byNetwork.get(networkOf(address)) ?? 0) < perAddress;
  }

  /** One has come. */
  add(address: string | undefined): void {
    const network = networkOf(address);
    this.#inAll++;
    this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? 0) + 1);
  }

  /** One of them has gone, or has got a session. */
  remove(address: string | undefined): void {
    const network = networkOf(address);
    const left = (this.#byNetwork.get(network) ?? 0) - 1;
    this.#inAll--;
    if (left > 0) this.#byNetwork.set(network, left);
    else this.#byNetwork.delete(network);
  }
}
