import type { DialectName } from '../contenders/catalogue.js';
import type { Client } from './client.js';
import { HttpClient } from './http.client.js';
import { Receiver } from './receiver.js';
import type { Tally } from './tally.js';
import { WsClient } from './ws.client.js';

/** Who comes in, and what for. */
export interface Visitor {
  readonly user: string;
  readonly token: string;
  readonly channels: readonly string[];
  /** Whether it stays at the handshake: to be let in is all it wants. */
  readonly handshakeOnly: boolean;
}

/** How clients of one kind come in and publish. */
export interface Dialect {
  /** Resolves when everything that is subscribed to would be received. */
  join(port: number, visitor: Visitor, tally: Tally): Promise<Client>;
  /** The texts that publish JSON texts on a channel, in one write. */
  publish(client: Client, channel: string, data: readonly string[]): void;
}

const plain: Dialect = {
  async join(port, { user, channels, handshakeOnly }, tally) {
    const client = await WsClient.open(port, `/?user=${user}`, tally);
    if (handshakeOnly) return client;
    await client.ask(JSON.stringify({ sub: channels }));
    client.goLive({ receiver: new Receiver(tally), upkeep: undefined });
    return client;
  },
  publish(client, channel, data) {
    client.say([`{"pub":"${channel}","data":[${data.join(',')}]}`]);
  },
};

const socketIo: Dialect = {
  async join(port, { user, channels, handshakeOnly }, tally) {
    const client = await WsClient.open(port, '/socket.io/?EIO=4&transport=websocket', tally);
    expect(await client.next(), '0{');
    expect(await client.ask(`40${JSON.stringify({ user })}`), '40{');
    if (handshakeOnly) return client;
    expect(await client.ask(`421${JSON.stringify(['sub', channels])}`), '431');
    const upkeep = (text: string): string | undefined => (text === '2' ? '3' : undefined);
    client.goLive({ receiver: new Receiver(tally), upkeep });
    return client;
  },
  publish(client, channel, data) {
    client.say(data.map((text) => `42["pub","${channel}",${text}]`));
  },
};

const clientIds = new WeakMap<Client, string>();

const bayeux: Dialect = {
  async join(port, visitor, tally) {
    const client = await WsClient.open(port, '/cometd', tally);
    const clientId = await enter(client, 'websocket', visitor);
    if (visitor.handshakeOnly) return client;
    const connect = connectText(clientId, 'websocket');
    const upkeep = (text: string): string | undefined =>
      text.includes('"/meta/connect"') ? connect : undefined;
    client.goLive({ receiver: new Receiver(tally), upkeep });
    client.say([connect]);
    return client;
  },
  publish(client, channel, data) {
    const clientId = clientIds.get(client);
    const texts = data.map((text) => `{"channel":"${channel}","clientId":"${clientId}","data":${text}}`);
    client.say([`[${texts.join(',')}]`]);
  },
};

const bayeuxPolling: Dialect = {
  async join(port, visitor, tally) {
    const client = await HttpClient.open(port, '/cometd', tally);
    const clientId = await enter(client, 'long-polling', visitor);
    if (visitor.handshakeOnly) return client;
    const connect = connectText(clientId, 'long-polling');
    client.goLive({ receiver: new Receiver(tally), upkeep: () => connect });
    return client;
  },
  publish() {
    throw new Error('not measured: a client here polls on its only connection');
  },
};

const plainPolling: Dialect = {
  async join(port, { user, channels }, tally) {
    const client = await HttpClient.open(port, `/cometd?user=${user}`, tally);
    await client.ask(JSON.stringify(channels));
    // As many bytes as the polls of ours.
    const id = 'x'.repeat(32);
    client.cookie = `BAYEUX_BROWSER=${id}`;
    const connect = connectText(id, 'long-polling');
    client.goLive({ receiver: new Receiver(tally), upkeep: () => connect });
    return client;
  },
  publish() {
    throw new Error('not measured: a client here polls on its only connection');
  },
};

export const DIALECTS: Readonly<Record<DialectName, Dialect>> = {
  plain,
  'socket.io': socketIo,
  bayeux,
  'bayeux polling': bayeuxPolling,
  'plain polling': plainPolling,
};

interface Reply {
  readonly channel: string;
  readonly clientId?: string;
  readonly successful?: boolean;
  readonly error?: string;
}

/** Handshake and subscriptions. @returns the client id. */
async function enter(client: Client, type: string, visitor: Visitor): Promise<string> {
  const { token, channels, handshakeOnly } = visitor;
  const handshake = { channel: '/meta/handshake', version: '1.0', supportedConnectionTypes: [type], id: 'h' };
  const [reply] = await exchange(client, [{ ...handshake, ext: { auth: { token } } }]);
  const clientId = reply?.clientId ?? '';
  clientIds.set(client, clientId);
  if (handshakeOnly) return clientId;
  for (let at = 0; at < channels.length; at += SUBSCRIPTIONS) {
    const some = channels.slice(at, at + SUBSCRIPTIONS);
    await exchange(
      client,
      some.map((subscription) => ({ channel: '/meta/subscribe', clientId, subscription, id: 's' })),
    );
  }
  return clientId;
}

/** Subscriptions in one message: servers limit the size of both. */
const SUBSCRIPTIONS = 50;

async function exchange(client: Client, messages: readonly object[]): Promise<Reply[]> {
  const replies = JSON.parse(await client.ask(JSON.stringify(messages))) as Reply[];
  for (const { successful, error, channel } of replies) {
    if (successful === false) throw new Error(`${channel}: ${error}`);
  }
  return replies;
}

function connectText(clientId: string, connectionType: string): string {
  return JSON.stringify([{ channel: '/meta/connect', clientId, connectionType, id: 'p' }]);
}

function expect(text: string, beginning: string): void {
  if (!text.startsWith(beginning)) throw new Error(`not ${beginning}: ${text.slice(0, 100)}`);
}
