/** As much of a message as the tests look at. */
export interface BayeuxMessage {
  readonly channel?: string;
  readonly clientId?: string;
  readonly successful?: boolean;
  readonly error?: string;
  readonly data?: unknown;
  readonly advice?: { readonly reconnect?: string };
}

/** A push session over long-polling, as a program has one: the token goes with every request. */
export class PushSession {
  private constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly clientId: string,
  ) {}

  static async open(url: string, token: string): Promise<PushSession> {
    const handshake = { version: '1.0', supportedConnectionTypes: ['long-polling'] };
    const [reply] = await exchange(url, token, { channel: '/meta/handshake', ...handshake });
    if (!reply?.clientId) throw new Error(`The handshake failed: ${JSON.stringify(reply)}`);
    return new PushSession(url, token, reply.clientId);
  }

  /** Waits for what comes; the first call is answered at once. */
  connect(): Promise<BayeuxMessage[]> {
    return this.send({ channel: '/meta/connect', connectionType: 'long-polling' });
  }

  async subscribe(subscription: string): Promise<BayeuxMessage | undefined> {
    return (await this.send({ channel: '/meta/subscribe', subscription }))[0];
  }

  async close(): Promise<void> {
    await this.send({ channel: '/meta/disconnect' });
  }

  private send(message: object): Promise<BayeuxMessage[]> {
    return exchange(this.url, this.token, { ...message, clientId: this.clientId });
  }
}

async function exchange(url: string, token: string, message: object): Promise<BayeuxMessage[]> {
  const response = await fetch(`${url}/cometd`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify([message]),
  });
  return (await response.json()) as BayeuxMessage[];
}
