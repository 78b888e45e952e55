import { AsyncLocalStorage } from 'node:async_hooks';
import type { ChannelParams } from '../bayeux/channel-template.js';

/** The service call that is being handled. Nest reports failures of handlers aside from their results. */
export interface CallContext {
  /** The variables of the template that the handler was found by. */
  readonly params: ChannelParams;
  /** The error for the peer, once the call has failed. */
  error?: string;
}

/** Where failures find the call they belong to. */
export const currentCall = new AsyncLocalStorage<CallContext>();
