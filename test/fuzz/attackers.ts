import type { Random } from '../bayeux/support/random.js';
import type { BayeuxClient } from '../support/bayeux.client.js';
import type { HttpAnswer } from '../support/http.js';
import { RawSocket } from '../support/raw-socket.js';
import type { PollingClient } from '../support/polling.client.js';
import type { SocketClient } from '../support/socket.client.js';
import { conversation } from './conversation.js';
import type { Mutator, Surroundings } from './mutator.js';

/** Waits for a condition while the clock of the application goes on. */
export type Wait = (what: string, condition: () => boolean) => Promise<void>;

/** What all attackers share. */
export interface Weapons {
  readonly url: string;
  readonly random: Random;
  readonly mutator: Mutator;
  readonly wait: Wait;
  /** Sessions of others, those of well-behaved clients among them. */
  readonly others: () => string[];
  /** Told of everything that is sent, so that a failure can show it. */
  readonly sending: (bytes: Buffer) => void;
}

/** Somebody who sends spoiled messages. */
export interface Attacker {
  /** Whom it attacks with; none, if it needs no client. */
  readonly client?: BayeuxClient;
  attack(count: number): Promise<void>;
}

/** Where a session is, if there still is one: a refused handshake leaves the one before. */
async function greet(client: BayeuxClient): Promise<Surroundings['own']> {
  await client.handshake();
  return client.clientId;
}

function spoiled({ mutator, others, sending }: Weapons, own: string): Buffer {
  const bytes = mutator.body(conversation(own), { own, others: others() });
  sending(bytes);
  return bytes;
}

/** Posts bodies, many at a time. */
export class PostingAttacker implements Attacker {
  #own: string | undefined;

  constructor(
    readonly client: PollingClient,
    readonly weapons: Weapons,
  ) {}

  async attack(count: number): Promise<void> {
    const { random, wait } = this.weapons;
    if (this.#own === undefined || random.below(2) === 0) this.#own = await greet(this.client);
    const own = this.#own;
    const answers: HttpAnswer[] = [];
    const failures: unknown[] = [];
    for (let sent = 0; sent < count; sent++) {
      const exchange = this.client.post(spoiled(this.weapons, own));
      exchange.answer.then(
        (answer) => answers.push(answer),
        (error: unknown) => failures.push(error),
      );
    }
    await wait('all responses', () => answers.length + failures.length === count);
    expect(failures).toEqual([]);
    for (const answer of answers) expectCivil(answer);
  }
}

/** Sends frames over a socket, and over the next one when that is closed. */
export class FramingAttacker implements Attacker {
  #own: string | undefined;
  #probes = 0;

  constructor(
    readonly client: SocketClient,
    readonly weapons: Weapons,
  ) {}

  async attack(count: number): Promise<void> {
    for (let sent = 0; sent < count;) {
      const { client, weapons } = this;
      if (client.closed) await client.open();
      if (this.#own === undefined || weapons.random.below(3) === 0) {
        // What was sent before may close the socket only now; nothing else keeps a handshake from its answer.
        const own = await greet(client).catch(() =>
          weapons.wait('a socket that has failed to close', () => client.closed !== undefined),
        );
        if (typeof own !== 'string') continue;
        this.#own = own;
      }
      const burst = Math.min(count - sent, 1 + weapons.random.below(8));
      for (let frame = 0; frame < burst; frame++) await this.#send(spoiled(weapons, this.#own));
      sent += burst;
      await this.#answered();
    }
  }

  async #send(frame: Buffer | string): Promise<void> {
    if (this.client.closed) return;
    const binary = this.weapons.random.below(200) === 0;
    // The server may have closed the socket for the frame before.
    await this.client.sendRaw(frame, binary).catch(() => undefined);
  }

  /** What was sent has been answered when what was sent after it is, or the socket is closed. */
  async #answered(): Promise<void> {
    const { client } = this;
    const id = `probe${++this.#probes}`;
    const from = client.received.length;
    await this.#send(JSON.stringify([{ channel: '/meta/unsubscribe', clientId: 'nobody', id }]));
    await this.weapons.wait(
      'an answer over the socket',
      () => client.closed !== undefined || client.received.slice(from).some((message) => message.id === id),
    );
  }
}

/** Writes requests, upgrades and frames that are not even HTTP or WebSocket any more. */
export class RawAttacker implements Attacker {
  constructor(readonly weapons: Weapons) {}

  async attack(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#once()));
  }

  async #once(): Promise<void> {
    const { url, random, mutator, wait, sending } = this.weapons;
    const text = random.pick([post, upgrade, () => upgrade() + FRAME, () => post() + post()])();
    const bytes = mutator.bytes(Buffer.from(text, 'latin1'));
    sending(bytes);
    const socket = await RawSocket.open(url);
    socket.write(bytes);
    let looks = 0;
    await wait('an answer to raw bytes', () => ++looks > 20 || socket.text.includes('\r\n\r\n'));
    socket.end();
    let ended = false;
    const answer = socket.readToEnd().finally(() => (ended = true));
    await wait('the end of a raw connection', () => ended);
    socket.destroy();
    for (const [, status = ''] of (await answer).matchAll(/^HTTP\/1\.1 (\d+)/gm)) {
      expectCivil({ status: Number(status), headers: {}, text: '' });
    }
    expect(await answer).not.toMatch(/\bat [\w.<>]+ \(|node_modules|file:\/\//);
  }
}

function post(): string {
  const body = '[{"channel":"/meta/handshake","version":"1.0"}]';
  return (
    'POST /cometd HTTP/1.1\r\nHost: x\r\nContent-Type: application/json; charset=utf-8\r\n' +
    `Authorization: Bearer a.b.c\r\nCookie: BAYEUX_BROWSER=x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}

function upgrade(): string {
  return (
    'GET /cometd HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: bayeux, x\r\n\r\n'
  );
}

/** A handshake in a frame, masked with zeros. */
const FRAME = '\x81\x9e\0\0\0\0[{"channel":"/meta/handshake"}]'.slice(0, 36);

/** Nothing but what a client may be told: 500 is the older of two connects, 503 "try again later", both empty. */
function expectCivil({ status, text }: HttpAnswer): void {
  if (status >= 500) expect({ status: [500, 503].includes(status) ? 'known' : status, text }).toEqual(QUIET);
}

const QUIET = { status: 'known', text: '' };
