import { isMeta, subscriptionsMatching } from './channel.js';
import { type Delivery, serialise } from './delivery.js';
import { LocalLink } from './local.link.js';
import type { JsonObject, Reply } from './message.js';
import type { MaybePromise } from './ports.js';
import { BayeuxRefusal } from './refusal.js';
import type { BayeuxServer } from './server.js';
import { Session } from './session.js';
import { NOTHING_SETTLED } from './session-state.js';

/** Takes what a session of the server receives. */
export type Receiver = (message: Delivery) => unknown;

/**
 * A client that lives in the server. What it says takes the way of every message: extensions, authorizers and listeners
 * see it, only the rules, which are about clients, do not. It gets its messages at once, does not expire, and no client
 * can use it.
 */
export class LocalSession {
  readonly session: Session;
  readonly #server: BayeuxServer;
  readonly #link: LocalLink;
  readonly #receivers = new Map<string, Set<Receiver>>();
  readonly #replies = new Map<string, Reply[]>();
  #requests = 0;

  constructor(server: BayeuxServer, name: string, tenant = '') {
    this.#server = server;
    const id = server.ids.clientId();
    this.session = new Session(
      server,
      {
        id,
        principal: { kind: 'service', tenant, userId: null, identity: `local ${name}` },
        browser: undefined,
        client: { headers: {} },
        local: true,
        connected: true,
        interval: 0,
        subscriptions: new Set(),
        own: NOTHING_SETTLED,
      },
      'local',
    );
    this.#link = new LocalLink(id, {
      delivery: (delivery) => {
        this.#dispatch(delivery);
      },
      reply: (reply) => {
        this.#replies.get(reply.id ?? '')?.push(reply);
      },
    });
    server.locals.set(id, this.session);
    this.session.attach(this.#link);
    server.announce(this.session);
  }

  /** Has `receiver` called for what is received on a channel or pattern. @returns what ends that. */
  listen(pattern: string, receiver: Receiver): () => void {
    const receivers = this.#receivers.get(pattern) ?? new Set();
    this.#receivers.set(pattern, receivers.add(receiver));
    return () => {
      if (receivers.delete(receiver) && receivers.size === 0) this.#receivers.delete(pattern);
    };
  }

  /** Subscribes. @throws BayeuxRefusal if an authorizer denies it. */
  async subscribe(subscription: string, receiver: Receiver): Promise<() => Promise<void>> {
    const unlisten = this.listen(subscription, receiver);
    try {
      await this.#ask({ channel: '/meta/subscribe', subscription });
    } catch (error) {
      unlisten();
      throw error;
    }
    return async () => {
      unlisten();
      // Another receiver may want it still.
      if (this.#receivers.has(subscription) || this.session.endedBy) return;
      await this.#ask({ channel: '/meta/unsubscribe', subscription });
    };
  }

  /** Publishes. @throws BayeuxRefusal if it is refused; TypeError if JSON cannot express the data. */
  async publish(channel: string, data: unknown): Promise<void> {
    check(channel, data);
    await this.#ask({ channel, data });
  }

  /** Calls a service. @returns its answers. @throws BayeuxRefusal if it is refused, or fails. */
  async call(channel: string, data: unknown): Promise<unknown[]> {
    check(channel, data);
    const replies = await this.#ask({ channel, data });
    return replies.slice(0, -1).map((reply) => reply.data);
  }

  batch<T>(task: () => MaybePromise<T>): MaybePromise<T> {
    return this.session.batch(task);
  }

  disconnect(): void {
    this.session.end('kick');
  }

  async #ask(message: JsonObject): Promise<readonly Reply[]> {
    const id = String(++this.#requests);
    const replies: Reply[] = [];
    this.#replies.set(id, replies);
    try {
      const messages = [{ ...message, id, clientId: this.session.id }];
      const context = { credential: { kind: 'none' }, headers: {} } as const;
      const session = this.session.endedBy ? undefined : this.session;
      await this.#server.process({ messages, context }, this.#link, session);
    } finally {
      this.#replies.delete(id);
    }
    const last = replies.at(-1);
    if (last?.successful !== true)
      throw new BayeuxRefusal(last?.error ?? 'an extension has kept back the reply');
    return replies;
  }

  #dispatch(delivery: Delivery): void {
    for (const pattern of new Set(subscriptionsMatching(delivery.channel))) {
      for (const receiver of [...(this.#receivers.get(pattern) ?? [])]) this.#receive(receiver, delivery);
    }
  }

  #receive(receiver: Receiver, delivery: Delivery): void {
    try {
      // One that is asynchronous and fails would end the process if nobody heard of it.
      Promise.resolve(receiver(delivery)).catch((error: unknown) => {
        this.#failed(delivery, error);
      });
    } catch (error) {
      this.#failed(delivery, error);
    }
  }

  #failed({ channel }: Delivery, error: unknown): void {
    this.#server.logger.error(`A session of the server failed at a message on ${channel}.`, error);
  }
}

function check(channel: string, data: unknown): void {
  if (isMeta(channel)) throw new TypeError(`${channel} belongs to the protocol: choose another channel.`);
  serialise(data);
}
