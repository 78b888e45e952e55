import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../../test/bayeux/support/random.js';
import type { Members, Message } from '../../../test/support/message.js';
import type { Numbered } from '../../soak/channels.js';
import { type Connection, ConnectionLost, type Kind } from '../../soak/load/connection.js';
import { Heartbeat, type Trouble } from '../../soak/load/heartbeat.js';
import { Membership } from '../../soak/load/membership.js';
import { PollingConnection } from '../../soak/load/polling.connection.js';
import { SocketConnection } from '../../soak/load/socket.connection.js';
import { ECHO } from '../control.js';
import type { Losses } from './losses.js';

/** Milliseconds between two calls, and within which everything is answered, a held connect too. */
const BETWEEN_CALLS = 200;
const PATIENCE = 60_000;

/** An application as a client sees it. */
export interface Place {
  readonly name: string;
  /** `http://127.0.0.1:port` */
  readonly origin: string;
  readonly ca?: string;
  /** An access token for the `index`-th client; `undefined` where everybody gets in. */
  tokenOf(index: number): string | undefined;
  /** What every client subscribes to. */
  readonly subscription: string;
}

/** How one client goes about it. */
export interface Habit {
  readonly kind: Kind;
  readonly acknowledges: boolean;
  /** Milliseconds after which it leaves and comes back as another session. */
  readonly stays: number;
}

/** A session that also knows which of its calls were answered, and how long each answer took. */
class Calls extends Membership {
  readonly #underWay = new Map<string, number>();
  made = 0;

  call(from: string): Numbered {
    const numbered = { from, seq: this.made++ };
    this.#underWay.set(`${from} ${numbered.seq}`, performance.now());
    return numbered;
  }

  get unanswered(): number {
    return this.#underWay.size;
  }

  /** Their connection broke: of what was under way there is no telling whether the server has had it. */
  forget(): void {
    this.#underWay.clear();
  }

  answered(frame: readonly Message[], took: (milliseconds: number) => void): void {
    for (const { channel, data } of frame) {
      if (channel !== ECHO || data === undefined) continue;
      const { from, seq } = data as Numbered;
      const since = this.#underWay.get(`${from} ${seq}`);
      if (since !== undefined) took(performance.now() - since);
      this.#underWay.delete(`${from} ${seq}`);
    }
  }
}

/** A client that does everything right, and is owed everything: it calls a service, and listens. */
export class RegularClient {
  #connection: Connection;
  #voices = 0;
  readonly #jar = { cookie: undefined };

  constructor(
    readonly place: Place,
    readonly index: number,
    readonly habit: Habit,
    readonly random: Random,
    readonly losses: Losses,
  ) {
    this.#connection = this.#another();
  }

