export type {
  CometAuthOptions,
  CometBackchannelLogoutOptions,
  CometExpiryOptions,
  CometIntrospectionOptions,
  CometIssuerOptions,
  CometIssuerSettings,
  CometRevocationOptions,
  KindDecision,
  TenantClaim,
  TokenStrategy,
  UserIdMapping,
} from './auth/auth-options.js';
export type { ChannelRule, RuleCondition } from './auth/channel-rule.js';
export type { CometPrincipal } from './auth/comet-principal.js';
export type { RevocationTarget } from './auth/revocation-target.js';
export {
  AuthUnavailableError,
  TokenError,
  type TokenErrorCode,
  type TokenVerifier,
} from './auth/token-verifier.js';
export type { AuditEventType } from './bayeux/audit.js';
export type { ActivityMode, SessionBinding, SessionTimes } from './bayeux/bayeux-options.js';
export { channelSegment } from './bayeux/channel.js';
export type { Authorization } from './bayeux/channel-settings.js';
export type { ChannelParams } from './bayeux/channel-template.js';
export { BayeuxErrors } from './bayeux/errors.js';
export type { IncomingVerdict, OutgoingMessage, OutgoingVerdict } from './bayeux/extension.js';
export { BinaryData } from './bayeux/extensions/binary.js';
export type { Principal, PublishResult } from './bayeux/ports.js';
export type { QueueVerdict } from './bayeux/queue-policy.js';
export { BayeuxRefusal } from './bayeux/refusal.js';
export type { RevocationResult } from './bayeux/revocation.js';
export type { SessionEnd } from './bayeux/session-state.js';
export type { CometAudit, CometAuditEvent } from './nest/comet-audit.js';
export { CometAdapter } from './nest/comet.adapter.js';
export { ChannelParam } from './nest/channel-param.decorator.js';
export type { ChannelAuthorizer } from './nest/channel-authorizer.js';
export { CometAuthorize } from './nest/comet-authorize.decorator.js';
export { CometAdminModule, type CometAdminOptions } from './nest/comet-admin.module.js';
export { CometAuth } from './nest/comet-auth.service.js';
export {
  type CometAuthorizationRequest,
  type CometAuthorizer,
  CometChannel,
  type CometChannelListener,
  type CometChannelSettings,
} from './nest/comet-channel.js';
export type { CometCounts } from './nest/comet.endpoint.js';
export { CometContext, type CometOperation } from './nest/comet-context.js';
export { CometExceptionFilter } from './nest/comet-exception.filter.js';
export { CometError, type CometErrorOptions } from './nest/comet-error.js';
export type { CometExtension } from './nest/comet-extension.js';
export { CometGateway } from './nest/comet-gateway.decorator.js';
export type { CometListener } from './nest/comet-listener.js';
export { CometLocalSession } from './nest/comet-local-session.js';
export type { BroadcastOptions, CometMessage, SendOptions } from './nest/comet-message.js';
export type {
  CometCallbackPollingOptions,
  CometChannelOptions,
  CometCompatOptions,
  CometCookieOptions,
  CometLimitOptions,
  CometLongPollingOptions,
  CometModuleOptions,
  CometOptionsFactory,
  CometQueueOptions,
  CometServiceOptions,
  CometSessionOptions,
  CometTransportTimes,
  CometWebSocketOptions,
} from './nest/comet-module-options.js';
export { CometModule, type CometModuleAsyncOptions } from './nest/comet.module.js';
export { CometOAuthGuard } from './nest/comet-oauth.guard.js';
export { CometPublic } from './nest/comet-public.decorator.js';
export { CometService } from './nest/comet.service.js';
export type { CometQueueOverflow, CometQueuePolicy } from './nest/comet-queue-policy.js';
export { CometSession } from './nest/comet-session.js';
export type { CometSessionListener } from './nest/comet-session-listener.js';
export { CometUser } from './nest/comet-user.decorator.js';
export { OnChannel } from './nest/on-channel.decorator.js';
export { OnPublish } from './nest/on-publish.decorator.js';
export { OnSubscribe } from './nest/on-subscribe.decorator.js';
export type { ChannelReference, UserReference } from './nest/references.js';
export { RevocationDto } from './nest/revocation.dto.js';
export { RequireKind, RequireScopes } from './nest/require-scopes.decorator.js';
export { TOKEN_VERIFIER } from './nest/tokens.js';
export { CloseCodes } from './transports/socket.link.js';
export type { TransportName, TrustProxy } from './transports/transport-options.js';
