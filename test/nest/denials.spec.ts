import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { SubscribeMessage } from '@nestjs/websockets';
import { type ChannelRule, CometGateway, type CometModuleOptions } from '../../src/index.js';
import { CometLogger } from '../../src/nest/nest.logger.js';
import { DENIED, harness } from '../bayeux/support/core.harness.js';
import { poll } from '../bayeux/support/fake.link.js';
import { Bench } from '../support/bench.js';
import { presenting } from '../support/identity.js';
import { scopedTokens } from './support/scoped-tokens.js';

@CometGateway()
class EchoGateway {
  @SubscribeMessage('/service/echo')
  echo(): boolean {
    return true;
  }
}

const RULES: readonly ChannelRule[] = [
  { channel: '/news/*', subscribe: true },
  { channel: '/news/secret', effect: 'deny', unless: { scope: 'secrets' } },
  { channel: '/rooms/*', subscribe: { scope: 'rooms' }, publish: { kind: 'service' } },
  { channel: '/clubs/{claims.clubs}', subscribe: true },
  { channel: '/halls/*', subscribe: true, publish: true, create: { scope: 'halls:open' } },
  { channel: '/open/**', subscribe: true, publish: true },
  { channel: '/service/echo', call: { scope: 'echo' } },
  ...['a', 'b', 'c', 'd'].map((scope) => ({ channel: '/many', subscribe: { scope } })),
];

type Operation = 'subscribe' | 'publish' | 'call';

