import { validateSync, type ValidationError } from 'class-validator';
import type { CometAuthOptions, CometExpiryOptions } from '../auth/auth-options.js';
import type { ChannelRule } from '../auth/channel-rule.js';
import { type CredentialOptions, DEFAULT_ALIASES } from '../auth/credentials.js';
import { type IssuerSettings, issuerSettings } from '../auth/issuer-settings.js';
import { haveTenants, validateIssuers } from '../auth/issuer-settings.validation.js';
import type { LogoutTokenOptions } from '../auth/logout-token.js';
import { MAX_TOKEN_LENGTH } from '../auth/presented-token.js';
import type { RevocationTimes } from '../auth/revocation-target.js';
import { validateRules } from '../auth/rule.validation.js';
import {
  type BayeuxOptions,
  DEFAULT_BAYEUX_OPTIONS,
  type ExpiryOptions,
  type SessionTimes,
} from '../bayeux/bayeux-options.js';
import { OriginPolicy } from '../transports/origin-policy.js';
import { BODY_OVERHEAD, type BodyLimits } from '../transports/pending-bodies.js';
import { ProxyTrust } from '../transports/proxy-trust.js';
import { DEFAULT_TRANSPORT_OPTIONS, type TransportOptions } from '../transports/transport-options.js';
import type { ChannelAuthorizer } from './channel-authorizer.js';
import type { CometAudit } from './comet-audit.js';
import type { CometExtension } from './comet-extension.js';
import type { CometLimitOptions, CometModuleOptions, CometTransportTimes } from './comet-module-options.js';
import { protectedResource } from './protected-resource.js';
import { policyOf } from './comet-queue-policy.js';
import { viewOf } from './comet-session.js';
import { OptionsShape } from './comet-options.shape.js';

/** Seconds. */
const DAY = 86_400;