  /** Lives until `end`, and leaves in order. */
  async live(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      try {
        await this.#session(end);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) this.#complain('failed', String(error));
        this.#complain('no session', String(error));
        this.#connection.drop();
        this.#connection = this.#another();
        await pause(500 + this.random.below(500));
      }
    }
    this.#connection.drop();
  }

  async #session(end: AbortSignal): Promise<void> {
    if (!this.#connection.alive || this.#connection.kind === 'long-polling') await this.#connection.open();
    const session = await this.#begin();
    const leave = performance.now() + this.habit.stays * (0.5 + this.random.next());
    let trouble: Trouble | undefined;
    while (!end.aborted && performance.now() < leave && trouble?.kind !== 'handshake') {
      if (trouble) await this.#comeBack(session);
      trouble = await this.#work(session, () => end.aborted || performance.now() > leave);
      if (trouble) this.#complain(trouble.kind === 'lost' ? 'connection lost' : 'session lost', '');
    }
    if (trouble) throw new ConnectionLost(trouble.kind);
    await this.#ask([{ channel: '/meta/disconnect', clientId: session.clientId }], session);
    // The server closes the socket behind the last session on it.
    if (this.habit.kind === 'websocket') {
      this.#connection.drop();
      this.#connection = this.#another();
    }
  }

  /** Calls until it is time to go, and then until every call is answered; or until there is trouble. */
  async #work(session: Calls, over: () => boolean): Promise<Trouble | undefined> {
    const heart = new Heartbeat(this.#connection, session, this.#complain, PATIENCE);
    const from = `${this.place.name}.${this.index}.${++this.#voices}.${session.clientId}`;
    let trouble: Trouble | undefined;
    void heart.trouble.then((found) => (trouble = found));
    session.made = 0;
    const pending = new Set<Promise<unknown>>();
    let limit: number | undefined;
    while (!trouble) {
      await pause(BETWEEN_CALLS);
      if (over()) {
        limit ??= performance.now() + PATIENCE;
        if (pending.size + session.unanswered === 0) break;
        if (performance.now() < limit) continue;
        this.#complain('never answered', `${session.unanswered} calls`);
        break;
      }
      // Requests over HTTP at the same time have no order among them.
      if (this.habit.kind === 'long-polling' && pending.size > 0) continue;
      const data = session.call(from);
      const call = this.#ask([{ channel: ECHO, clientId: session.clientId, data }], session);
      // What breaks the connection is found by the heartbeat too, but for HTTP, where each request may have its own.
      const settled = call.catch((error: unknown) => {
        this.#complain('call failed', String(error));
        session.forget();
      });
      pending.add(settled);
      void settled.finally(() => pending.delete(settled));
    }
    heart.stop();
    return trouble;
  }

  async #begin(): Promise<Calls> {
    const token = this.place.tokenOf(this.index);
    const ext = { ...(this.habit.acknowledges && { ack: true }), ...(token && { auth: { token } }) };
    const [reply] = await this.#ask([{ channel: '/meta/handshake', version: '1.0', ext }]);
    const { clientId = '' } = reply ?? {};
    const { tally } = this.losses;
    tally.count('sessions begun');
    const { subscription } = this.place;
    const delivers = (channel: string): boolean => channel === ECHO || channel === subscription;
    const session = new Calls(clientId, this.habit.acknowledges, tally, this.#complain, delivers);
    const take = session.take.bind(session);
    session.take = (frame) => {
      session.answered(frame, (milliseconds) => this.losses.took(milliseconds));
      take(frame);
    };
    session.expect(ECHO);
    session.expect(subscription);
    await this.#ask([{ channel: '/meta/subscribe', clientId, subscription }], session);
    return session;
  }

  /** To the same session, over a new connection. */
  async #comeBack(session: Calls): Promise<void> {
    this.#connection.drop();
    session.interrupted();
    session.forget();
    await pause(this.random.below(500));
    this.#connection = this.#another();
    await this.#connection.open();
  }

  /** Sends messages which all have to succeed. */
  async #ask(messages: readonly Members[], session?: Calls): Promise<Message[]> {
    const connection = this.#connection;
    const late = setTimeout(() => {
      this.#complain('no answer', `within ${PATIENCE} ms to ${JSON.stringify(messages)}`);
      connection.drop();
    }, PATIENCE);
    try {
      const answers = await connection.request(messages, session);
      const failed = answers.find(({ successful }) => successful === false);
      if (failed) throw new ConnectionLost(JSON.stringify(failed));
      return answers;
    } finally {
      clearTimeout(late);
    }
  }

  #another(): Connection {
    const { place, random, losses } = this;
    const url = `${place.origin}/cometd`;
    const around = {
      url,
      ca: place.ca,
      jar: this.#jar,
      tally: losses.tally,
      random,
      complain: this.#complain,
    };
    return this.habit.kind === 'websocket' ? new SocketConnection(around) : new PollingConnection(around);
  }

  readonly #complain = (kind: string, details: string): void => {
    const ack = this.habit.acknowledges ? 'ack' : 'no ack';
    this.losses.complain(kind, `${details} (${this.place.name} ${this.index}, ${this.habit.kind}, ${ack})`);
  };
}
