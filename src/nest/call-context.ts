import { AsyncLocalStorage } from 'node:async_hooks';

/** The service call that is being handled. Nest reports failures of handlers aside from their results. */
export interface CallContext {
  /** The error for the peer, once the call has failed. */
  error?: string;
}

/** Where failures find the call they belong to. */
export const currentCall = new AsyncLocalStorage<CallContext>();