describe('what is denied', () => {
  const bench = new Bench('express', 'websocket');
  afterEach(() => bench.finish());

  const start = (options: Partial<CometModuleOptions> = {}) =>
    bench.start({ auth: { anonymous: true, verifier: scopedTokens }, rules: RULES, ...options }, [
      EchoGateway,
    ]);
  const joinAs = (token?: string) =>
    bench.client().join(token === undefined ? {} : presenting(bench.secret(token)));
  const denials = (): string[] =>
    bench.app.log.text
      .split('\n')
      .filter((line) => line.startsWith('debug A ') && line.includes(' denied'))
      .map((line) => line.replace(/ Comet$/, ''));

  const table: [operation: Operation, channel: string, line: string][] = [
    ['subscribe', '/else', 'no rule permits users to subscribe there'],
    ['subscribe', '/news/**', 'the rule for /news/secret denies it'],
    ['subscribe', '/open', 'no rule permits users to subscribe there'],
    ['subscribe', '/halls/**', 'no rule permits users to subscribe to all that it matches'],
    ['subscribe', '/news/secret', 'the rule for /news/secret denies it'],
    [
      'subscribe',
      '/rooms/x',
      'no rule permits this user to subscribe there; rules permit it to others: /rooms/* with {"scope":"rooms"}',
    ],
    [
      'subscribe',
      '/clubs/x',
      'no rule permits this user to subscribe there; rules permit it to others: /clubs/{claims.clubs}',
    ],
    [
      'subscribe',
      '/halls/x',
      'no rule permits this user to create it; rules permit it to others: /halls/* with {"scope":"halls:open"}',
    ],
    ['subscribe', '/user/bob/**', 'it reaches the channels of other users'],
    [
      'subscribe',
      '/many',
      'no rule permits this user to subscribe there; rules permit it to others: ' +
        '/many with {"scope":"a"}, /many with {"scope":"b"}, /many with {"scope":"c"}, and more',
    ],
    ['publish', '/news/x', 'no rule permits users to publish there'],
    [
      'publish',
      '/rooms/x',
      'no rule permits this user to publish there; rules permit it to others: /rooms/* with {"kind":"service"}',
    ],
    [
      'publish',
      '/halls/x',
      'no rule permits this user to create it; rules permit it to others: /halls/* with {"scope":"halls:open"}',
    ],
    [
      'call',
      '/service/echo',
      'no rule permits this user to call it; rules permit it to others: /service/echo with {"scope":"echo"}',
    ],
    ['call', '/service/comet/x', 'it belongs to the library'],
  ];

  it('[G6] is in the log at debug, one line for each, with the rule that was missing', async () => {
    await start();
    const client = await joinAs('alice.other');
    for (const [operation, channel] of table) {
      const reply = await (operation === 'subscribe'
        ? client.subscribe(channel)
        : client.publish(channel, 1));
      expect(reply).toMatchObject({ successful: false });
    }
    const phrases = { subscribe: 'subscribe to', publish: 'publish to', call: 'call of' };
    expect(denials()).toEqual(
      table.map(
        ([operation, channel, line]) => `debug A ${phrases[operation]} ${channel} was denied: ${line}.`,
      ),
    );
  });

  it('[G6] names the kind of principal, and logs nothing of what is permitted', async () => {
    await start();
    const [service, anonymous] = [await joinAs('service/billing.x'), await joinAs()];
    await service.subscribe(['/news/x', '/open/x']);
    await service.publish('/else', 1);
    await anonymous.subscribe('/else');
    await anonymous.subscribe('/rooms/x');
    expect(denials()).toEqual([
      'debug A publish to /else was denied: no rule permits services to publish there.',
      'debug A subscribe to /else was denied: no rule permits anonymous sessions to subscribe there.',
      'debug A subscribe to /rooms/x was denied: no rule permits anonymous sessions to subscribe there; ' +
        'rules permit it to others: /rooms/* with {"scope":"rooms"}.',
    ]);
  });

  it('[G6] by authorizers is told with their reason, in one line', async () => {
    const { service, log } = await start();
    service.channel('/open/denied').addAuthorizer(() => ({ deny: 'not_a_member' }));
    service.channel('/open/later').addAuthorizer(() => Promise.resolve({ deny: 'a\nb\u2028c\u202ed' }));
    service.channel('/open/ignored').addAuthorizer(() => 'ignore');
    service
      .channel('/open/made/*')
      .addAuthorizer(({ operation }) => (operation === 'create' ? 'deny' : 'grant'));
    service.channel('/open/failed').addAuthorizer(() => {
      throw new Error('hunter2');
    });
    const client = await joinAs('alice.other');
    for (const name of ['denied', 'later', 'ignored', 'made/x', 'failed']) {
      expect(await client.subscribe(`/open/${name}`)).toMatchObject({ successful: false });
    }
    expect(denials()).toEqual([
      'debug A subscribe to /open/denied was denied: an authorizer denied it (not_a_member).',
      'debug A subscribe to /open/later was denied: an authorizer denied it (a b c d).',
      'debug A subscribe to /open/ignored was denied: no authorizer grants it.',
      'debug A subscribe to /open/made/x was denied: an authorizer denied its creation (denied_by_security_policy).',
      'debug A subscribe to /open/failed was denied: the authorisation failed.',
    ]);
    expect(log.takeErrors()).toHaveLength(1);
  });

  it('[G6] costs nothing where debug messages are not read', () => {
    let explained = 0;
    const logged: unknown[] = [];
    const decided = () => DENIED;
    const { handshake, request } = harness({
      authority: {
        anonymous: undefined,
        subscribe: decided,
        publish: decided,
        call: decided,
        explain: () => `${++explained}`,
      },
      logger: { debug: (message) => logged.push(typeof message), warn: jest.fn(), error: jest.fn() },
    });
    const link = poll();
    const { id, principal } = handshake(link);
    void request(link, [{ channel: '/news', data: 1, clientId: id }], principal);
    expect([logged, explained]).toEqual([['function'], 0]);
  });

  it('[G6] is not even put in words by the logger of an application that reads warnings only', () => {
    const lines: unknown[] = [];
    let made = 0;
    const line = () => `line ${++made}`;
    const isEnabled = jest.spyOn(Logger, 'isLevelEnabled');
    const debug = jest.spyOn(Logger.prototype, 'debug').mockImplementation((text) => void lines.push(text));
    try {
      isEnabled.mockReturnValue(false);
      new CometLogger().debug(line);
      expect([lines, made]).toEqual([[], 0]);
      isEnabled.mockReturnValue(true);
      new CometLogger().debug(line);
      expect(lines).toEqual(['line 1']);
    } finally {
      debug.mockRestore();
      isEnabled.mockRestore();
    }
  });
});
