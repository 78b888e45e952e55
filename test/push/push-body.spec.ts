import { HTTP_KINDS } from '../support/comet-app.js';
import { NestStage } from '../nest/support/nest-stage.js';
import { readPushBody } from '../../src/push/push-body.js';
import { push, startPush } from './push.stage.js';

const CHANNEL = 'channel must be the name of a channel: write for example "/news/sport".';
const CLOSED =
  'channel must be one to send to, without wildcards, outside /meta and /service: write for example "/news/sport".';
const DATA = 'data is missing: write the data of the message, or null.';
const USER_IDS =
  'userIds must be a list of the ids of users, each once: write for example ["alice"], or leave it out.';
const MESSAGES = 'messages must be a list of messages, each with a channel and data.';
const BODY = 'the body must be a JSON object with channel and data, or with messages.';
const GOAL = { channel: '/news/sport', data: 1 };
const inbox = (userIds: unknown) => ({ channel: '/inbox', data: 1, userIds });

const WRONG: [what: string, body: unknown, message: string[]][] = [
  ['an array', [GOAL], [BODY]],
  ['no channel', { data: 1 }, [CHANNEL]],
  ['no data', { channel: '/news/sport' }, [DATA]],
  ['nothing', {}, [CHANNEL, DATA]],
  ['a channel that is none', { ...GOAL, channel: 7 }, [CHANNEL]],
  ['a wildcard', { ...GOAL, channel: '/news/*' }, [CLOSED]],
  ['a malformed channel', { ...GOAL, channel: '/news//sport' }, [CLOSED]],
  ['a channel of the protocol', { ...GOAL, channel: '/meta/connect' }, [CLOSED]],
  ['a service, which clients only ask', { ...GOAL, channel: '/service/chat' }, [CLOSED]],
  [
    'a service of the library, also to users',
    { ...inbox(['alice']), channel: '/service/comet/auth' },
    [CLOSED],
  ],
  ['no users', inbox([]), [USER_IDS]],
  ['a user that is no text', inbox([7]), [USER_IDS]],
  ['a user without a name', inbox(['']), [USER_IDS]],
  ['a user twice', inbox(['alice', 'alice']), [USER_IDS]],
  ['users that are no list', inbox('alice'), [USER_IDS]],
  ['null for users', inbox(null), [USER_IDS]],
  [
    'too many users',
    inbox(['a', 'b', 'c', 'd']),
    ['userIds must not be more than 3: send several messages.'],
  ],
  ['what does not belong there', { ...GOAL, ext: {} }, ['"ext" is no member of a push: leave it out.']],
  ['no messages', { messages: [] }, [MESSAGES]],
  ['messages that are none', { messages: 'x' }, [MESSAGES]],
  ['a message that is none', { messages: [GOAL, 7] }, [MESSAGES]],
  [
    'messages and a channel',
    { messages: [GOAL], ...GOAL },
    ['"channel" is no member of a push: leave it out.', '"data" is no member of a push: leave it out.'],
  ],
  [
    'a mistake in a batch',
    { messages: [GOAL, { channel: 7 }] },
    [`messages.1.${CHANNEL}`, `messages.1.${DATA}`],
  ],
  ['a wildcard in a batch', { messages: [GOAL, { ...GOAL, channel: '/**' }] }, [`messages.1.${CLOSED}`]],
  [
    'too many users in a batch',
    { messages: [GOAL, inbox(['a', 'b', 'c', 'd'])] },
    ['messages.1.userIds must not be more than 3: send several messages.'],
  ],
  [
    'too many messages',
    { messages: [GOAL, GOAL, GOAL] },
    ['messages must not be more than 2: send several requests.'],
  ],
];

const NESTED = `{"channel":"/news/sport","data":${'['.repeat(101)}${']'.repeat(101)}}`;

describe.each(HTTP_KINDS)('the body of a push on %s', (http) => {
  const stage = new NestStage();

  it('is told each of its mistakes, and nothing is sent', async () => {
    const app = await startPush(stage, http, {}, { maxBatch: 2, maxUsers: 3 });
    const client = await app.socket().join({ ext: { auth: { token: 'alice.' } } });
    await client.subscribe('/news/**');
    for (const [what, body, message] of WRONG) {
      expect({ what, ...(await push(app, body)) }).toMatchObject({ what, status: 400, body: { message } });
    }
    await client.sync();
    expect(client.pushed()).toEqual([]);
  });

  it('[W11] T77: counts users before it looks at them, in a batch too', async () => {
    const app = await startPush(stage, http, {}, { maxBatch: 2, maxUsers: 3 });
    const crowd = inbox(Array.from({ length: 5_000 }, () => 7));
    expect(await push(app, crowd)).toMatchObject({
      status: 400,
      body: { message: ['userIds must not be more than 3: send several messages.'] },
    });
    expect(await push(app, { messages: [GOAL, crowd] })).toMatchObject({
      status: 400,
      body: { message: ['messages.1.userIds must not be more than 3: send several messages.'] },
    });
  });

  it('[W11] T77: compares no user with all others', () => {
    const userIds = Array.from({ length: 100_000 }, (_, index) => `user-${index}`);
    let compared = 0;
    userIds.indexOf = (...given) => {
      compared++;
      return Array.prototype.indexOf.apply(userIds, given);
    };
    const limits = { maxBatch: 1, maxUsers: userIds.length };
    expect(readPushBody(inbox(userIds), limits)).toHaveLength(1);
    expect(() => readPushBody(inbox([...userIds, 'user-0']), { ...limits, maxUsers: 200_000 })).toThrow();
    expect(compared).toBe(0);
  });

  it('[W11] T77: names a few of many members that do not belong there', async () => {
    const app = await startPush(stage, http);
    const members = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`m${index}`, 1]));
    const { status, body } = await push(app, { ...GOAL, ...members });
    expect([status, body.message?.length]).toEqual([400, 20]);
  });

  it('T47: is small, and not deep', async () => {
    const app = await startPush(stage, http, { limits: { messageBytes: 1_024 } });
    expect(await push(app, { ...GOAL, data: 'x'.repeat(1_022) })).toMatchObject({ status: 202 });
    expect(await push(app, { ...GOAL, data: 'x'.repeat(1_023) })).toMatchObject({ status: 413 });
    expect(await push(app, NESTED)).toMatchObject({
      status: 400,
      body: { message: ['data is nested too deeply.'] },
    });
    expect(
      await push(app, NESTED.replace(/\[{101}(\]{101})/, '['.repeat(40_000) + ']'.repeat(40_000))),
    ).toMatchObject({ status: 400 });
  });

  it('T47: has no members that came by way of a prototype', async () => {
    const app = await startPush(stage, http);
    const polluting = [
      '{"channel":"/news/sport","data":1,"__proto__":{"userIds":["alice"]}}',
      '{"__proto__":{"channel":"/news/sport","data":1}}',
      '{"messages":[{"__proto__":{"channel":"/news/sport","data":1}}]}',
    ];
    for (const body of polluting) expect(await push(app, body)).toMatchObject({ status: 400 });
    expect(Object.prototype).not.toHaveProperty('userIds');
  });
});
