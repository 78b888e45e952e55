import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../../test/bayeux/support/random.js';
import type { Members, Message } from '../../../test/support/message.js';
import { NEWS_CHANNELS, roomChannel } from '../channels.js';
import { type Action, pickAction } from './actions.js';
import { Connection, ConnectionLost, type Jar, type Kind, Refused } from './connection.js';
import { Heartbeat, PATIENCE, type Trouble } from './heartbeat.js';
import { Membership } from './membership.js';
import { PollingConnection } from './polling.connection.js';
import { SocketConnection } from './socket.connection.js';
import type { Tally } from './tally.js';

/** Milliseconds between two things a client does, on average. */
const BETWEEN_ACTIONS = 8_000;
/** Of a hundred sessions, how many ask for acknowledged delivery. */
const ACKNOWLEDGED = 40;
/** What is shown of a client that complains: the last things it did. */
const REMEMBERED = 8;

/** The server does not know the session any more. */
export class SessionGone extends Error {
  constructor(readonly interval: number) {
    super('the session is gone');
  }
}

/** What all clients share. */
export interface World {
  readonly url: string;
  readonly tally: Tally;
  readonly rooms: number;
}

/** How a client goes. */
export type Farewell = 'leave' | 'vanish';

/** One client: it shakes hands, subscribes, stays connected, does this and that, and begins anew if it has to. */
export class SoakClient {
  connection!: Connection;
  member: Membership | undefined;
  heart: Heartbeat | undefined;
  /** Who it is on the channels of rooms; somebody else after every change of connection or session. */
  voice = { from: '', seq: 0 };
  readonly jar: Jar = { cookie: undefined };
  readonly #history: string[] = [];
  readonly #end = new AbortController();
  #voices = 0;
  #farewell: Farewell | undefined;

  constructor(
    readonly world: World,
    readonly name: string,
    readonly random: Random,
    kind: Kind,
  ) {
    this.connection = this.connectionOf(kind);
  }

  /** Lives until it is told to go, or goes by itself. Never fails, unless this program has a mistake. */
  async live(): Promise<void> {
    let trouble: Trouble | undefined = { kind: 'lost' };
    while (!this.#farewell) {
      try {
        if (trouble) {
          await this.#mend(trouble);
          trouble = undefined;
        } else {
          trouble = await this.#wait();
          if (!trouble) await this.#act(pickAction(this.random));
        }
      } catch (error) {
        trouble = this.#troubleOf(error);
      }
    }
    await this.#go(this.#farewell).catch((error: unknown) => this.#troubleOf(error));
    this.connection.drop();
  }

  /** Ends its life, whatever it is doing. */
  end(how: Farewell): void {
    this.#farewell ??= how;
    this.#end.abort();
  }

  /** @throws Error at once when the client is to end. */
  async pause(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.#end.signal });
  }

  connectionOf(kind: Kind): Connection {
    const { url, tally } = this.world;
    const around = { url, tally, jar: this.jar, random: this.random, complain: this.complain };
    return kind === 'websocket' ? new SocketConnection(around) : new PollingConnection(around);
  }

  /** A new session on the connection there is, with its subscriptions and its first connect. */
  async begin(): Promise<void> {
    this.heart?.stop();
    this.member = undefined;
    const acknowledges = this.random.below(100) < ACKNOWLEDGED;
    const [reply] = await this.answered([
      { channel: '/meta/handshake', version: '1.0', ...(acknowledges && { ext: { ack: true } }) },
    ]);
    if (reply?.successful !== true || reply.clientId === undefined) {
      this.complain('refused', `handshake: ${JSON.stringify(reply)}`);
      throw new ConnectionLost('no session');
    }
    this.world.tally.count('sessions begun');
    this.member = new Membership(reply.clientId, acknowledges, this.world.tally, this.complain);
    await this.#subscribe(this.member);
    this.goOn();
  }

  /** Goes on with the session over the connection there is now. */
  goOn(): void {
    if (!this.member) return;
    this.voice = { from: `${this.name}.${++this.#voices}`, seq: 0 };
    this.heart = new Heartbeat(this.connection, this.member, this.complain);
  }

  /** Opens a connection in place of the one there is, which is gone. */
  async reopen(): Promise<void> {
    this.connection = this.connectionOf(this.connection.kind);
    await this.connection.open();
  }

