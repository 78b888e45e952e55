import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { isQueuePolicy, QUEUE_POLICY } from './comet-queue-policy.js';
import {
  Check,
  IssuerSettingsShape,
  type IssuerShape,
  issuersShaped,
  settingsShaped,
} from './issuer-options.shape.js';
import { Given, WholeNumber, Words, YesOrNo } from './option-checks.js';
import type { TokenVerifier } from '../auth/token-verifier.js';
import { TRANSPORTS } from '../transports/transport-options.js';
import { isChannelAuthorizer } from './channel-authorizer.js';
import type { CometAudit } from './comet-audit.js';
import { isExtension } from './comet-extension.js';
import { isResource } from './protected-resource.js';
import type { CometModuleOptions } from './comet-module-options.js';

const ISSUERS =
  "issuers must be a list of issuers: write for example issuers: [{ issuer: 'https://login.example.com' }].";
const CLIENT_IDS =
  "clientIds must be the clients whose logout tokens count: write for example clientIds: ['portal'].";
const STATUS = 'duplicateConnectStatus must be an HTTP status from 400 to 599: leave it out for 500.';

class TimesShape {
  @WholeNumber(0, 'milliseconds', 30_000) timeout?: number;
  @WholeNumber(0, 'milliseconds', 0) interval?: number;
  @WholeNumber(1, 'milliseconds', 60_000) maxInterval?: number;
}

class SessionShape extends TimesShape {
  @WholeNumber(1, 'milliseconds', 30_000) maxProcessing?: number;
  @WholeNumber(1, 'milliseconds', 10_000) hookTimeout?: number;
  @WholeNumber(0, 'milliseconds', 5_000) rehandshakeSpread?: number;
  @WholeNumber(1, 'sessions', 20) maxPerUser?: number;
  @WholeNumber(-1, 'connects', 1) maxHeldPerBrowser?: number;
  @WholeNumber(0, 'milliseconds', 2_000) multiSessionInterval?: number;
  @WholeNumber(-1, 'connects', 6) maxHeldPerBrowserHttp2?: number;
  @YesOrNo() acknowledge?: boolean;
  @YesOrNo() timesync?: boolean;
  @YesOrNo() timestamp?: boolean;
  @YesOrNo() binary?: boolean;
  @WholeNumber(0, 'milliseconds', 3_600_000) maxInactivity?: number;
  @Given()
  @IsIn(['client', 'client-server'], { message: "activityMode must be 'client' or 'client-server'." })
  activityMode?: string;
  @YesOrNo() metaConnectDeliverOnly?: boolean;
  @YesOrNo() handshakeReconnect?: boolean;
  @YesOrNo() deliverDuringHandshake?: boolean;
  @Given()
  @IsIn(['principal', 'token', 'clientId'], {
    message:
      "binding must be 'principal', 'token' or 'clientId': leave it out for 'principal', the safe default.",
  })
  binding?: string;
}

class ServicesShape {
  @YesOrNo() answerVoid?: boolean;
  @WholeNumber(0, 'milliseconds', 5_000) drainTimeout?: number;
}

class ChannelsShape {
  @YesOrNo() broadcastToPublisher?: boolean;
  @WholeNumber(0, 'milliseconds', 5_000) lazyTimeout?: number;
}

class WebSocketShape extends TimesShape {
  @Given()
  @Matches(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/, {
    message: "protocol must be the name of a sub-protocol: write for example protocol: 'bayeux'.",
  })
  protocol?: string;
  @WholeNumber(1, 'messages', 100) messagesPerFrame?: number;
  @WholeNumber(1, 'bytes', 65_536) frameBytes?: number;
  @WholeNumber(0, 'milliseconds', 300_000) idleTimeout?: number;
  @YesOrNo() compression?: boolean;
  @YesOrNo() requireHandshakePerConnection?: boolean;
}

class LongPollingShape extends TimesShape {
  @Given()
  @IsInt({ message: STATUS })
  @Min(400, { message: STATUS })
  @Max(599, { message: STATUS })
  duplicateConnectStatus?: number;
}

class CallbackPollingShape extends TimesShape {
  @Given()
  @Matches(/^(?!message$)[A-Za-z0-9_-]+$/, {
    message:
      "parameter must be the name of a parameter, and not 'message': write for example parameter: 'jsonp'.",
  })
  parameter?: string;
  @WholeNumber(1, 'characters', 64) maxCallbackLength?: number;
}

