import { Test } from '@nestjs/testing';
import { CometModule, type CometModuleOptions } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/comet-options.resolver.js';
import { tokenOf, userTokens } from './support/user-tokens.js';

const HEADLINE = 'CometModule cannot start with these options:\n';

/** Wrong options are not of the type, so they come as anything. */
function mistakesIn(options: unknown): string[] {
  try {
    resolveOptions(options as CometModuleOptions);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    const { message } = error as TypeError;
    expect(message.startsWith(HEADLINE)).toBe(true);
    return message
      .slice(HEADLINE.length)
      .split('\n')
      .map((line) => line.replace(/^- /, ''));
  }
  return [];
}

const open = (more: object): object => ({ auth: { anonymous: true }, ...more });
const jwt = (more: object): object => ({
  auth: { issuer: 'https://login.example.com', audience: 'https://push.example.com', ...more },
});
const number = (name: string, what: string, minimum: number, example: number): string =>
  `${name} must be a whole number of ${what}, ${minimum} or more: write for example ${name.split('.').at(-1) ?? ''}: ${example}.`;

const AUTH_MISSING =
  "auth is missing: write auth: { issuer: 'https://login.example.com', audience: 'https://push.example.com/cometd' }, or auth: { anonymous: true } to run without tokens.";
const ISSUER_MISSING =
  "auth.issuer is missing: write the issuer of your access tokens, for example issuer: 'https://login.example.com', or a verifier of your own, or anonymous: true to run without tokens.";
const AUDIENCE_MISSING =
  "auth.audience is missing: write the name your issuer puts into `aud` for this server, for example audience: 'https://push.example.com/cometd'.";
const ISSUERS =
  "auth.issuers must be a list of issuers: write for example issuers: [{ issuer: 'https://login.example.com' }].";
const ORIGINS =
  "origins must be whole origins in lower case, without a path or wildcards: write for example origins: ['https://portal.example.com'].";
const PATH =
  "path must be segments of letters, digits and -._~, each after a slash, without wildcards or a slash at the end; what is below it is served too: write for example path: '/cometd'.";
const TRUST =
  "trustProxy must be a number of hops or a list of addresses: write for example trustProxy: 1 or trustProxy: ['10.0.0.0/8'].";
const VERIFIER = 'auth.verifier must be an object with a method verify(token) that promises a principal.';
const AUTHORIZERS =
  "authorizers must be a list of objects with a channel and authorize: write for example authorizers: [{ channel: '/rooms/*', authorize: () => 'grant' }].";
const RESOURCE =
  "auth.resource must be the HTTPS URL of this server, without a query, a fragment or a slash at the end: write for example resource: 'https://push.example.com/cometd'.";
const BINDING =
  "session.binding must be 'principal', 'token' or 'clientId': leave it out for 'principal', the safe default.";

