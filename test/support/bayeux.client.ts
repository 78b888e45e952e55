import { isDelivery, isReply, type Members, type Message } from './message.js';
import { within } from './until.js';

/** What a client is made for. */
export interface ClientSettings {
  /** Where the endpoint is: `http://host:port/cometd`. */
  readonly url: string;
  /** Headers of every request, or of the upgrade. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Told of every text that comes in. */
  readonly onText?: (text: string) => void;
}

/** How a transport itself turns messages away: by an empty response, or by a close. */
export type TurnedAway =
  | { readonly status: number; readonly text: string; readonly retryAfter: string | undefined }
  | { readonly code: number; readonly reason: string };

/** The steps of the protocol, one method each, the same over every transport. */
export abstract class BayeuxClient {
  abstract readonly transport: string;
  /** Everything received, in the order it came. */
  readonly received: Message[] = [];
  protected readonly settings: ClientSettings;
  #clientId: string | undefined;
  #lastId = 0;
  #taken = 0;
  #connecting: Promise<Message> | undefined;

  constructor(settings: ClientSettings) {
    this.settings = settings;
  }

  /** The session the client speaks for; a test may put in somebody else's. */
  get clientId(): string {
    if (this.#clientId === undefined) throw new Error('The client has not shaken hands.');
    return this.#clientId;
  }

  set clientId(clientId: string) {
    this.#clientId = clientId;
  }

  /** An id that this client has not used yet. */
  nextId(): string {
    return `m${++this.#lastId}`;
  }

  async handshake(members: Members = {}): Promise<Message> {
    const reply = await this.#request({
      channel: '/meta/handshake',
      version: '1.0',
      supportedConnectionTypes: ['websocket', 'long-polling'],
      ...members,
    });
    if (reply.clientId !== undefined) this.#clientId = reply.clientId;
    return reply;
  }

  connect(members: Members = {}): Promise<Message> {
    const connectionType = this.transport;
    const reply = this.#request({
      channel: '/meta/connect',
      clientId: this.clientId,
      connectionType,
      ...members,
    });
    this.#connecting = reply;
    const answered = (): void => {
      if (this.#connecting === reply) this.#connecting = undefined;
    };
    reply.then(answered, answered);
    return reply;
  }

  subscribe(subscription: unknown, members: Members = {}): Promise<Message> {
    return this.#request({
      channel: '/meta/subscribe',
      clientId: this.clientId,
      subscription,
      ...members,
    });
  }

  unsubscribe(subscription: unknown, members: Members = {}): Promise<Message> {
    return this.#request({
      channel: '/meta/unsubscribe',
      clientId: this.clientId,
      subscription,
      ...members,
    });
  }

  publish(channel: string, data: unknown, members: Members = {}): Promise<Message> {
    return this.#request({ channel, clientId: this.clientId, data, ...members });
  }

  disconnect(members: Members = {}): Promise<Message> {
    return this.#request({ channel: '/meta/disconnect', clientId: this.clientId, ...members });
  }

  /** Handshake and first connect, which is never held: from here on the client is connected. */
  async join(members: Members = {}): Promise<this> {
    const shaken = await this.handshake(members);
    if (shaken.successful !== true) throw new Error(`The handshake failed: ${String(shaken.error)}`);
    const connected = await this.connect();
    if (connected.successful !== true) throw new Error(`The connect failed: ${String(connected.error)}`);
    return this;
  }

  /** Calls a service; the data it answers with, and the reply that concludes the call. */
  async call(
    channel: string,
    data: unknown,
    members: Members = {},
  ): Promise<{ answers: unknown[]; reply: Message }> {
    const before = this.received.length;
    const reply = await this.publish(channel, data, members);
    const answers = this.received
      .slice(before)
      .filter((message) => message.id === reply.id && 'data' in message)
      .map((message) => message.data);
    return { answers, reply };
  }

  /** What was pushed to the client and not asked for yet. */
  pushed(): Message[] {
    const messages = this.received.filter(isDelivery).slice(this.#taken);
    this.#taken += messages.length;
    return messages;
  }

  /** The next `count` pushes. Over HTTP they come with connects, which are made as needed. */
  async receive(count = 1): Promise<Message[]> {
    while (this.#pushes() - this.#taken < count) {
      await within(`${count} messages pushed over ${this.transport}`, this.nextPushes());
    }
    const from = this.#taken;
    this.#taken += count;
    return this.received.filter(isDelivery).slice(from, from + count);
  }

  /** Drops everything that was received. */
  forget(): void {
    this.received.length = 0;
    this.#taken = 0;
  }

  /** A request that changes nothing. What the server sent before its reply has come in when it returns. */
  async sync(): Promise<void> {
    await this.unsubscribe('/nobody/here');
  }

  /**
   * Whatever waits for the client has come in when this returns, as far as nothing held it back. Where messages come
   * with connects only it makes one, in the place of one that is held.
   */
  catchUp(): Promise<void> {
    return this.sync();
  }

  /** Sends messages in one request or frame; their replies, in the order they came. */
  async send(messages: readonly Members[]): Promise<Message[]> {
    return this.transmit(
      messages.map((message) => ('id' in message ? message : { ...message, id: this.nextId() })),
    );
  }

  /** Sends a text as it is; the next array that comes back. */
  abstract exchange(text: string): Promise<Message[]>;

  /** Sends messages that the transport is to turn away; how it does. */
  abstract turnedAway(messages: readonly Members[]): Promise<TurnedAway>;

  /** Lets go of every connection, as a client that vanishes. */
  abstract close(): Promise<void>;

  /** Sends messages, each with an id, and waits for a reply to each of them. */
  protected abstract transmit(messages: readonly Members[]): Promise<Message[]>;

  /** Settles when something may have been pushed. */
  protected abstract nextPushes(): Promise<unknown>;

  /** The connect that is not answered yet, or a new one. */
  protected heldConnect(): Promise<Message> {
    return this.#connecting ?? this.connect();
  }

  async #request(message: Members): Promise<Message> {
    const replies = await this.send([message]);
    const reply = replies.find(isReply);
    if (!reply) throw new Error(`No reply to ${JSON.stringify(message)}, but ${JSON.stringify(replies)}`);
    return reply;
  }

  #pushes(): number {
    return this.received.filter(isDelivery).length;
  }
}