class QueueShape {
  @WholeNumber(1, 'messages', 1_000) maxMessages?: number;
  @WholeNumber(1_024, 'bytes', 1_048_576) maxBytes?: number;
  @Given()
  @ValidateBy({
    name: 'isQueuePolicy',
    validator: { validate: isQueuePolicy, defaultMessage: () => QUEUE_POLICY },
  })
  policy?: unknown;
}

class LimitsShape {
  @WholeNumber(1_024, 'bytes', 65_536) messageBytes?: number;
  @WholeNumber(1, 'messages', 1_000) batch?: number;
  @WholeNumber(0, 'messages', 200) messagesPerSecond?: number;
  @WholeNumber(1, 'messages', 1_000) burst?: number;
  @WholeNumber(4, 'levels', 100) depth?: number;
  @WholeNumber(16, 'characters', 256) channelLength?: number;
  @WholeNumber(2, 'segments', 16) channelDepth?: number;
  @WholeNumber(1, 'subscriptions', 500) subscriptions?: number;
  @WholeNumber(1, 'names', 1_000) namesPerRequest?: number;
  @WholeNumber(1, 'sessions', 100_000) sessions?: number;
  @WholeNumber(0, 'sessions', 500) anonymousSessionsPerAddress?: number;
  @WholeNumber(100, 'milliseconds', 10_000) handshakeTimeout?: number;
  @WholeNumber(0, 'attempts', 20) badHandshakes?: number;
  @WholeNumber(0, 'tokens', 10) refreshes?: number;
  @WholeNumber(0, 'sockets', 1_000) pendingSockets?: number;
  @WholeNumber(0, 'sockets', 100) pendingSocketsPerAddress?: number;
  @WholeNumber(1_024, 'bytes', 262_144) bufferedBytes?: number;
  @WholeNumber(0, 'bytes', 33_554_432) bodyBytes?: number;
  @WholeNumber(0, 'bytes', 4_194_304) bodyBytesPerAddress?: number;
  @WholeNumber(100, 'milliseconds', 10_000) bodyTimeout?: number;
}

const COOKIE_KEYS =
  'keys must be a list of secrets of at least 32 characters, the newest first: write for example keys: [process.env.COOKIE_KEY].';

class CookieShape {
  @Given()
  @Matches(/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/, {
    message: "name must be the name of a cookie: write for example name: 'BAYEUX_BROWSER'.",
  })
  name?: string;
  @Given()
  @IsArray({ message: COOKIE_KEYS })
  @ArrayNotEmpty({ message: COOKIE_KEYS })
  @IsString({ each: true, message: COOKIE_KEYS })
  @MinLength(32, { each: true, message: COOKIE_KEYS })
  keys?: readonly string[];
  @Given()
  @Matches(/^[A-Za-z0-9.-]+$/, {
    message: "domain must be a host name: write for example domain: 'example.com'.",
  })
  domain?: string;
  @Given()
  @Matches(/^\/[\x21-\x3a\x3c-\x7e]*$/, {
    message: "path must begin with a slash: write for example path: '/'.",
  })
  path?: string;
  @Given()
  @IsIn(['Strict', 'Lax', 'None', false], {
    message: "sameSite must be 'Strict', 'Lax', 'None', or false to leave it out.",
  })
  sameSite?: string | false;
  @WholeNumber(0, 'seconds', 86_400) maxAge?: number;
  @Given()
  @IsIn([true, false, 'auto'], { message: "secure must be true, false or 'auto'." })
  secure?: boolean | 'auto';
  @YesOrNo() httpOnly?: boolean;
  @YesOrNo() partitioned?: boolean;
}

class CompatShape {
  @YesOrNo() salesforce?: boolean;
  @YesOrNo() exo?: boolean;
}

class ExpiryShape {
  @WholeNumber(0, 'seconds', 60) refreshLead?: number;
  @WholeNumber(0, 'seconds', 25) grace?: number;
  @YesOrNo() suspend?: boolean;
  @WholeNumber(0, 'seconds', 43_200) maxSessionAge?: number;
  @YesOrNo() anyClient?: boolean;
}

class RevocationShape {
  @WholeNumber(1, 'seconds', 86_400) sidTtl?: number;
  @WholeNumber(1, 'seconds', 86_400) tokenTtl?: number;
}

class BackchannelLogoutShape {
  @IsDefined({ message: CLIENT_IDS })
  @IsArray({ message: CLIENT_IDS })
  @ArrayNotEmpty({ message: CLIENT_IDS })
  @IsString({ each: true, message: CLIENT_IDS })
  @IsNotEmpty({ each: true, message: CLIENT_IDS })
  clientIds?: readonly string[];
  @YesOrNo() strictType?: boolean;
  @YesOrNo() fallbackToSub?: boolean;
}

