import { COMET_GATEWAY_PATH } from './tokens.js';

/** Whether a gateway with this path serves Bayeux sessions. Nest takes paths with and without slashes around them. */
export function isBayeuxPath(path: string | undefined, endpoint: string): boolean {
  return path === COMET_GATEWAY_PATH || `/${(path ?? '').replace(/^\/+|\/+$/g, '')}` === endpoint;
}
