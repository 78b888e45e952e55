import { setMaxListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { Random } from '../../../test/bayeux/support/random.js';
import { ATTACKERS, type Command, type Mark, type Told } from '../control.js';
import { attackHttp2, HTTP2_ATTACKS } from './http2.attacks.js';
import { HTTP_SHAPES, type Shape } from './http.shapes.js';
import { SESSION_SHAPES, UPGRADE_SHAPES } from './upgrade.shapes.js';
import { type Manner, Wire } from './wire.js';

// The process of the attackers. It ends with the one that has started it, and never has more than so many connections.
const MOST = 600;
/** New ones in a second. */
const RATE = 60;
/** Milliseconds for which a connection is there at most. */
const LIFE = 10_000;

const SHAPES: Readonly<Record<string, Shape>> = { ...HTTP_SHAPES, ...UPGRADE_SHAPES };
const MANNERS: readonly Manner[] = ['whole', 'whole', 'bytes', 'slow', 'cut'];
const LAST = ATTACKERS.at(-1) as string;
const OTHERS = ATTACKERS.slice(0, -1);
const ENDINGS = ['close', 'reset', 'half-close', 'unread', 'wait'] as const;

type Ending = (typeof ENDINGS)[number];

/** What a run begins with: everything once, with each ending, so that a short run leaves nothing out. */
interface First {
  readonly mark: Mark;
  readonly name: string;
  readonly ending: Ending;
}

const attacks: Record<string, number> = {};
let most = 0;
let underWay = new Set<Promise<void>>();
let gone = endless();

/** A signal that each connection listens to. */
function endless(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** One connection, all of which follows from its seed. */
async function attack(marks: readonly Mark[], seed: number, first: First | undefined): Promise<void> {
  const random = new Random(seed);
  const mark = first?.mark ?? random.pick(marks);
  const names = [...Object.keys(SHAPES), ...(mark.tls ? HTTP2_ATTACKS : [])];
  const name = first?.name ?? random.pick(names);
  // Where sessions come from, anonymous handshakes do not: they would use up all that the address may have.
  const from = SESSION_SHAPES.includes(name) ? LAST : random.pick(OTHERS);
  attacks[name] = (attacks[name] ?? 0) + 1;
  const life = AbortSignal.any([gone.signal, AbortSignal.timeout(LIFE)]);
  const shape = SHAPES[name];
  await (shape
    ? attackHttp1(shape, mark, from, random, life, first?.ending)
    : attackHttp2(name, mark, from, random, life));
}

async function attackHttp1(
  shape: Shape,
  mark: Mark,
  from: string,
  random: Random,
  life: AbortSignal,
  first: Ending | undefined,
): Promise<void> {
  const manner = first === undefined ? random.pick(MANNERS) : 'whole';
  const ending = first ?? random.pick(ENDINGS);
  const wire = await Wire.open(mark, from, first === undefined && random.below(10) === 0);
  if (!wire) return;
  const stop = (): void => wire.destroy();
  life.addEventListener('abort', stop, { once: true });
  if (life.aborted) stop();
  if (ending === 'unread') wire.stopReading();
  for await (const part of shape(random, wire, mark.token)) {
    if (!wire.open) break;
    const cut = manner === 'cut' && random.below(3) === 0;
    await wire.send(cut ? part.slice(0, random.below(part.length + 1)) : part, manner);
    if (cut) break;
  }
  await pause(random.below(300));
  if (ending === 'reset') wire.reset();
  if (ending === 'close' || ending === 'unread') wire.destroy();
  if (ending === 'half-close') wire.end();
  await wire.closed;
  life.removeEventListener('abort', stop);
}

/** Keeps attacking, never with too many connections, until it is told to rest. */
async function keepAttacking(marks: readonly Mark[], seed: number): Promise<void> {
  const seeds = new Random(seed);
  const firsts = marks
    .flatMap((mark) =>
      Object.keys(SHAPES).flatMap((name) => ENDINGS.map((ending) => ({ mark, name, ending }))),
    )
    .map((first) => ({ first, place: seeds.next() }))
    .sort((left, right) => left.place - right.place)
    .map(({ first }) => first);
  const { signal } = gone;
  const start = performance.now();
  while (!signal.aborted) {
    const due = ((performance.now() - start) / 1_000) * RATE;
    for (let sent = total(), last = sent + 10; sent < Math.min(due, last) && underWay.size < MOST; sent++) {
      const one = attack(marks, seeds.below(2 ** 32), firsts.pop());
      underWay.add(one);
      void one.finally(() => underWay.delete(one));
    }
    most = Math.max(most, underWay.size);
    await pause(20);
  }
}

const total = (): number => Object.values(attacks).reduce((sum, count) => sum + count, 0);

/** As many connections as asked for, all at once; every third says a little, and none leaves by itself. */
async function crowd(marks: readonly Mark[], each: number): Promise<void> {
  const { signal } = gone;
  for (let count = 0; count < each && !signal.aborted; count++) {
    for (const mark of marks) {
      const from = ATTACKERS[count % ATTACKERS.length] as string;
      const one = Wire.open(mark, from, count % 10 !== 0).then(async (wire) => {
        if (!wire) return;
        signal.addEventListener('abort', () => wire.reset(), { once: true });
        if (signal.aborted) wire.reset();
        if (count % 3 === 0)
          await wire.send('POST /cometd HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n[', 'whole');
        await wire.closed;
      });
      underWay.add(one);
      void one.finally(() => underWay.delete(one));
    }
    if (count % 50 === 0) await pause(10);
  }
}

async function rest(): Promise<void> {
  gone.abort();
  await Promise.race([Promise.all(underWay), pause(5_000)]);
  underWay = new Set();
  gone = endless();
  const told: Told = { attacks, most };
  process.send?.(told);
}

process.on('message', (command: Command) => {
  if (command.command === 'attack') void keepAttacking(command.marks, command.seed);
  else if (command.command === 'crowd') void crowd(command.marks, command.each);
  else void rest();
});
process.once('disconnect', () => process.exit());