  /**
   * Sends messages of the session, all of which have to succeed.
   *
   * @throws SessionGone, ConnectionLost
   */
  async ask(messages: readonly Members[]): Promise<Message[]> {
    const { member } = this;
    if (!member) throw new SessionGone(0);
    const answers = await this.answered(
      messages.map((message) => ({ ...message, clientId: member.clientId })),
      member,
    );
    const failed = answers.find(({ successful }) => successful === false);
    if (failed?.error?.startsWith('402:')) throw new SessionGone(failed.advice?.interval ?? 0);
    if (failed) this.complain('refused', JSON.stringify(failed));
    return answers;
  }

  /** Sends messages; complains if there is no answer in time. */
  async answered(messages: readonly Members[], member?: Membership): Promise<Message[]> {
    const { connection } = this;
    const late = setTimeout(() => {
      this.complain('no answer', `to ${JSON.stringify(messages)} within ${PATIENCE} ms`);
      connection.drop();
    }, PATIENCE);
    return connection.request(messages, member).finally(() => {
      clearTimeout(late);
    });
  }

  /** Reports a violation, with what the client has done last. */
  readonly complain = (kind: string, details: string): void => {
    const { kind: transport } = this.connection;
    const ack = this.member?.acknowledges === true ? 'ack' : 'no ack';
    const history = this.#history.join(', ');
    this.world.tally.violation(kind, `${details} (${this.name} on ${transport}, ${ack}; ${history})`);
  };

  async #subscribe(member: Membership): Promise<void> {
    const { random, world } = this;
    const room = random.below(world.rooms);
    const patterns = [
      [roomChannel(room)],
      [`/soak/room/${room}/*`],
      [`/soak/room/${room}/**`, roomChannel(room)],
    ];
    const news = random.pick(NEWS_CHANNELS);
    member.expect(roomChannel(room));
    member.expect(news);
    this.room = room;
    const subscribe = (subscription: unknown): Members => ({ channel: '/meta/subscribe', subscription });
    await this.ask([subscribe(news), subscribe(random.pick(patterns))]);
    await this.addNews();
  }

  /** The room it talks in. */
  room = 0;

  /** One more channel of news that it has not had in this session; its name. */
  async addNews(): Promise<string | undefined> {
    const channel = this.random.pick(NEWS_CHANNELS);
    if (!this.member || this.member.expects(channel)) return undefined;
    this.member.expect(channel);
    await this.ask([{ channel: '/meta/subscribe', subscription: channel }]);
    return channel;
  }

  async #wait(): Promise<Trouble | undefined> {
    const milliseconds = -Math.log(1 - this.random.next()) * BETWEEN_ACTIONS;
    const over = this.pause(milliseconds).then(() => undefined);
    return Promise.race([over, ...(this.heart ? [this.heart.trouble] : [])]);
  }

  async #act({ name, run }: Action): Promise<void> {
    this.#remember(name);
    this.world.tally.count(`did ${name}`);
    await run(this);
  }

  async #mend(trouble: Trouble): Promise<void> {
    this.#remember(trouble.kind);
    this.heart?.stop();
    if (trouble.kind === 'handshake') {
      this.world.tally.count('sessions found gone');
      this.member = undefined;
      await this.pause(trouble.interval);
    } else {
      this.connection.drop();
      this.member?.interrupted();
      await this.pause(this.random.below(300));
    }
    if (!this.connection.alive) await this.reopen();
    if (this.member) this.goOn();
    else await this.begin();
  }

  #troubleOf(error: unknown): Trouble | undefined {
    if (error instanceof SessionGone) return { kind: 'handshake', interval: error.interval };
    if (error instanceof ConnectionLost) return { kind: 'lost' };
    if (error instanceof Refused) {
      if (error.status !== 503) this.complain('status', `${error.status} to no connect`);
      return { kind: 'lost' };
    }
    if (this.#end.signal.aborted) return undefined;
    throw error;
  }

  async #go(how: Farewell): Promise<void> {
    const { connection, member, heart } = this;
    this.#remember(how);
    heart?.stop();
    this.world.tally.count(`clients that ${how}`);
    if (how === 'vanish' || !member || !connection.alive) return;
    await this.ask([{ channel: '/meta/disconnect' }]);
    if (!(connection instanceof SocketConnection)) return;
    // Some close the socket themselves, some wait for the server to do so.
    if (this.random.below(2) === 0) connection.close();
    const closed = connection.closed.then(() => true);
    const late = pause(PATIENCE, false, { ref: false });
    if (!(await Promise.race([closed, late]))) this.complain('socket left open', 'after a disconnect');
  }

  #remember(what: string): void {
    this.#history.push(`${new Date().toISOString().slice(14, 23)} ${what}`);
    if (this.#history.length > REMEMBERED) this.#history.shift();
  }
}
