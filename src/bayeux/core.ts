import type { Audit } from './audit.js';
import type { BayeuxOptions } from './bayeux-options.js';
import type { Operation } from './errors.js';
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
import type { Revocable } from './revocation.js';
import type { Revocations } from './revocations.js';
import type { Channels } from './channels.js';
import type { Extensions } from './extension.js';
import type { Listeners } from './listeners.js';
import type { ServerListener } from './server-listener.js';
import type { Services, SessionListener } from './service.js';
import type { Session } from './session.js';
import type { SessionHost } from './session-state.js';
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
  /** @default records nothing */
  readonly audit?: Audit;
  /** What a principal can be revoked by. @default nothing */
  readonly revocable?: (principal: Principal) => Revocable;
  /** Under which name the clients of an address are counted together. @default the address */
  readonly networkOf?: (address: string | undefined) => string;
  /** A number from 0 to 1, which spreads clients over time. */
  readonly random: () => number;
}

/** The part of the server that the handlers of messages work with. */
export interface Core extends SessionHost, BayeuxPorts {
  readonly audit: Audit;
  readonly options: BayeuxOptions;
  readonly scheduler: Scheduler;
  readonly sessions: Sessions;
  readonly revocations: Revocations;
  readonly subscriptions: Subscriptions<Session>;
  readonly channels: Channels;
  readonly extensions: Extensions;
  readonly listeners: Listeners<ServerListener>;
  readonly logger: Logger;
  /** True from the moment the server is going away. */
  readonly draining: boolean;
  /** Tells the listeners of a session that has begun. */
  announce(session: Session): void;
  /** What a message that goes out now is stamped with, if any is. */
  timestamp(): string | undefined;
  /** Asks the authority and the authorizers, within the time limit; whatever goes wrong there denies. */
  decide(operation: Exclude<Operation, 'create'>, session: Session, channel: string): MaybePromise<Decision>;
}
