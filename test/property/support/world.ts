import { Delivery } from '../../../src/bayeux/delivery.js';
import type { BayeuxOptions } from '../../../src/bayeux/bayeux-options.js';
import { isThenable } from '../../../src/bayeux/maybe-promise.js';
import type { JsonObject } from '../../../src/bayeux/message.js';
import type { Envelope, LinkEnd } from '../../../src/bayeux/ports.js';
import { type Harness, harness, user } from '../../bayeux/support/core.harness.js';
import type { Action, Way } from './action.js';
import { Ledger } from './ledger.js';
import { type LinkObserver, ModelLink, type Write } from './model.link.js';

interface Request {
  readonly link: ModelLink;
  answers: number;
  /** The number of what it publishes. */
  readonly number: unknown;
  /** The client has begun a new session on the same socket and waits for no answer. */
  forgotten: boolean;
}

/** Longer than any session lives without its client. */
const FOR_EVER = 300_000;

/** Clients, their links, and the server they talk to; whatever is promised of them is checked while they do. */
export class World implements LinkObserver {
  readonly #core: Harness;
  readonly #ledgers: Ledger[] = [];
  readonly #current = new Map<number, Ledger>();
  readonly #speaksFor = new Map<ModelLink, Ledger>();
  readonly #writer = new Map<Write, Ledger>();
  /** Sockets that have said more than a handshake: from then on they push. */
  readonly #pushing = new Set<ModelLink>();
  readonly #owner = new Map<ModelLink, number>();
  readonly #requests = new Map<string, Request>();
  #numbers = 0;

  constructor(options: Partial<BayeuxOptions> = {}) {
    // Sessions end with their tokens: whoever is suspended is another story.
    const expiry = { refreshLead: 0, grace: 0, suspend: false, maxSessionAge: 0, anyClient: false };
    this.#core = harness({ options: { expiry, ...options } });
  }

  /** Ends that were seen, to know that runs reach them. */
  get ends(): (string | undefined)[] {
    return this.#ledgers.map(({ session }) => session.endedBy);
  }

  perform(action: Action): void {
    switch (action.kind) {
      case 'handshake':
        this.#handshake(action.client, action.way, action.ack);
        break;
      case 'connect': {
        const advice = action.timeout === undefined ? {} : { advice: { timeout: action.timeout } };
        const more = action.together ? [{ channel: '/meta/unsubscribe', subscription: '/nobody' }] : [];
        this.#ask(action.client, action.way, [{ channel: '/meta/connect', ...advice }, ...more]);
        break;
      }
      case 'publish':
        this.#ask(
          action.client,
          action.way,
          action.channels.map((channel) => ({ channel, data: ++this.#numbers })),
        );
        break;
      case 'subscribe':
      case 'unsubscribe':
        this.#ask(action.client, action.way, [
          { channel: `/meta/${action.kind}`, subscription: action.names },
        ]);
        break;
      case 'disconnect':
        this.#ask(action.client, action.way, [{ channel: '/meta/disconnect' }]);
        break;
      case 'broadcast':
        for (let times = 0; times < action.count; times++) {
          const delivery = new Delivery(action.channel, ++this.#numbers);
          const receivers = this.#subscribers(action.channel);
          this.#deliver({ to: 'channel', tenant: '', delivery }, receivers);
        }
        break;
      case 'send': {
        const delivery = new Delivery('/sent', ++this.#numbers);
        const receivers = this.#alive().filter(({ client }) => client === action.client);
        this.#deliver({ to: 'user', tenant: '', userId: nameOf(action.client), delivery }, receivers);
        break;
      }
      case 'kick':
        this.#current.get(action.client)?.session.end('kick');
        break;
      case 'arrive':
        this.#pick(action.link)?.arrive(action.count);
        break;
      case 'drop':
        this.#drop(this.#pick(action.link));
        break;
      case 'break': {
        const link = this.#pick(action.link);
        if (link?.once === true) this.#drop(link);
        else link?.fail();
        break;
      }
      case 'congest': {
        const link = this.#pick(action.link);
        if (link) link.congested = action.congested && !link.once;
        break;
      }
      case 'advance':
        this.#core.clock.advance(action.milliseconds);
        break;
      case 'turn':
        this.#turn();
        break;
    }
    this.#check();
  }

  /** All that is on the way arrives, and every client fetches what it is still owed: then it has everything. */
  settle(): void {
    for (const link of this.#owner.keys()) {
      link.slow = link.congested = false;
      link.arrive();
    }
    for (const ledger of this.#alive()) {
      for (let times = 0; times < 3; times++) {
        this.#send(ledger, this.#open(ledger.client, 'poll'), [
          { channel: '/meta/connect', advice: { timeout: 0 } },
        ]);
      }
      if (ledger.alive) expect(ledger.owed).toEqual([]);
    }
    this.#check();
  }

