import fc from 'fast-check';
import { Delivery } from '../../src/bayeux/delivery.js';
import type { Outbound } from '../../src/bayeux/ports.js';
import { RunCache } from '../../src/transports/run-cache.js';
import { textFrame } from '../../src/transports/text-frame.js';
import { check } from '../property/support/seeded.js';
import { encode } from '../support/encode.js';

/** A cache, and what ends the turn. */
function cache(): { runs: RunCache; endTurn: () => void; waiting: () => number } {
  const tasks: (() => void)[] = [];
  const scheduler = {
    now: () => 0,
    deadline: () => ({
      due: undefined,
      moveTo: () => undefined,
      cancel: () => undefined,
      pause: () => undefined,
    }),
    endOfTurn: (task: () => void) => void tasks.push(task),
    armed: 0,
    wallTime: () => 0,
    onWallStep: () => undefined,
    outside: (task: () => void) => task(),
  };
  const endTurn = (): void => {
    for (const task of tasks.splice(0)) task();
  };
  return { runs: new RunCache(scheduler), endTurn, waiting: () => tasks.length };
}

const text = fc.string({ unit: 'grapheme', maxLength: 10 });

describe('messages that many clients get', () => {
  it('are the array that one would write for each of them', () => {
    const pool = Array.from({ length: 4 }, (_, index) => new Delivery('/a', index));
    const messages = fc.array(fc.constantFrom(...pool), { maxLength: 4 });
    const replies = fc.array(
      text.map((error): Outbound => ({ channel: '/meta/connect', error })),
      { maxLength: 2 },
    );
    check(
      fc.property(fc.array(fc.tuple(messages, replies), { maxLength: 30 }), (responses) => {
        const { runs } = cache();
        for (const [first, then] of responses) {
          for (const all of [
            [...first, ...then],
            [...then, ...first],
          ]) {
            const written = encode(all);
            expect(runs.encode(all)).toEqual({ text: written, bytes: Buffer.byteLength(written) });
          }
        }
      }),
      200,
    );
  });

  it('are written once, and told from others that begin and end alike', () => {
    const { runs } = cache();
    const [a, b, c, d] = [1, 2, 3, 4].map((data) => new Delivery('/a', data)) as [
      Delivery,
      Delivery,
      Delivery,
      Delivery,
    ];
    const run = runs.of([a, b, d], 3);
    expect(runs.of([a, b, d], 3)).toBe(run);
    expect(runs.of([a, c, d], 3)).not.toBe(run);
    expect(runs.of([a, b], 2)).not.toBe(run);
    expect(runs.of([a, b, d], 3)).toBe(run);
  });

  it('are forgotten with the turn, and few at a time are remembered', () => {
    const { runs, endTurn, waiting } = cache();
    const message = new Delivery('/a', 0);
    const run = runs.of([message], 1);
    for (let data = 1; data <= 100; data++) runs.of([new Delivery('/a', data)], 1);
    expect(waiting()).toBe(1);
    expect(runs.of([message], 1)).not.toBe(run);
    endTurn();
    const next = runs.of([message], 1);
    expect(waiting()).toBe(1);
    endTurn();
    expect(runs.of([message], 1)).not.toBe(next);
  });
});

describe('a response', () => {
  it('is one array of messages and replies, in order', () => {
    const { runs } = cache();
    const reply = { channel: '/meta/connect', successful: true };
    expect(runs.encode([new Delivery('/a', 1)]).text).toBe('[{"channel":"/a","data":1}]');
    expect(runs.encode([reply]).text).toBe('[{"channel":"/meta/connect","successful":true}]');
    expect(JSON.parse(runs.encode([new Delivery('/a', 1), new Delivery('/b', [2]), reply]).text)).toEqual([
      { channel: '/a', data: 1 },
      { channel: '/b', data: [2] },
      reply,
    ]);
    expect(runs.encode([])).toEqual({ text: '[]', bytes: 2 });
  });
});

describe('a text frame', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 100_000])('of %i bytes is as RFC 6455 §5.2 has it', (bytes) => {
    const frame = textFrame('x'.repeat(bytes), bytes);
    const [header, length] =
      bytes < 126
        ? [2, (frame[1] as number) & 0x7f]
        : bytes < 65_536
          ? [4, frame.readUInt16BE(2)]
          : [10, Number(frame.readBigUInt64BE(2))];
    expect([frame[0], length, frame.length]).toEqual([0x81, bytes, header + bytes]);
    expect(frame.toString('utf8', header)).toBe('x'.repeat(bytes));
  });

  it('holds any text', () => {
    check(
      fc.property(text, (content) => {
        const frame = textFrame(content, Buffer.byteLength(content));
        expect(frame.subarray(2).equals(Buffer.from(content))).toBe(true);
      }),
      300,
    );
  });
});
