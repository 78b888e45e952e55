import type { ChannelSettings } from './channel-settings.js';
import type { Session } from './session.js';
import type { SessionEnd } from './session-state.js';

/** Told of what happens in a server. One that throws is logged and harms nobody. */
export interface ServerListener {
  /** A handshake has succeeded; its reply has not been written yet. */
  sessionAdded?(session: Session): void;
  sessionRemoved?(session: Session, why: SessionEnd): void;
  /** A channel is about to get its first subscriber; settings made here hold from its beginning to its last one. */
  configureChannel?(channel: ChannelSettings): void;
  /** A channel or pattern has got its first subscriber. */
  channelAdded?(name: string, tenant: string): void;
  /** Its last subscriber has gone. */
  channelRemoved?(name: string, tenant: string): void;
  subscribed?(session: Session, subscription: string): void;
  unsubscribed?(session: Session, subscription: string): void;
}
