import type { BayeuxOptions } from './bayeux-options.js';
import type {
  Authority,
  Decision,
  Engine,
  IdSource,
  Logger,
  MaybePromise,
  Principal,
  Scheduler,
} from './ports.js';
import type { Services, SessionListener } from './service.js';
import type { Session, SessionHost } from './session.js';
import type { Sessions } from './sessions.js';
import type { Subscriptions } from './subscriptions.js';

/** What the core asks of the outside. */
export interface BayeuxPorts {
  readonly scheduler: Scheduler;
  readonly engine: Engine;
  readonly authority: Authority;
  readonly services: Services;
  readonly listener: SessionListener;
  readonly ids: IdSource;
  readonly logger: Logger;
  /** A number from 0 to 1, which spreads clients over time. */
  readonly random: () => number;
}

/** The part of the server that the handlers of messages work with. */
export interface Core extends SessionHost, BayeuxPorts {
  readonly options: BayeuxOptions;
  readonly scheduler: Scheduler;
  readonly sessions: Sessions;
  readonly subscriptions: Subscriptions<Session>;
  /** True from the moment the server is going away. */
  readonly draining: boolean;
  /** Asks the authority, within the time limit; whatever goes wrong there denies. */
  decide(
    operation: 'subscribe' | 'publish' | 'call',
    principal: Principal,
    channel: string,
  ): MaybePromise<Decision>;
}
