import type { Members, Message } from '../../../test/support/message.js';
import type { Random } from '../../../test/bayeux/support/random.js';
import type { Membership } from './membership.js';
import type { Complain } from './ledger.js';
import type { Tally } from './tally.js';

export const KINDS = ['websocket', 'long-polling'] as const;

/** The transports. */
export type Kind = (typeof KINDS)[number];

/** A connection that is not there any more, and what was to come over it. */
export class ConnectionLost extends Error {}

/** The server answered with another status than 200. */
export class Refused extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

/** The cookie of a browser. */
export interface Jar {
  cookie: string | undefined;
}

/** What connections need of the client they belong to. */
export interface Surroundings {
  /** `http://host:port/cometd` */
  readonly url: string;
  /** The certificate that the server is known by, if it speaks TLS and no authority of this machine knows it. */
  readonly ca?: string | undefined;
  readonly jar: Jar;
  readonly tally: Tally;
  readonly random: Random;
  readonly complain: Complain;
}

/** Messages that are sent, each with an id. */
export type Identified = Members & { readonly id: string };

/** The way from a client to the server and back. */
export abstract class Connection {
  abstract readonly kind: Kind;
  protected readonly around: Surroundings;
  #lose: (() => void) | undefined;
  static #ids = 0;

  constructor(around: Surroundings) {
    this.around = around;
  }

  /** False once it is lost. */
  abstract get alive(): boolean;

  abstract open(): Promise<void>;

  /**
   * Sends messages in one array; resolves with everything that carries their ids when each has its reply. What is
   * delivered beside goes to `member`.
   *
   * @throws ConnectionLost, Refused
   */
  request(messages: readonly Members[], member?: Membership): Promise<Message[]> {
    const identified = messages.map((message) => ({ ...message, id: (++Connection.#ids).toString(36) }));
    for (const message of identified) member?.sending(message);
    return this.transmit(identified, member);
  }

  /** Sends what is no good message. Whatever comes of it is no failure, but for an error of the server. */
  abstract raw(content: string | Buffer): Promise<void>;

  /** Lets go without a word. */
  abstract drop(): void;

  /** Neither reads nor closes any more, as on a network that was left. `drop` is still to be called. */
  abstract abandon(): void;

  /** What comes next is lost, and the connection with it; resolves when that has happened. */
  loseNext(): Promise<void> {
    return new Promise((resolve) => (this.#lose = resolve));
  }

  /** Whether something that has come is to be lost. */
  protected loses(): boolean {
    if (!this.#lose) return false;
    this.drop();
    this.#lose();
    return true;
  }

  protected abstract transmit(
    messages: readonly Identified[],
    member: Membership | undefined,
  ): Promise<Message[]>;
}