/** The options of all parts, complete and checked. */
export interface ResolvedOptions {
  readonly bayeux: BayeuxOptions;
  readonly transport: TransportOptions;
  readonly auth: CometAuthOptions;
  /** The issuers whose tokens the built-in verifiers accept: none where the verifier is the application's own. */
  readonly issuers: readonly IssuerSettings[];
  /** Characters a token may have. */
  readonly maxTokenLength: number;
  /** Where tokens may come from. */
  readonly credentials: CredentialOptions;
  readonly revocation: RevocationTimes;
  /** What logout tokens must be like, if they are taken. */
  readonly logout: LogoutTokenOptions | undefined;
  readonly rules: readonly ChannelRule[];
  /** Whether principals have tenants. */
  readonly tenants: boolean;
  readonly authorizers: readonly ChannelAuthorizer[];
  readonly extensions: readonly CometExtension[];
  readonly audit: CometAudit | undefined;
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError that lists every mistake with what to write instead.
 */
export function resolveOptions(options: CometModuleOptions): ResolvedOptions {
  const maybe = options as CometModuleOptions | undefined;
  const errors = validateSync(OptionsShape.of(maybe ?? ({} as CometModuleOptions)), {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
    stopAtFirstError: true,
  });
  refuse(errors.flatMap((error) => sentences(error)));

  const { channels = {}, websocket = {}, longPolling = {}, callbackPolling = {} } = options;
  const { auth, rules = [], session = {}, queue = {}, limits = {}, cookie = {}, compat = {} } = options;
  const transports = options.transports ?? DEFAULT_TRANSPORT_OPTIONS.transports;
  const issuers = issuerSettings(auth);
  const named = auth.verifier ? undefined : issuers.map(({ issuer }) => issuer);
  refuse([...validateRules(rules, named), ...validateIssuers(auth, issuers), ...combinations(options)]);

  const bayeux = DEFAULT_BAYEUX_OPTIONS;
  const transport = DEFAULT_TRANSPORT_OPTIONS;
  return {
    auth,
    issuers,
    maxTokenLength: auth.maxTokenLength ?? MAX_TOKEN_LENGTH,
    tenants: auth.tenants ?? haveTenants(issuers),
    credentials: { aliases: auth.aliases ?? DEFAULT_ALIASES, exo: compat.exo ?? false },
    revocation: revocationTimes(auth),
    logout: logoutOptions(auth),
    rules,
    authorizers: options.authorizers ?? [],
    extensions: options.extensions ?? [],
    audit: options.audit,
    bayeux: {
      timeout: session.timeout ?? bayeux.timeout,
      interval: session.interval ?? bayeux.interval,
      maxInterval: session.maxInterval ?? bayeux.maxInterval,
      maxProcessing: session.maxProcessing ?? bayeux.maxProcessing,
      drainTimeout: options.services?.drainTimeout ?? bayeux.drainTimeout,
      answerVoid: options.services?.answerVoid ?? bayeux.answerVoid,
      hookTimeout: session.hookTimeout ?? bayeux.hookTimeout,
      rehandshakeSpread: session.rehandshakeSpread ?? bayeux.rehandshakeSpread,
      maxSessions: limits.sessions ?? bayeux.maxSessions,
      maxSessionsPerUser: session.maxPerUser ?? bayeux.maxSessionsPerUser,
      maxAnonymousPerNetwork: limits.anonymousSessionsPerAddress ?? bayeux.maxAnonymousPerNetwork,
      maxSubscriptions: limits.subscriptions ?? bayeux.maxSubscriptions,
      maxBatch: limits.batch ?? bayeux.maxBatch,
      rate: {
        perSecond: limits.messagesPerSecond ?? bayeux.rate.perSecond,
        burst: limits.burst ?? bayeux.rate.burst,
      },
      maxNames: limits.namesPerRequest ?? bayeux.maxNames,
      maxIdLength: bayeux.maxIdLength,
      maxHeldPerBrowser: session.maxHeldPerBrowser ?? bayeux.maxHeldPerBrowser,
      multiSessionInterval: session.multiSessionInterval ?? bayeux.multiSessionInterval,
      maxHeldPerBrowserHttp2: session.maxHeldPerBrowserHttp2 ?? bayeux.maxHeldPerBrowserHttp2,
      transportTimes: {
        websocket: timesIn(websocket),
        'long-polling': timesIn(longPolling),
        'callback-polling': timesIn(callbackPolling),
      },
      broadcastToPublisher: channels.broadcastToPublisher ?? bayeux.broadcastToPublisher,
      lazyTimeout: channels.lazyTimeout ?? bayeux.lazyTimeout,
      metaConnectDeliverOnly: session.metaConnectDeliverOnly ?? bayeux.metaConnectDeliverOnly,
      requireHandshakePerConnection:
        websocket.requireHandshakePerConnection ?? bayeux.requireHandshakePerConnection,
      handshakeReconnect: session.handshakeReconnect ?? bayeux.handshakeReconnect,
      deliverDuringHandshake: session.deliverDuringHandshake ?? bayeux.deliverDuringHandshake,
      acknowledge: session.acknowledge ?? bayeux.acknowledge,
      timesync: session.timesync ?? bayeux.timesync,
      timestamp: session.timestamp ?? bayeux.timestamp,
      binary: session.binary ?? bayeux.binary,
      maxInactivity: session.maxInactivity ?? bayeux.maxInactivity,
      activityMode: session.activityMode ?? bayeux.activityMode,
      sessionBinding: session.binding ?? bayeux.sessionBinding,
      expiry: expiryOptions(auth.expiry),
      channel: {
        maxLength: limits.channelLength ?? bayeux.channel.maxLength,
        maxDepth: limits.channelDepth ?? bayeux.channel.maxDepth,
      },
      queue: {
        maxMessages: queue.maxMessages ?? bayeux.queue.maxMessages,
        maxBytes: queue.maxBytes ?? bayeux.queue.maxBytes,
      },
      queuePolicy: queue.policy === undefined ? bayeux.queuePolicy : policyOf(queue.policy, viewOf),
      transports,
    },
    transport: {
      path: options.path ?? transport.path,
      origins: options.origins ?? transport.origins,
      hosts: options.hosts ?? transport.hosts,
      trustProxy: options.trustProxy,
      cookie: { ...transport.cookie, hostPrefix: cookie.name === undefined, ...given(cookie) },
      transports,
      webSocket: {
        protocol: websocket.protocol ?? transport.webSocket.protocol,
        messagesPerFrame: websocket.messagesPerFrame ?? transport.webSocket.messagesPerFrame,
        frameBytes: websocket.frameBytes ?? transport.webSocket.frameBytes,
        idleTimeout: websocket.idleTimeout ?? transport.webSocket.idleTimeout,
        compression: websocket.compression ?? transport.webSocket.compression,
      },
      callback: {
        parameter: callbackPolling.parameter ?? transport.callback.parameter,
        maxCallbackLength: callbackPolling.maxCallbackLength ?? transport.callback.maxCallbackLength,
      },
      duplicateConnectStatus: longPolling.duplicateConnectStatus ?? transport.duplicateConnectStatus,
      salesforce: compat.salesforce ?? transport.salesforce,
      maxMessageBytes: limits.messageBytes ?? transport.maxMessageBytes,
      maxDepth: limits.depth ?? transport.maxDepth,
      maxBufferedBytes: limits.bufferedBytes ?? transport.maxBufferedBytes,
      handshakeTimeout: limits.handshakeTimeout ?? transport.handshakeTimeout,
      pendingSockets: {
        inAll: limits.pendingSockets ?? transport.pendingSockets.inAll,
        perAddress: limits.pendingSocketsPerAddress ?? transport.pendingSockets.perAddress,
      },
      bodies: bodyLimits(limits),
      badHandshakes: limits.badHandshakes ?? transport.badHandshakes,
      refreshes: limits.refreshes ?? transport.refreshes,
      retryAfter: transport.retryAfter,
      resource: protectedResource(auth),
    },
  };
}

/** Where one message may be large, some of them find room together. */
function bodyLimits({
  messageBytes = 0,
  bodyBytes,
  bodyBytesPerAddress,
  bodyTimeout,
}: CometLimitOptions): BodyLimits {
  const { inAll, perAddress, timeout } = DEFAULT_TRANSPORT_OPTIONS.bodies;
  return {
    inAll: bodyBytes ?? Math.max(inAll, 32 * messageBytes),
    perAddress: bodyBytesPerAddress ?? Math.max(perAddress, 4 * messageBytes),
    timeout: bodyTimeout ?? timeout,
  };
}

/** In milliseconds, as all times of the core. */
function expiryOptions(expiry: CometExpiryOptions = {}): ExpiryOptions {
  const { refreshLead, grace, maxSessionAge, suspend, anyClient } = expiry;
  const defaults = DEFAULT_BAYEUX_OPTIONS.expiry;
  return {
    refreshLead: refreshLead === undefined ? defaults.refreshLead : refreshLead * 1_000,
    grace: grace === undefined ? defaults.grace : grace * 1_000,
    maxSessionAge: maxSessionAge === undefined ? defaults.maxSessionAge : maxSessionAge * 1_000,
    suspend: suspend ?? defaults.suspend,
    anyClient: anyClient ?? defaults.anyClient,
  };
}

function revocationTimes({ revocation = {} }: CometAuthOptions): RevocationTimes {
  const { sidTtl = DAY, tokenTtl = DAY } = revocation;
  return { login: sidTtl * 1000, token: tokenTtl * 1000 };
}

function logoutOptions({ backchannelLogout }: CometAuthOptions): LogoutTokenOptions | undefined {
  if (!backchannelLogout) return undefined;
  const { clientIds, strictType = false, fallbackToSub = true } = backchannelLogout;
  return { clientIds, strictType, fallbackToSub };
}

/** Without what is `undefined`, which would undo a default. */
function given<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

function timesIn({ timeout, interval, maxInterval }: CometTransportTimes): Partial<SessionTimes> {
  return given({ timeout, interval, maxInterval });
}

function combinations(options: CometModuleOptions): string[] {
  const { auth, session, trustProxy, origins, hosts, websocket, cookie, limits = {} } = options;
  const mistakes: string[] = [];
  const { messageBytes = DEFAULT_TRANSPORT_OPTIONS.maxMessageBytes } = limits;
  for (const name of ['bodyBytes', 'bodyBytesPerAddress'] as const) {
    const room = limits[name];
    if (room === undefined || room === 0 || room >= messageBytes + BODY_OVERHEAD) continue;
    mistakes.push(
      `limits.${name} has no room for one body of limits.messageBytes (${messageBytes}): ` +
        `write ${messageBytes + BODY_OVERHEAD} or more, or leave it out.`,
    );
  }
  const timeout = websocket?.timeout ?? session?.timeout ?? DEFAULT_BAYEUX_OPTIONS.timeout;
  if (websocket?.idleTimeout && websocket.idleTimeout <= timeout) {
    mistakes.push(
      `websocket.idleTimeout is not above the timeout of connects (${timeout}), during which clients say nothing: ` +
        'write a larger one, or leave it out.',
    );
  }
  if (cookie?.secure === false && (cookie.sameSite === 'None' || cookie.partitioned === true)) {
    mistakes.push(
      'cookie.secure is false, but browsers drop such cookies unless they are Secure: leave it out.',
    );
  }
  if (
    auth.resource !== undefined &&
    auth.audience !== undefined &&
    ![auth.audience].flat().includes(auth.resource)
  ) {
    mistakes.push(
      'auth.audience lacks auth.resource, so that tokens clients ask for by that name would be refused: ' +
        'add it there, or leave audience out.',
    );
  }
  if (auth.verifier && (auth.issuer !== undefined || auth.issuers !== undefined)) {
    mistakes.push('auth has both an issuer and a verifier: keep the one that shall verify tokens.');
  }
  if (auth.tenants !== undefined && !auth.verifier) {
    mistakes.push('auth.tenants is about the principals of a verifier of your own: leave it out.');
  }
  if (
    session?.binding === 'token' &&
    auth.anonymous === true &&
    auth.issuer === undefined &&
    auth.issuers === undefined &&
    !auth.verifier
  ) {
    mistakes.push("session.binding is 'token', but no client has one: leave it out.");
  }
  if (auth.backchannelLogout && auth.issuer === undefined && !auth.issuers) {
    mistakes.push(
      'auth.backchannelLogout needs the issuer that sends logout tokens: write auth.issuer, or leave it out.',
    );
  }
  for (const check of [() => new ProxyTrust(trustProxy), () => new OriginPolicy(origins ?? [], hosts)]) {
    try {
      check();
    } catch (error) {
      mistakes.push((error as TypeError).message);
    }
  }
  return mistakes;
}

function sentences({ property, constraints, children }: ValidationError, parent = ''): string[] {
  const unknown = constraints?.['whitelistValidation'] !== undefined;
  const own = unknown
    ? [`${parent}${property} is no option of CometModule: look for a misspelling, or leave it out.`]
    : Object.values(constraints ?? {}).map((sentence) => `${parent}${sentence}`);
  return [...own, ...(children ?? []).flatMap((child) => sentences(child, `${parent}${property}.`))];
}

function refuse(mistakes: readonly string[]): void {
  if (mistakes.length === 0) return;
  throw new TypeError(
    `CometModule cannot start with these options:\n${mistakes.map((m) => `- ${m}`).join('\n')}`,
  );
}
