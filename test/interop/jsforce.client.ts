import { createRequire } from 'node:module';
import type { FayeConnection, FayeExtension, FayeMessage } from 'faye';
import { within } from '../support/until.js';
import { FayeClient } from './faye.client.js';
import { type RealClientSettings, tokenOf } from './real-client.js';

/** The parts of jsforce that are used here. Its own types declare faye a second time. */
interface Jsforce {
  readonly Connection: new (options: {
    readonly instanceUrl: string;
    readonly accessToken: string;
    readonly version: string;
  }) => JsforceConnection;
}

interface JsforceStreaming {
  readonly StreamingExtension: {
    readonly AuthFailure: new (failed: (message: FayeMessage) => void) => FayeExtension;
    readonly Replay: new (channel: string, replayId: number) => FayeExtension;
  };
}

/** A connection of jsforce, as far as it is about streaming. */
export interface JsforceConnection {
  readonly streaming: {
    createClient(extensions: readonly FayeExtension[]): FayeConnection;
    topic(name: string): { subscribe(listener: (data: unknown) => void): PromiseLike<unknown> };
  };
}

// As its manual has it: the package has no names for what `import` would look for.
const require = createRequire(import.meta.url);
const { Connection } = require('jsforce') as Jsforce;
const { StreamingExtension } = require('jsforce/api/streaming') as JsforceStreaming;

/** What somebody has who knows the address of a Salesforce instance, and has a token for it. */
export function jsforceConnection(url: string, accessToken = ''): JsforceConnection {
  return new Connection({ instanceUrl: url.replace(/\/cometd$/, ''), accessToken, version: '61.0' });
}

/** The topic whose events it wants to have replayed. */
export const REPLAYED = '/topic/News';

/** The streaming client of jsforce with the extensions that come with it. */
export class JsforceClient extends FayeClient {
  /** Everything that came in, ahead of the extensions. */
  readonly incoming: readonly FayeMessage[];
  /** What its extension took for the end of its authentication. */
  readonly failures: readonly FayeMessage[];
  readonly #nextConnect: () => Promise<void>;
  #left = false;

  constructor({ token: presented, ...settings }: RealClientSettings) {
    const token = tokenOf({ token: presented ?? '', ...settings });
    const incoming: FayeMessage[] = [];
    const failures: FayeMessage[] = [];
    let answered: (() => void) | undefined;
    const record: FayeExtension = {
      incoming: (message, callback) => {
        incoming.push(message);
        if (message.channel === '/meta/connect') answered?.();
        callback(message);
      },
    };
    const { streaming } = jsforceConnection(settings.url, token);
    const extensions = [
      record,
      new StreamingExtension.AuthFailure((message) => void failures.push(message)),
      new StreamingExtension.Replay(REPLAYED, -2),
    ];
    super(settings, streaming.createClient(extensions));
    this.incoming = incoming;
    this.failures = failures;
    this.#nextConnect = () => new Promise((resolve) => (answered = resolve));
  }

  /**
   * Leaves between two connects: jsforce has faye wait for five seconds before it repeats one whose socket was closed,
   * also where it has left, and the process with it.
   */
  override async stop(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    if (this.connected && this.failures.length === 0) await within('a connect', this.#nextConnect());
    await super.stop();
  }

  /** The errors it was told on a channel. */
  errors(channel: string): unknown[] {
    return this.incoming
      .filter((message) => message.channel === channel && message.successful === false)
      .map(({ error }) => error);
  }
}