describe('the options of CometModule', () => {
  it.each<[string, unknown, string]>([
    ['none', undefined, AUTH_MISSING],
    ['null', null, AUTH_MISSING],
    ['empty', {}, AUTH_MISSING],
    ['auth: null', { auth: null }, AUTH_MISSING],
    ['auth: true', { auth: true }, 'auth must be an object: write for example auth: { anonymous: true }.'],
    ['auth: {}', { auth: {} }, ISSUER_MISSING],
    ['anonymous: false', { auth: { anonymous: false } }, ISSUER_MISSING],
    ['issuer: 7', { auth: { issuer: 7, audience: 'a' } }, ISSUER_MISSING],
    ['no audience', { auth: { issuer: 'https://login.example.com' } }, AUDIENCE_MISSING],
    ['audience: []', jwt({ audience: [] }), AUDIENCE_MISSING],
    ["audience: ''", jwt({ audience: '' }), AUDIENCE_MISSING],
    [
      'anonymous: 1',
      { auth: { anonymous: 1, verifier: userTokens } },
      'auth.anonymous must be true or false.',
    ],
    ['verifier: {}', { auth: { verifier: {} } }, VERIFIER],
    [
      'verifier and issuer',
      jwt({ verifier: userTokens }),
      'auth has both an issuer and a verifier: keep the one that shall verify tokens.',
    ],
    ['resource: a name', jwt({ resource: 'push' }), RESOURCE],
    ['resource: HTTP', jwt({ resource: 'http://push.example.com' }), RESOURCE],
    ['resource: a slash at the end', jwt({ resource: 'https://push.example.com/cometd/' }), RESOURCE],
    ['resource: a fragment', jwt({ resource: 'https://push.example.com/cometd#x' }), RESOURCE],
    ['resource: a query', jwt({ resource: 'https://push.example.com/cometd?x' }), RESOURCE],
    ['resource: capitals', jwt({ resource: 'https://PUSH.example.com/cometd' }), RESOURCE],
    [
      'resource beside another audience',
      jwt({ resource: 'https://push.example.com/cometd' }),
      'auth.audience lacks auth.resource, so that tokens clients ask for by that name would be refused: add it there, or leave audience out.',
    ],
    [
      'scopesSupported',
      jwt({ scopesSupported: 'comet' }),
      "auth.scopesSupported must be a list of texts: write for example scopesSupported: ['comet:subscribe'].",
    ],
    ['audit: {}', open({ audit: {} }), 'audit must be an object with a method record(event).'],
    [
      'audit: a function',
      open({ audit: () => undefined }),
      'audit must be an object with a method record(event).',
    ],
    [
      'clockTolerance',
      jwt({ clockTolerance: -1 }),
      number('auth.clockTolerance', 'seconds', 0, 5).replace('auth.', 'auth.'),
    ],
    ['revocation: 1', jwt({ revocation: 1 }), 'auth.revocation must be an object.'],
    [
      'revocation.sidTtl: 0',
      jwt({ revocation: { sidTtl: 0 } }),
      number('auth.revocation.sidTtl', 'seconds', 1, 86_400),
    ],
    [
      'backchannelLogout: true',
      jwt({ backchannelLogout: true }),
      'auth.backchannelLogout must be an object.',
    ],
    ...[{}, { clientIds: 'portal' }, { clientIds: [] }, { clientIds: [''] }].map(
      (backchannelLogout): [string, unknown, string] => [
        `backchannelLogout: ${JSON.stringify(backchannelLogout)}`,
        jwt({ backchannelLogout }),
        "auth.backchannelLogout.clientIds must be the clients whose logout tokens count: write for example clientIds: ['portal'].",
      ],
    ),
    [
      'backchannelLogout without an issuer',
      { auth: { verifier: userTokens, backchannelLogout: { clientIds: ['portal'] } } },
      'auth.backchannelLogout needs the issuer that sends logout tokens: write auth.issuer, or leave it out.',
    ],
    [
      'algorithms',
      jwt({ algorithms: 'RS256' }),
      "auth.algorithms must be a list of texts: write for example algorithms: ['RS256'].",
    ],
    [
      'tokenTypes',
      jwt({ tokenTypes: [7] }),
      "auth.tokenTypes must be a list of texts: write for example tokenTypes: ['JWT'].",
    ],
    ...[7, [7], 'role', { roles: '' }, { roles: [] }, { roles: ['a', ''] }, { roles: 7 }].map(
      (claims): [string, unknown, string] => [
        `[A5] claims: ${JSON.stringify(claims)}`,
        jwt({ claims }),
        "auth.claims must be a list of names, or an object of names and places: write for example claims: ['name'] or claims: { roles: 'realm_access.roles' }.",
      ],
    ),
    [
      '[A5] audienceClaim: true',
      jwt({ audienceClaim: true }),
      "auth.audienceClaim must be the name of a claim: write for example audienceClaim: 'client_id'.",
    ],
    [
      "[A5] audienceClaim: ''",
      jwt({ audienceClaim: '' }),
      "The audienceClaim is empty: write the name of the claim, or leave it out for 'aud'.",
    ],
    [
      "[A3] kind: 'user'",
      jwt({ kind: 'user' }),
      "auth.kind must be a function: write for example kind: ({ gty }) => (gty === 'm2m' ? 'service' : undefined).",
    ],
    [
      '[A5] maxTokenLength: 0',
      jwt({ maxTokenLength: 0 }),
      number('auth.maxTokenLength', 'characters', 1, 16_384),
    ],
    [
      'userClaim',
      jwt({ userClaim: 7 }),
      "auth.userClaim must be the name of a claim: write for example userClaim: 'sub'.",
    ],
    ['issuers: {}', { auth: { issuers: {} } }, ISSUERS],
    ['issuers: []', { auth: { issuers: [] } }, ISSUERS],
    [
      'issuers: [7]',
      { auth: { issuers: [7] } },
      "auth.issuers.0.issuer is missing: write the issuer of your access tokens, for example issuer: 'https://login.example.com'.",
    ],
    [
      'an issuer without a name',
      { auth: { issuers: [{ audience: 'a' }] } },
      "auth.issuers.0.issuer is missing: write the issuer of your access tokens, for example issuer: 'https://login.example.com'.",
    ],
    [
      'an issuer without an audience',
      { auth: { issuers: [{ issuer: 'https://login.example.com' }] } },
      AUDIENCE_MISSING.replace('auth.', 'auth.issuers.0.'),
    ],
    [
      'a misspelling in an issuer',
      { auth: { audience: 'a', issuers: [{ issuer: 'https://login.example.com', tenent: 'x' }] } },
      'auth.issuers.0.tenent is no option of CometModule: look for a misspelling, or leave it out.',
    ],
    [
      'issuers that cannot be told apart',
      { auth: { audience: 'a', issuers: [{ issuer: 'https://a.test' }, { issuer: 'https://b.test' }] } },
      "auth.issuers[0] and auth.issuers[1] could name the same user: give each a userPrefix of its own, neither of which begins like the other, for example userPrefix: 'staff:', or a userId, or a tenant of its own.",
    ],
    [
      'issuers and a verifier',
      { auth: { audience: 'a', issuers: [{ issuer: 'https://a.test' }], verifier: userTokens } },
      'auth has both an issuer and a verifier: keep the one that shall verify tokens.',
    ],
    [
      'strategy',
      jwt({ strategy: 'auto' }),
      "auth.strategy must be 'jwt', 'introspection' or 'jwt+introspection': leave it out for 'jwt'.",
    ],
    [
      'introspection: true',
      jwt({ introspection: true }),
      "auth.introspection must be an object: write for example introspection: { clientId: 'comet', clientSecret }.",
    ],
    [
      'introspection without a name',
      jwt({ strategy: 'introspection', introspection: { clientSecret: 's' } }),
      "auth.introspection.clientId is missing: write the name under which the issuer knows this server, for example clientId: 'comet'.",
    ],
    [
      'introspection with a misspelling',
      jwt({ strategy: 'introspection', introspection: { clientId: 'c', clientSecret: 's', ttl: 1 } }),
      'auth.introspection.ttl is no option of CometModule: look for a misspelling, or leave it out.',
    ],
    [
      'introspection of an issuer',
      {
        auth: {
          issuers: [
            { issuer: 'https://a.test', audience: 'a', introspection: { clientId: 'c', maxTtl: -1 } },
          ],
        },
      },
      number('auth.issuers.0.introspection.maxTtl', 'seconds', 0, 30),
    ],
    ...[7, {}, { claim: 'tenant' }, { claim: '', allow: ['a'] }, { claim: 't', allow: [] }].map(
      (tenant): [string, unknown, string] => [
        `tenant: ${JSON.stringify(tenant)}`,
        jwt({ tenant }),
        "auth.tenant must be a name, or a claim with the names it may hold: write for example tenant: 'acme' or tenant: { claim: 'tenant', allow: ['acme', 'globex'] }.",
      ],
    ),
    [
      'userId',
      jwt({ userId: 'sub' }),
      'auth.userId must be a function: write for example userId: ({ sub }) => `staff:${sub}`.',
    ],
    ...[true, ['token'], [[]], [['a', 7]], [['a', '']]].map((aliases): [string, unknown, string] => [
      `aliases: ${JSON.stringify(aliases)}`,
      jwt({ aliases }),
      "auth.aliases must be a list of paths, each a list of members: write for example aliases: [['com.example.authn', 'token']].",
    ]),
    ['compat.exo', open({ compat: { exo: 1 } }), 'compat.exo must be true or false.'],
    ['path without slash', open({ path: 'cometd' }), PATH],
    ['path with a slash at its end', open({ path: '/cometd/' }), PATH],
    ['path: /', open({ path: '/' }), PATH],
    ['path: 7', open({ path: 7 }), PATH],
    [
      'rules: {}',
      open({ rules: {} }),
      "rules must be a list: write for example rules: [{ channel: '/news/**', subscribe: true }].",
    ],
    ['an origin with a path', open({ origins: ['https://portal.example.com/'] }), ORIGINS],
    ['an origin with a wildcard', open({ origins: ['https://*.example.com'] }), ORIGINS],
    ['an origin of all', open({ origins: ['*'] }), ORIGINS],
    ['an origin in capitals', open({ origins: ['https://Portal.example.com'] }), ORIGINS],
    ['origins: true', open({ origins: true }), ORIGINS],
    [
      'an origin with a port that is none',
      open({ origins: ['https://portal.example.com:99999'] }),
      'origins: "https://portal.example.com:99999" is no origin that a page could have: write for example https://portal.example.com.',
    ],
    ['trustProxy: true', open({ trustProxy: true }), TRUST],
    ['trustProxy: -1', open({ trustProxy: -1 }), TRUST],
    [
      'trustProxy: loopback',
      open({ trustProxy: ['loopback'] }),
      'trustProxy: "loopback" is neither an address nor a range like 10.0.0.0/8.',
    ],
    [
      'trustProxy: a range too small',
      open({ trustProxy: ['10.0.0.0/33'] }),
      'trustProxy: "10.0.0.0/33" is neither an address nor a range like 10.0.0.0/8.',
    ],
    [
      'callbackPolling: true',
      open({ callbackPolling: true }),
      'callbackPolling must be an object: to serve it, name it in transports.',
    ],
    [
      'transports: []',
      open({ transports: [] }),
      "transports must be a list of texts: write for example transports: ['websocket', 'long-polling'].",
    ],
    [
      'transports: an unknown one',
      open({ transports: ['eventsource'] }),
      "transports must be some of 'websocket', 'long-polling', 'callback-polling'.",
    ],
    [
      'extensions: a function',
      open({ extensions: [1] }),
      'extensions must be a list of objects with incoming, outgoing, or both.',
    ],
    ['authorizers: a function', open({ authorizers: [() => 'grant'] }), AUTHORIZERS],
    ['authorizers: no channel', open({ authorizers: [{ authorize: () => 'grant' }] }), AUTHORIZERS],
    [
      'authorizers: a bad channel',
      open({ authorizers: [{ channel: 'rooms', authorize: () => 'grant' }] }),
      AUTHORIZERS,
    ],
    ['auth.tenants: a name', jwt({ tenants: 'acme' }), 'auth.tenants must be true or false.'],
    [
      'auth.tenants without a verifier',
      jwt({ tenants: true }),
      'auth.tenants is about the principals of a verifier of your own: leave it out.',
    ],
    [
      'queue.policy: block',
      open({ queue: { policy: 'block' } }),
      "queue.policy must be 'drop-oldest', 'drop-newest', 'disconnect', or a function that returns one of them.",
    ],
    [
      'duplicateConnectStatus: 200',
      open({ longPolling: { duplicateConnectStatus: 200 } }),
      'longPolling.duplicateConnectStatus must be an HTTP status from 400 to 599: leave it out for 500.',
    ],
    [
      'an idle timeout within a connect',
      open({ websocket: { idleTimeout: 30_000 } }),
      'websocket.idleTimeout is not above the timeout of connects (30000), during which clients say nothing: ' +
        'write a larger one, or leave it out.',
    ],
    [
      'a partitioned cookie that is not Secure',
      open({ cookie: { secure: false, partitioned: true } }),
      'cookie.secure is false, but browsers drop such cookies unless they are Secure: leave it out.',
    ],
    [
      "salesforce: 'yes'",
      open({ compat: { salesforce: 'yes' } }),
      'compat.salesforce must be true or false.',
    ],
    ['session: 30', open({ session: 30 }), 'session must be an object.'],
    ['session: null', open({ session: null }), 'session must be an object.'],
    ['timeout: -1', open({ session: { timeout: -1 } }), number('session.timeout', 'milliseconds', 0, 30_000)],
    [
      "timeout: '30s'",
      open({ session: { timeout: '30s' } }),
      number('session.timeout', 'milliseconds', 0, 30_000),
    ],
    [
      'timeout: 0.5',
      open({ session: { timeout: 0.5 } }),
      number('session.timeout', 'milliseconds', 0, 30_000),
    ],
    [
      'timeout: NaN',
      open({ session: { timeout: Number.NaN } }),
      number('session.timeout', 'milliseconds', 0, 30_000),
    ],
    [
      'timeout: 2^31',
      open({ session: { timeout: 2 ** 31 } }),
      number('session.timeout', 'milliseconds', 0, 30_000),
    ],
    [
      'maxInterval: 0',
      open({ session: { maxInterval: 0 } }),
      number('session.maxInterval', 'milliseconds', 1, 60_000),
    ],
    ['maxPerUser: 0', open({ session: { maxPerUser: 0 } }), number('session.maxPerUser', 'sessions', 1, 20)],
    ['binding', open({ session: { binding: 'cookie' } }), BINDING],
    [
      "binding: 'token' without tokens",
      open({ session: { binding: 'token' } }),
      "session.binding is 'token', but no client has one: leave it out.",
    ],
    ['auth.expiry', jwt({ expiry: 60 }), 'auth.expiry must be an object.'],
    ['auth.expiry.grace', jwt({ expiry: { grace: -1 } }), number('auth.expiry.grace', 'seconds', 0, 25)],
    ['auth.expiry.suspend', jwt({ expiry: { suspend: 1 } }), 'auth.expiry.suspend must be true or false.'],
    [
      'auth.expiry.lead',
      jwt({ expiry: { lead: 1 } }),
      'auth.expiry.lead is no option of CometModule: look for a misspelling, or leave it out.',
    ],
    [
      'queue.maxMessages',
      open({ queue: { maxMessages: 0 } }),
      number('queue.maxMessages', 'messages', 1, 1_000),
    ],
    ['queue.maxBytes', open({ queue: { maxBytes: 1 } }), number('queue.maxBytes', 'bytes', 1_024, 1_048_576)],
    [
      'limits.messageBytes',
      open({ limits: { messageBytes: '64k' } }),
      number('limits.messageBytes', 'bytes', 1_024, 65_536),
    ],
    ['limits.batch', open({ limits: { batch: 0 } }), number('limits.batch', 'messages', 1, 1_000)],
    ['limits.depth', open({ limits: { depth: 1 } }), number('limits.depth', 'levels', 4, 100)],
    [
      'limits.handshakeTimeout',
      open({ limits: { handshakeTimeout: 1 } }),
      number('limits.handshakeTimeout', 'milliseconds', 100, 10_000),
    ],
    [
      'cookie.name',
      open({ cookie: { name: 'a b' } }),
      "cookie.name must be the name of a cookie: write for example name: 'BAYEUX_BROWSER'.",
    ],
    [
      'cookie.domain',
      open({ cookie: { domain: 'a;b' } }),
      "cookie.domain must be a host name: write for example domain: 'example.com'.",
    ],
    [
      'cookie.path',
      open({ cookie: { path: 'x' } }),
      "cookie.path must begin with a slash: write for example path: '/'.",
    ],
    [
      'cookie.sameSite',
      open({ cookie: { sameSite: 'lax' } }),
      "cookie.sameSite must be 'Strict', 'Lax', 'None', or false to leave it out.",
    ],
    [
      'a misspelling',
      open({ orgins: [] }),
      'orgins is no option of CometModule: look for a misspelling, or leave it out.',
    ],
    [
      'a misspelling in a group',
      open({ session: { timeOut: 5 } }),
      'session.timeOut is no option of CometModule: look for a misspelling, or leave it out.',
    ],
    [
      'a misspelling in auth',
      { auth: { anonymous: true, isuer: 'x' } },
      'auth.isuer is no option of CometModule: look for a misspelling, or leave it out.',
    ],
  ])('%s: says what to write instead', (_, options, sentence) => {
    expect(mistakesIn(options)).toEqual([sentence]);
  });

  it('are told all their mistakes at once', () => {
    const mistakes = mistakesIn({ auth: {}, path: 'x', session: { timeout: -1, interval: -1 }, quueu: {} });
    expect(mistakes).toHaveLength(5);
  });

  it('never say what a secret is, whatever is wrong with it', () => {
    const secret = 'hunter2';
    class Vault {
      readonly clientSecret = secret;
      readonly verify = secret;
    }
    const wrong = [
      { auth: { verifier: new Vault() } },
      { auth: { anonymous: true, clientSecret: secret } },
      { auth: { anonymous: true }, secret: { nested: secret } },
      { auth: { issuer: { secret }, audience: { secret } } },
      { auth: secret },
      {
        auth: {
          verifier: { verify: () => tokenOf('alice'), secret },
          issuer: 'https://x.test',
          audience: 'y',
        },
      },
      jwt({ strategy: 'introspection', introspection: { clientSecret: secret } }),
      jwt({ introspection: { clientId: 'c', clientSecret: secret } }),
      jwt({ strategy: 'introspection', introspection: { clientId: 'c', clientSecret: [secret] } }),
      jwt({ strategy: 'introspection', introspection: secret }),
      { auth: { issuers: [secret] } },
      { auth: { issuers: secret } },
      open({ session: secret }),
      open({ cookie: { name: `${secret} ;` } }),
      open({ rules: [secret] }),
    ];
    for (const options of wrong) {
      const mistakes = mistakesIn(options);
      expect(mistakes.length).toBeGreaterThan(0);
      expect(mistakes.join('\n')).not.toContain(secret);
    }
  });

  it.each([
    ['anonymous', open({})],
    ['an issuer', jwt({})],
    ['an issuer and anonymous', jwt({ anonymous: true })],
    [
      'several issuers',
      {
        auth: {
          audience: 'push',
          maxTokenLifetime: 600,
          issuers: [
            { issuer: 'https://a.test', tenant: 'acme', claims: ['name'], audience: undefined },
            {
              issuer: 'https://b.test',
              tenant: { claim: 'tenant', allow: ['globex'] },
              strategy: 'jwt+introspection',
              introspection: { clientId: 'comet', clientSecret: 'secret', maxTtl: 0 },
              userId: () => 'somebody',
            },
          ],
        },
      },
    ],
    ['a verifier', { auth: { verifier: userTokens } }],
    [
      'a verifier of a class',
      {
        auth: {
          verifier: new (class {
            verify = userTokens.verify;
          })(),
        },
      },
    ],
    [
      'everything',
      open({
        path: '/push/v1.0',
        rules: [{ channel: '/news/**', subscribe: true }],
        origins: ['https://portal.example.com', 'http://localhost:8080', 'capacitor://localhost', 'null'],
        trustProxy: ['10.0.0.0/8', 'fd00::1'],
        transports: ['long-polling', 'callback-polling'],
        extensions: [{ incoming: () => undefined }],
        authorizers: [{ channel: '/rooms/{room}', authorize: () => 'grant' }],
        channels: { broadcastToPublisher: false, lazyTimeout: 0 },
        websocket: { timeout: 20_000, idleTimeout: 60_000, compression: true },
        longPolling: { maxInterval: 5_000, duplicateConnectStatus: 408 },
        callbackPolling: { parameter: 'callback', maxCallbackLength: 10 },
        compat: { salesforce: true, exo: true },
        session: { timeout: 0, interval: 0, maxInterval: 1, binding: 'clientId' },
        queue: { maxMessages: 1, maxBytes: 1_024, policy: () => 'drop-newest' },
        limits: { messageBytes: 1_024, batch: 1 },
        cookie: { name: 'X', domain: 'example.com', path: '/', sameSite: 'Strict' },
      }),
    ],
    ['what is undefined', open({ path: undefined, session: undefined, trustProxy: undefined })],
  ])('with %s are good', (_, options) => {
    expect(mistakesIn(options)).toEqual([]);
  });

  it('are checked when the application is made', async () => {
    const boot = Test.createTestingModule({
      imports: [CometModule.forRoot({ auth: { anonymous: true }, path: 'cometd' })],
    }).compile();
    await expect(boot).rejects.toThrow(PATH);
  });

  it('are checked as well when they are made asynchronously', async () => {
    const boot = Test.createTestingModule({
      imports: [
        CometModule.forRootAsync({
          useFactory: () => Promise.resolve({ auth: { anonymous: true }, path: 'x' }),
        }),
      ],
    }).compile();
    await expect(boot).rejects.toThrow(PATH);
  });
});