  /** The server goes away. */
  drain(): void {
    this.#core.server.drain();
    this.#check();
    expect(this.#alive()).toEqual([]);
  }

  /** Every client falls silent: nothing is left, and no request without an end. */
  finish(): void {
    this.#core.clock.advance(FOR_EVER);
    this.#check();
    expect(this.#core.server.counts).toEqual({ sessions: 0, channels: 0, deadlines: 0 });
    expect([...this.#core.removed].sort()).toEqual(this.#ledgers.map(({ session }) => session.id).sort());
    for (const { link, answers, forgotten } of this.#requests.values()) {
      if (answers === 0 && !forgotten) expect(link.closed || link.ends.length > 0).toBe(true);
    }
  }

  written(link: ModelLink, write: Write): void {
    if (link.once) expect(link.writes).toBe(1);
    for (const { id, successful } of write.messages) {
      const request = id === undefined ? undefined : this.#requests.get(id);
      if (!request) continue;
      expect(request.link).toBe(link);
      expect(++request.answers).toBe(1);
      // Its session has ended within the request, so that nobody got it.
      if (successful === false) for (const ledger of this.#ledgers) ledger.refused(request.number);
    }
    const ledger = this.#speaksFor.get(link);
    if (!ledger) return;
    this.#writer.set(write, ledger);
    ledger.written(link, write);
  }

  arrived(write: Write): void {
    this.#writer.get(write)?.arrived(write);
  }

  lost(write: Write): void {
    this.#writer.get(write)?.lost(write);
  }

  ended(link: ModelLink, why: LinkEnd): void {
    if (why === 'superseded') this.#speaksFor.get(link)?.left(link);
  }

  #handshake(client: number, way: Way, ack: boolean): void {
    const link = this.#open(client, way);
    const former = this.#speaksFor.get(link);
    const before = new Set(this.#core.server.sessions.all());
    const expiresAt = this.#core.clock.wallTime() + 90_000;
    const principal = user(nameOf(client), client === 2 ? { expiresAt } : {});
    const message = { channel: '/meta/handshake', ...(ack && { ext: { ack: true } }) };
    expect(isThenable(this.#core.request(link, [message], principal))).toBe(false);
    const session = this.#core.server.sessions.all().find((one) => !before.has(one));
    if (!session) return;
    const ledger = new Ledger(session, client, ack);
    this.#ledgers.push(ledger);
    this.#current.set(client, ledger);
    if (!link.once) {
      former?.left(link);
      this.#speaksFor.set(link, ledger);
      this.#pushing.delete(link);
      for (const request of this.#requests.values()) request.forgotten ||= request.link === link;
    }
  }

  /** A request of the client's newest session. */
  #ask(client: number, way: Way, messages: readonly JsonObject[]): void {
    const ledger = this.#current.get(client);
    if (ledger) this.#send(ledger, this.#open(client, way), messages);
  }

  #send(ledger: Ledger, link: ModelLink, messages: readonly JsonObject[]): void {
    const { id: clientId } = ledger.session;
    const proven = link.once || link.sessionId === undefined || link.sessionId === clientId;
    if (proven) this.#speaksFor.set(link, ledger);
    if (proven && !link.once) this.#pushing.add(link);
    const sent = messages.map((message) => {
      const id = `request ${this.#requests.size}`;
      this.#requests.set(id, { link, answers: 0, number: message['data'], forgotten: false });
      if (proven && ledger.alive) this.#foresee(ledger, message);
      const connects = message['channel'] === '/meta/connect' && ledger.acknowledges;
      return { ...message, id, clientId, ...(connects && { ext: { ack: ledger.acknowledged } }) };
    });
    expect(isThenable(this.#core.request(link, sent))).toBe(false);
  }

  #foresee(ledger: Ledger, { channel, subscription, data }: JsonObject): void {
    if (channel === '/meta/subscribe') {
      for (const name of subscription as string[]) ledger.subscriptions.add(name);
    } else if (channel === '/meta/unsubscribe') {
      for (const name of [subscription].flat()) ledger.subscriptions.delete(name as string);
    } else if (data !== undefined) {
      for (const receiver of this.#subscribers(channel as string)) receiver.expect(data as number);
    }
  }

  #deliver(envelope: Envelope, receivers: readonly Ledger[]): void {
    for (const receiver of receivers) receiver.expect(this.#numbers);
    const result = this.#core.server.deliver(envelope);
    expect(result).toEqual({ sessions: receivers.filter(({ alive }) => alive).length });
  }

  #alive(): Ledger[] {
    return this.#ledgers.filter(({ alive }) => alive);
  }

  #subscribers(channel: string): Ledger[] {
    return this.#alive().filter((ledger) => ledger.subscribes(channel));
  }

  #open(client: number, way: Way): ModelLink {
    if (way === 'socket') {
      const open = [...this.#owner].filter(([link, of]) => of === client && !link.once && !link.over).at(-1);
      if (open) return open[0];
    }
    const link = new ModelLink(way.endsWith('poll'), way.startsWith('slow'), this);
    link.closed = way === 'aborted poll';
    this.#owner.set(link, client);
    return link;
  }

  /** One of the links that are not through, newest first. */
  #pick(index: number): ModelLink | undefined {
    const open = [...this.#owner.keys()].filter((link) => !link.closed && (!link.over || link.pending > 0));
    return open.at(-1 - (index % Math.max(open.length, 1)));
  }

  #drop(link: ModelLink | undefined): void {
    if (!link) return;
    link.closed = true;
    link.fail();
    this.#speaksFor.get(link)?.left(link);
    this.#core.server.closed(link);
  }

  /** What waits goes out with the end of the turn, where a socket is there to take it. */
  #turn(): void {
    this.#core.clock.turn();
    for (const [link] of this.#owner) {
      if (link.closed) link.fail();
      const ledger = this.#speaksFor.get(link);
      if (!ledger?.alive || ledger.acknowledges || link.sessionId !== ledger.session.id) continue;
      const open = this.#pushing.has(link) && !link.over && !link.broken && !link.congested;
      if (open) expect(ledger.waiting).toEqual([]);
    }
  }

  #check(): void {
    const { server, clock, log } = this.#core;
    const { sessions, channels, deadlines } = server.counts;
    const alive = this.#alive();
    expect(sessions).toBe(alive.length);
    expect(channels).toBe(new Set(alive.flatMap(({ subscriptions }) => [...subscriptions])).size);
    // An expiry each; perhaps the end of a held connect and of a token.
    expect(deadlines).toBeGreaterThanOrEqual(alive.length);
    expect(deadlines).toBeLessThanOrEqual(3 * alive.length);
    if (alive.length > 0) expect(clock.earliest).toBeGreaterThanOrEqual(clock.now());
    expect(log.filter(({ level }) => level === 'error')).toEqual([]);
  }
}

function nameOf(client: number): string {
  return `user ${client}`;
}
