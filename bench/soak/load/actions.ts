import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../../../test/bayeux/support/random.js';
import { ECHO_SERVICE, roomChannel } from '../channels.js';
import { MAX_INTERVAL } from '../control.js';
import { badMessages, garbage } from './garbage.js';
import { loiter } from './loiter.js';
import { changeNetwork, comeBack, doubleConnect, handshakeAgain, loseAnswer, move } from './moves.js';
import { PollingConnection } from './polling.connection.js';
import type { SoakClient } from './soak.client.js';
import { stall } from './stall.js';

/** Something that a client does now and then. */
export interface Action {
  readonly name: string;
  readonly run: (client: SoakClient) => Promise<void>;
}

async function publish(client: SoakClient): Promise<void> {
  const { voice, room, random } = client;
  const pad = 'p'.repeat(random.below(200));
  // The next number is sent only when this one has been answered, so that nobody who listens sees a gap.
  await client.ask([{ channel: roomChannel(room), data: { from: voice.from, seq: voice.seq++, pad } }]);
}

async function call(client: SoakClient): Promise<void> {
  const data = { question: client.random.below(1_000_000) };
  const answers = await client.ask([{ channel: ECHO_SERVICE, data }]);
  const answer = answers.find((message) => 'data' in message);
  if (JSON.stringify(answer?.data) !== JSON.stringify(data)) {
    client.complain('wrong answer', `${JSON.stringify(answers)} to ${JSON.stringify(data)}`);
  }
}

async function resubscribe(client: SoakClient): Promise<void> {
  const channel = await client.addNews();
  if (channel === undefined) return;
  await client.pause(client.random.below(6_000));
  await client.ask([{ channel: '/meta/unsubscribe', subscription: channel }]);
}

async function sendGarbage(client: SoakClient): Promise<void> {
  await client.connection.raw(garbage(client.random));
}

async function sendBadMessages(client: SoakClient): Promise<void> {
  const { connection, member } = client;
  if (!member) return;
  const messages = badMessages(member.clientId);
  const answers = await client.answered([client.random.pick(messages)], member);
  if (!connection.alive) return;
  for (const answer of answers) {
    if (answer.successful !== false) client.complain('not refused', JSON.stringify(answer));
  }
}

function tear(client: SoakClient): Promise<void> {
  if (client.connection instanceof PollingConnection) client.connection.tear('[{"channel":"/meta/handsh');
  return Promise.resolve();
}

/** Stays away for longer than a session lives. */
async function oversleep(client: SoakClient): Promise<void> {
  await comeBack(client, MAX_INTERVAL + 2_000);
}

function loiterBeside(client: SoakClient): Promise<void> {
  const { world, random, complain } = client;
  void loiter(world.url, random, complain);
  return pause(0);
}

function leave(client: SoakClient): Promise<void> {
  client.end('leave');
  return Promise.resolve();
}

function vanish(client: SoakClient): Promise<void> {
  client.end('vanish');
  return Promise.resolve();
}

/** Of a thousand things that are done, how many are which. */
const ACTIONS: readonly (readonly [weight: number, name: string, run: Action['run']])[] = [
  [300, 'publish', publish],
  [150, 'call', call],
  [120, 'resubscribe', resubscribe],
  [50, 'lose an answer', loseAnswer],
  [30, 'change network', changeNetwork],
  [60, 'come back', (client) => comeBack(client, client.random.below(3_000))],
  [80, 'move', move],
  [60, 'double connect', doubleConnect],
  [50, 'handshake again', handshakeAgain],
  [30, 'garbage', sendGarbage],
  [30, 'bad messages', sendBadMessages],
  [10, 'torn request', tear],
  [5, 'oversleep', oversleep],
  [5, 'loiter', loiterBeside],
  [3, 'stall', stall],
  [24, 'leave', leave],
  [23, 'vanish', vanish],
];

const TOTAL = ACTIONS.reduce((sum, [weight]) => sum + weight, 0);

/** What a client does next. */
export function pickAction(random: Random): Action {
  let left = random.below(TOTAL);
  for (const [weight, name, run] of ACTIONS) {
    if (left < weight) return { name, run };
    left -= weight;
  }
  throw new Error('The weights do not add up.');
}