class AuthShape extends IssuerSettingsShape {
  @ValidateIf(
    (auth: AuthShape) =>
      auth.issuer !== undefined || (!auth.issuers && !auth.verifier && auth.anonymous !== true),
  )
  @IsString({
    message:
      "issuer is missing: write the issuer of your access tokens, for example issuer: 'https://login.example.com', " +
      'or a verifier of your own, or anonymous: true to run without tokens.',
  })
  declare issuer?: string;
  @Given()
  @Check(
    'isResource',
    isResource,
    "resource must be the HTTPS URL of this server, without a query, a fragment or a slash at the end: write for example resource: 'https://push.example.com/cometd'.",
  )
  resource?: string;
  @Words("scopesSupported: ['comet:subscribe']") scopesSupported?: readonly string[];
  @Given()
  @IsArray({ message: ISSUERS })
  @ArrayNotEmpty({ message: ISSUERS })
  @ValidateNested()
  issuers?: readonly IssuerShape[];
  @Given()
  @ValidateBy({
    name: 'isVerifier',
    validator: {
      validate: (value: unknown) => typeof (value as TokenVerifier | null)?.verify === 'function',
      defaultMessage: () =>
        'verifier must be an object with a method verify(token) that promises a principal.',
    },
  })
  verifier?: TokenVerifier;
  @WholeNumber(1, 'characters', 16384) maxTokenLength?: number;
  @YesOrNo() tenants?: boolean;
  @Given() @IsBoolean({ message: 'anonymous must be true or false.' }) anonymous?: boolean;
  @Given()
  @Check(
    'isAliases',
    isAliases,
    "aliases must be a list of paths, each a list of members: write for example aliases: [['com.example.authn', 'token']].",
  )
  aliases?: readonly (readonly string[])[];

  @Given() @ValidateNested() @IsObject({ message: 'expiry must be an object.' }) expiry?: ExpiryShape;

  @Given()
  @ValidateNested()
  @IsObject({ message: 'revocation must be an object.' })
  revocation?: RevocationShape;
  @Given()
  @ValidateNested()
  @IsObject({ message: 'backchannelLogout must be an object.' })
  backchannelLogout?: BackchannelLogoutShape;

  static of(auth: object): AuthShape {
    const shape = settingsShaped(new AuthShape(), auth);
    if (shape.audience === undefined && isResource(shape.resource)) shape.audience = shape.resource as string;
    const issuers = issuersShaped(shape.issuers, shape.audience);
    return issuers === undefined ? shape : Object.assign(shape, { issuers });
  }
}

/** No limits are needed but these: the operator writes them, and each is looked for in every handshake. */
function isAliases(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (path: unknown) =>
        Array.isArray(path) &&
        path.length > 0 &&
        path.every((member) => typeof member === 'string' && member !== ''),
    )
  );
}

