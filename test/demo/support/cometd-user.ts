import { CometD, type Message } from 'cometd';
import { adapt } from 'cometd-nodejs-client';

adapt();

/** A program of a user with the stock `cometd` client. */
export class CometdUser {
  /** Texts and data that arrived, in order. */
  readonly arrived: unknown[] = [];

  private constructor(private readonly client: CometD) {}

  static open(url: string, token: string): Promise<CometdUser> {
    const client = new CometD();
    client.configure({ url: `${url}/cometd`, logLevel: 'warn' });
    return new Promise((resolve, reject) => {
      client.handshake({ ext: { auth: { token } } }, (reply) => {
        if (reply.successful) resolve(new CometdUser(client));
        else reject(new Error(`The handshake failed: ${reply.error}`));
      });
    });
  }

  get transport(): string | undefined {
    return this.client.getTransport()?.type;
  }

  subscribe(channel: string): Promise<Message> {
    return new Promise((resolve) => {
      this.client.subscribe(channel, ({ data }) => this.arrived.push(data), resolve);
    });
  }

  publish(channel: string, data: unknown): Promise<Message> {
    return new Promise((resolve) => this.client.publish(channel, data, resolve));
  }

  /** Publishes to a service channel and waits for what it answers. */
  call(channel: string, data: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const handle = this.client.addListener(channel, (message) => {
        this.client.removeListener(handle);
        resolve(message.data);
      });
      this.client.publish(channel, data, ({ successful, error }) => {
        if (!successful) reject(new Error(`The call failed: ${error ?? 'no answer'}`));
      });
    });
  }

  close(): Promise<Message> {
    return new Promise((resolve) => this.client.disconnect(resolve));
  }
}
