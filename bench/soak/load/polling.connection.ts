import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { type Message, parseArray } from '../../../test/support/message.js';
import { Connection, ConnectionLost, type Identified, Refused } from './connection.js';
import type { Membership } from './membership.js';

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Answers to garbage: read as messages after all, malformed, too large, not JSON. */
const ANSWERS_TO_GARBAGE = [200, 400, 413, 415];

/** Bayeux over HTTP POST, on connections that are kept. */
export class PollingConnection extends Connection {
  override readonly kind = 'long-polling';
  readonly #agent: Agent;
  readonly #underWay = new Set<ClientRequest>();
  #dropped = false;

  constructor(...around: ConstructorParameters<typeof Connection>) {
    super(...around);
    const { url, ca } = this.around;
    this.#agent = url.startsWith('https:')
      ? new TlsAgent({ keepAlive: true, ...(ca !== undefined && { ca }) })
      : new Agent({ keepAlive: true });
  }

  override get alive(): boolean {
    return !this.#dropped;
  }

  override open(): Promise<void> {
    return Promise.resolve();
  }

  override async raw(content: string | Buffer): Promise<void> {
    try {
      const { status } = await this.#post(content);
      if (!ANSWERS_TO_GARBAGE.includes(status)) this.around.complain('status', `${status} to garbage`);
    } catch {
      // The server may close the connection while the rest of a body that is too large is still being sent.
    }
  }

  /** Begins a request and goes away in the middle of it. */
  tear(content: string): void {
    const outgoing = this.#request({ 'content-length': Buffer.byteLength(content) + 10 });
    outgoing.on('error', () => undefined);
    outgoing.write(content, () => outgoing.destroy());
  }

  override drop(): void {
    this.#dropped = true;
    // TLS has no reset of its own.
    const hard = this.around.random.below(2) === 0 && !(this.#agent instanceof TlsAgent);
    for (const outgoing of this.#underWay) {
      if (hard) outgoing.socket?.resetAndDestroy();
      outgoing.destroy();
    }
    this.#agent.destroy();
  }

  override abandon(): void {
    this.#dropped = true;
  }

  protected override async transmit(
    messages: readonly Identified[],
    member: Membership | undefined,
  ): Promise<Message[]> {
    if (this.#dropped) throw new ConnectionLost('dropped before');
    member?.begun();
    try {
      const { status, text } = await this.#post(JSON.stringify(messages));
      if (status !== 200) throw this.#refused(status, text);
      const received = parseArray(text);
      member?.take(received);
      const ids = new Set(messages.map(({ id }) => id));
      return received.filter(({ id = '' }) => ids.has(id));
    } finally {
      member?.done();
    }
  }

  #refused(status: number, text: string): Refused {
    const { tally, complain } = this.around;
    tally.count(`responses ${status}`);
    // The older of two connects, or "try again later": both say nothing.
    if (![500, 503].includes(status) || text !== '') complain('status', `${status} ${text}`);
    return new Refused(status);
  }

  async #post(body: string | Buffer): Promise<Answer> {
    const outgoing = this.#request({ 'content-length': Buffer.byteLength(body) });
    this.#underWay.add(outgoing);
    try {
      const answer = answerOf(outgoing);
      outgoing.end(body);
      const { status, cookie, text } = await answer;
      if (this.#dropped || this.loses()) throw new ConnectionLost('dropped');
      if (cookie !== undefined) this.around.jar.cookie = cookie;
      return { status, text };
    } catch (error) {
      if (this.#dropped || error instanceof ConnectionLost) throw new ConnectionLost('dropped');
      const { code } = error as NodeJS.ErrnoException;
      this.around.complain('request failed', code ?? String(error));
      throw new ConnectionLost(code);
    } finally {
      this.#underWay.delete(outgoing);
    }
  }

  #request(headers: Record<string, string | number>): ClientRequest {
    const { url, jar } = this.around;
    return (url.startsWith('https:') ? tlsRequest : request)(url, {
      method: 'POST',
      agent: this.#agent,
      headers: {
        'content-type': 'application/json',
        ...(jar.cookie !== undefined && { cookie: jar.cookie }),
        ...headers,
      },
    });
  }
}

function answerOf(outgoing: ClientRequest): Promise<Answer & { cookie: string | undefined }> {
  return new Promise((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.once('response', (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.once('end', () => {
        const cookie = response.headers['set-cookie']?.[0]?.split(';', 1)[0];
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, text, cookie });
      });
    });
  });
}
