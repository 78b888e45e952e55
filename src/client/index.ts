/**
 * Helpers for pages that use the `cometd` client. Plain ES modules without dependencies: a bundler takes them, and so does
 * a browser as they are.
 *
 * @packageDocumentation
 */
export type { ClientMessage, CometdClient } from './cometd-client.js';
export type { FetchedToken, TokenRefreshOptions, TokenRequest } from './token-refresh.options.js';
export { type TokenRefresh, tokenRefresh } from './token-refresh.js';
