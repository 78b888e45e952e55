import type { ServerListener } from '../bayeux/server-listener.js';
import type { BayeuxServer } from '../bayeux/server.js';
import type { SessionEnd } from '../bayeux/session-state.js';
import { CometChannel } from './comet-channel.js';
import { type CometSession, viewOf } from './comet-session.js';

/**
 * Told of what happens in the push server of this process. One that throws is logged and harms nobody.
 *
 * @publicApi
 */
export interface CometListener {
  /** A handshake has succeeded; its reply has not been written yet. */
  sessionAdded?(session: CometSession): void;
  /** A session has ended; `timeout` and `inactive` are the ends that nobody asked for. */
  sessionRemoved?(session: CometSession, why: SessionEnd): void;
  /** A channel is about to get its first subscriber; what is settled here holds until its last one has gone. */
  configureChannel?(channel: CometChannel): void;
  /** A channel or pattern has got its first subscriber, in a tenant where there are any. */
  channelAdded?(name: string, tenant: string): void;
  /** Its last subscriber has gone. */
  channelRemoved?(name: string, tenant: string): void;
  subscribed?(session: CometSession, subscription: string): void;
  unsubscribed?(session: CometSession, subscription: string): void;
}

/** A listener of the application as the protocol knows it. */
export function serverListenerOf(server: BayeuxServer, listener: CometListener): ServerListener {
  return {
    sessionAdded: (session) => listener.sessionAdded?.(viewOf(session)),
    sessionRemoved: (session, why) => listener.sessionRemoved?.(viewOf(session), why),
    channelAdded: (name, tenant) => listener.channelAdded?.(name, tenant),
    channelRemoved: (name, tenant) => listener.channelRemoved?.(name, tenant),
    subscribed: (session, subscription) => listener.subscribed?.(viewOf(session), subscription),
    unsubscribed: (session, subscription) => listener.unsubscribed?.(viewOf(session), subscription),
    // Settings are made for every channel only where somebody wants to have a say in them.
    ...(listener.configureChannel && {
      configureChannel: (settings) => listener.configureChannel?.(new CometChannel(server, settings)),
    }),
  };
}
