export type { CometAuthOptions } from './auth/auth-options.js';
export type { ChannelRule, RuleCondition } from './auth/channel-rule.js';
export type { CometPrincipal } from './auth/comet-principal.js';
export {
  AuthUnavailableError,
  TokenError,
  type TokenErrorCode,
  type TokenVerifier,
} from './auth/token-verifier.js';
export type { SessionBinding } from './bayeux/bayeux-options.js';
export { channelSegment } from './bayeux/channel.js';
export { BayeuxErrors } from './bayeux/errors.js';
export type { Principal, PublishResult } from './bayeux/ports.js';
export { CometAdapter } from './nest/comet.adapter.js';
export type { CometCounts } from './nest/comet.endpoint.js';
export { CometExceptionFilter } from './nest/comet-exception.filter.js';
export { CometGateway } from './nest/comet-gateway.decorator.js';
export type {
  CometCookieOptions,
  CometLimitOptions,
  CometModuleOptions,
  CometOptionsFactory,
  CometQueueOptions,
  CometSessionOptions,
} from './nest/comet-module-options.js';
export { CometModule, type CometModuleAsyncOptions } from './nest/comet.module.js';
export { CometOAuthGuard } from './nest/comet-oauth.guard.js';
export { CometService, type UserReference } from './nest/comet.service.js';
export { CometSession } from './nest/comet-session.js';
export { TOKEN_VERIFIER } from './nest/tokens.js';
export { CloseCodes } from './transports/socket.link.js';
export type { TrustProxy } from './transports/transport-options.js';
