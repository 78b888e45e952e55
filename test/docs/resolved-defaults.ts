import { resolveOptions } from '../../src/nest/comet-options.resolver.js';

/** The defaults that hold, under the names that users write. */
export function resolvedDefaults(): Record<string, unknown> {
  const { bayeux, transport, jwt } = resolveOptions({
    auth: { issuer: 'https://op.example', audience: 'push' },
  });
  return {
    path: transport.path,
    'auth.algorithms': jwt?.algorithms,
    'auth.tokenTypes': jwt?.tokenTypes,
    'auth.requiredScopes': jwt?.requiredScopes,
    'auth.userClaim': jwt?.userClaim,
    'auth.clockTolerance': jwt?.clockTolerance,
    'auth.allowInsecureIssuer': jwt?.allowInsecureIssuer,
    'auth.anonymous': false,
    rules: [],
    origins: transport.origins,
    callbackPolling: transport.callbackPolling,
    'session.timeout': bayeux.timeout,
    'session.interval': bayeux.interval,
    'session.maxInterval': bayeux.maxInterval,
    'session.maxProcessing': bayeux.maxProcessing,
    'session.hookTimeout': bayeux.hookTimeout,
    'session.rehandshakeSpread': bayeux.rehandshakeSpread,
    'session.maxPerUser': bayeux.maxSessionsPerUser,
    'session.maxHeldPerBrowser': bayeux.maxHeldPerBrowser,
    'session.multiSessionInterval': bayeux.multiSessionInterval,
    'session.acknowledge': bayeux.acknowledge,
    'session.timesync': bayeux.timesync,
    'session.binding': bayeux.sessionBinding,
    'queue.maxMessages': bayeux.queue.maxMessages,
    'queue.maxBytes': bayeux.queue.maxBytes,
    'limits.messageBytes': transport.maxMessageBytes,
    'limits.batch': transport.maxBatch,
    'limits.depth': transport.maxDepth,
    'limits.channelLength': bayeux.channel.maxLength,
    'limits.channelDepth': bayeux.channel.maxDepth,
    'limits.subscriptions': bayeux.maxSubscriptions,
    'limits.sessions': bayeux.maxSessions,
    'limits.handshakeTimeout': transport.handshakeTimeout,
    'limits.bufferedBytes': transport.maxBufferedBytes,
    'cookie.name': transport.cookie.name,
    'cookie.path': transport.cookie.path,
    'cookie.sameSite': transport.cookie.sameSite,
  };
}
