import { validateSync, type ValidationError } from 'class-validator';
import type { CometAuthOptions } from '../auth/auth-options.js';
import type { ChannelRule } from '../auth/channel-rule.js';
import { type JwtVerifierOptions, validateJwtOptions } from '../auth/jwt-verifier.options.js';
import { validateRules } from '../auth/rule.validation.js';
import { type BayeuxOptions, DEFAULT_BAYEUX_OPTIONS } from '../bayeux/bayeux-options.js';
import { ProxyTrust } from '../transports/proxy-trust.js';
import { DEFAULT_TRANSPORT_OPTIONS, type TransportOptions } from '../transports/transport-options.js';
import type { CometModuleOptions } from './comet-module-options.js';
import { OptionsShape } from './comet-options.shape.js';

/** The options of all parts, complete and checked. */
export interface ResolvedOptions {
  readonly bayeux: BayeuxOptions;
  readonly transport: TransportOptions;
  readonly auth: CometAuthOptions;
  /** The options of the built-in verifier, if it is the one that verifies. */
  readonly jwt: JwtVerifierOptions | undefined;
  readonly rules: readonly ChannelRule[];
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws TypeError that lists every mistake with what to write instead.
 */
export function resolveOptions(options: CometModuleOptions): ResolvedOptions {
  const given = options as CometModuleOptions | undefined;
  const errors = validateSync(OptionsShape.of(given ?? ({} as CometModuleOptions)), {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: false,
    stopAtFirstError: true,
  });
  refuse(errors.flatMap((error) => sentences(error)));

  const { auth, rules = [], session = {}, queue = {}, limits = {}, cookie = {} } = options;
  const { callbackPolling = DEFAULT_TRANSPORT_OPTIONS.callbackPolling } = options;
  const jwt = jwtOptions(auth);
  refuse([...validateRules(rules), ...(jwt ? validateJwtOptions(jwt) : []), ...combinations(options)]);

  const bayeux = DEFAULT_BAYEUX_OPTIONS;
  const transport = DEFAULT_TRANSPORT_OPTIONS;
  return {
    auth,
    jwt,
    rules,
    bayeux: {
      ...bayeux,
      timeout: session.timeout ?? bayeux.timeout,
      interval: session.interval ?? bayeux.interval,
      maxInterval: session.maxInterval ?? bayeux.maxInterval,
      maxProcessing: session.maxProcessing ?? bayeux.maxProcessing,
      hookTimeout: session.hookTimeout ?? bayeux.hookTimeout,
      rehandshakeSpread: session.rehandshakeSpread ?? bayeux.rehandshakeSpread,
      maxSessions: limits.sessions ?? bayeux.maxSessions,
      maxSessionsPerUser: session.maxPerUser ?? bayeux.maxSessionsPerUser,
      maxSubscriptions: limits.subscriptions ?? bayeux.maxSubscriptions,
      maxIdLength: bayeux.maxIdLength,
      maxHeldPerBrowser: session.maxHeldPerBrowser ?? bayeux.maxHeldPerBrowser,
      multiSessionInterval: session.multiSessionInterval ?? bayeux.multiSessionInterval,
      acknowledge: session.acknowledge ?? bayeux.acknowledge,
      timesync: session.timesync ?? bayeux.timesync,
      sessionBinding: session.binding ?? bayeux.sessionBinding,
      channel: {
        maxLength: limits.channelLength ?? bayeux.channel.maxLength,
        maxDepth: limits.channelDepth ?? bayeux.channel.maxDepth,
      },
      queue: {
        maxMessages: queue.maxMessages ?? bayeux.queue.maxMessages,
        maxBytes: queue.maxBytes ?? bayeux.queue.maxBytes,
      },
      transports: callbackPolling ? [...bayeux.transports, 'callback-polling'] : bayeux.transports,
    },
    transport: {
      path: options.path ?? transport.path,
      origins: options.origins ?? transport.origins,
      trustProxy: options.trustProxy,
      cookie: { ...transport.cookie, ...cookie },
      callbackPolling,
      maxMessageBytes: limits.messageBytes ?? transport.maxMessageBytes,
      maxBatch: limits.batch ?? transport.maxBatch,
      maxDepth: limits.depth ?? transport.maxDepth,
      maxBufferedBytes: limits.bufferedBytes ?? transport.maxBufferedBytes,
      handshakeTimeout: limits.handshakeTimeout ?? transport.handshakeTimeout,
      retryAfter: transport.retryAfter,
    },
  };
}

function jwtOptions(auth: CometAuthOptions): JwtVerifierOptions | undefined {
  if (auth.verifier || auth.issuer === undefined) return undefined;
  return {
    issuer: auth.issuer,
    audience: auth.audience ?? [],
    algorithms: auth.algorithms ?? ['RS256', 'PS256', 'ES256', 'EdDSA'],
    tokenTypes: auth.tokenTypes ?? ['at+jwt'],
    requiredScopes: auth.requiredScopes ?? [],
    userClaim: auth.userClaim ?? 'sub',
    clockTolerance: auth.clockTolerance ?? 5,
    allowInsecureIssuer: auth.allowInsecureIssuer ?? false,
  };
}

function combinations({ auth, session, trustProxy }: CometModuleOptions): string[] {
  const mistakes: string[] = [];
  if (auth.verifier && auth.issuer !== undefined) {
    mistakes.push('auth has both an issuer and a verifier: keep the one that shall verify tokens.');
  }
  if (
    session?.binding === 'token' &&
    auth.anonymous === true &&
    auth.issuer === undefined &&
    !auth.verifier
  ) {
    mistakes.push("session.binding is 'token', but no client has one: leave it out.");
  }
  try {
    new ProxyTrust(trustProxy);
  } catch (error) {
    mistakes.push((error as TypeError).message);
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