/** The options of the module, as class-validator sees them. Rules have a validator of their own. */
export class OptionsShape {
  @Given()
  @Matches(/^(?:\/[A-Za-z0-9\-._~]+)+$/, {
    message:
      "path must be segments of letters, digits and -._~, each after a slash, without wildcards or a slash at the end; what is below it is served too: write for example path: '/cometd'.",
  })
  path?: string;
  @IsDefined({
    message:
      "auth is missing: write auth: { issuer: 'https://login.example.com', audience: 'https://push.example.com/cometd' }, " +
      'or auth: { anonymous: true } to run without tokens.',
  })
  @ValidateNested({ message: 'auth must be an object: write for example auth: { anonymous: true }.' })
  auth?: AuthShape;
  @Given()
  @IsArray({
    message: "rules must be a list: write for example rules: [{ channel: '/news/**', subscribe: true }].",
  })
  rules?: readonly unknown[];
  @Words("origins: ['https://portal.example.com']")
  @Matches(/^(?:https?:\/\/[a-z0-9.\-:[\]]+|(?!https?:)[a-z][a-z0-9+.-]*:\/\/[^/\s*A-Z]*|null)$/, {
    each: true,
    message:
      "origins must be whole origins in lower case, without a path or wildcards: write for example origins: ['https://portal.example.com'].",
  })
  origins?: readonly string[];
  @Words("hosts: ['push.example.com']") hosts?: readonly string[];
  @Given()
  @ValidateBy({
    name: 'isTrustProxy',
    validator: {
      validate: (value: unknown) =>
        (Number.isInteger(value) && (value as number) >= 0) ||
        (Array.isArray(value) && value.every((entry) => typeof entry === 'string')),
      defaultMessage: () =>
        "trustProxy must be a number of hops or a list of addresses: write for example trustProxy: 1 or trustProxy: ['10.0.0.0/8'].",
    },
  })
  trustProxy?: number | readonly string[];
  @Words("transports: ['websocket', 'long-polling']", { empty: false })
  @IsIn(TRANSPORTS, {
    each: true,
    message: `transports must be some of ${TRANSPORTS.map((name) => `'${name}'`).join(', ')}.`,
  })
  transports?: readonly string[];
  @Given()
  @ValidateBy({
    name: 'isExtensions',
    validator: {
      validate: (value: unknown) => Array.isArray(value) && value.every(isExtension),
      defaultMessage: () => 'extensions must be a list of objects with incoming, outgoing, or both.',
    },
  })
  extensions?: readonly unknown[];
  @Given()
  @ValidateBy({
    name: 'isAuthorizers',
    validator: {
      validate: (value: unknown) => Array.isArray(value) && value.every(isChannelAuthorizer),
      defaultMessage: () =>
        "authorizers must be a list of objects with a channel and authorize: write for example authorizers: [{ channel: '/rooms/*', authorize: () => 'grant' }].",
    },
  })
  authorizers?: readonly unknown[];
  @Given()
  @ValidateBy({
    name: 'isAudit',
    validator: {
      validate: (value: unknown) => typeof (value as CometAudit | null)?.record === 'function',
      defaultMessage: () => 'audit must be an object with a method record(event).',
    },
  })
  audit?: CometAudit;
  @Given() @ValidateNested() @IsObject({ message: 'compat must be an object.' }) compat?: CompatShape;
  @Given() @ValidateNested() @IsObject({ message: 'services must be an object.' }) services?: ServicesShape;
  @Given() @ValidateNested() @IsObject({ message: 'session must be an object.' }) session?: SessionShape;
  @Given() @ValidateNested() @IsObject({ message: 'channels must be an object.' }) channels?: ChannelsShape;
  @Given()
  @ValidateNested()
  @IsObject({ message: 'websocket must be an object.' })
  websocket?: WebSocketShape;
  @Given()
  @ValidateNested()
  @IsObject({ message: 'longPolling must be an object.' })
  longPolling?: LongPollingShape;
  @Given()
  @ValidateNested()
  @IsObject({ message: 'callbackPolling must be an object: to serve it, name it in transports.' })
  callbackPolling?: CallbackPollingShape;
  @Given() @ValidateNested() @IsObject({ message: 'queue must be an object.' }) queue?: QueueShape;
  @Given() @ValidateNested() @IsObject({ message: 'limits must be an object.' }) limits?: LimitsShape;
  @Given() @ValidateNested() @IsObject({ message: 'cookie must be an object.' }) cookie?: CookieShape;

  /** The options, with every group in its shape. Nothing is copied deeply: verifiers are objects of the user. */
  static of(options: CometModuleOptions): OptionsShape {
    const shape = withGroups(Object.assign(new OptionsShape(), options), GROUPS);
    if (shape.auth instanceof AuthShape) withGroups(shape.auth, AUTH_GROUPS);
    return shape;
  }
}

const GROUPS = {
  auth: AuthShape,
  services: ServicesShape,
  session: SessionShape,
  channels: ChannelsShape,
  queue: QueueShape,
  websocket: WebSocketShape,
  longPolling: LongPollingShape,
  callbackPolling: CallbackPollingShape,
  limits: LimitsShape,
  cookie: CookieShape,
  compat: CompatShape,
};

/** The groups of options that are about authentication. */
const AUTH_GROUPS = {
  expiry: ExpiryShape,
  revocation: RevocationShape,
  backchannelLogout: BackchannelLogoutShape,
};

/** Puts the groups that are given in their shapes. */
function withGroups<T extends object>(options: T, groups: Record<string, new () => object>): T {
  const given = Object.entries(options).filter(([name, group]) => name in groups && group !== undefined);
  const shapes = given.map(([name, group]): [string, unknown] => [
    name,
    shaped(groups[name] as new () => object, group),
  ]);
  return Object.assign(options, Object.fromEntries(shapes));
}

function shaped(Shape: new () => object, group: unknown): unknown {
  if (typeof group !== 'object' || group === null) return group;
  return Shape === AuthShape ? AuthShape.of(group) : Object.assign(new Shape(), group);
}
