import fc from 'fast-check';
import { check } from '../property/support/seeded.js';
import { Delivery, encodeFrames } from '../../src/bayeux/delivery.js';
import { encode } from '../support/encode.js';
import type { Outbound } from '../../src/bayeux/ports.js';

const text = fc.string({ unit: 'grapheme', maxLength: 30 });

const delivery: fc.Arbitrary<Outbound> = text.map((data) => new Delivery('/a', data));

/** What a service answers: the only reply that has letters of the application in it, but for errors. */
const reply: fc.Arbitrary<Outbound> = fc
  .record({ data: text, error: text })
  .map(({ data, error }) => ({ channel: '/service/x', id: '1', data, successful: false, error }));

const outbound = fc.array(fc.oneof(delivery, reply), { maxLength: 30 });

function parse(frame: string): unknown[] {
  return JSON.parse(frame) as unknown[];
}

describe('frames', () => {
  it('together say what one array would, in the same order', () => {
    check(
      fc.property(outbound, fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 500 }), (...args) => {
        const [messages] = args;
        expect(encodeFrames(...args).flatMap(parse)).toEqual(parse(encode(messages)));
      }),
      300,
    );
  });

  it('have at least one message and at most as many as they may', () => {
    check(
      fc.property(outbound, fc.integer({ min: 1, max: 10 }), (messages, most) => {
        const sizes = encodeFrames(messages, most, Infinity).map((frame) => parse(frame).length);
        expect(sizes).toHaveLength(Math.ceil(messages.length / most));
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(most);
      }),
      300,
    );
  });

  it('have at most as many bytes as they may, unless they have one message', () => {
    check(
      fc.property(outbound, fc.integer({ min: 1, max: 1_000 }), (messages, most) => {
        for (const frame of encodeFrames(messages, Infinity, most)) {
          if (parse(frame).length > 1) expect(Buffer.byteLength(frame)).toBeLessThanOrEqual(most);
        }
      }),
      300,
    );
  });

  it('are no more than it takes: two that follow would not fit into one', () => {
    check(
      fc.property(outbound, fc.integer({ min: 1, max: 1_000 }), (messages, most) => {
        const frames = encodeFrames(messages, Infinity, most);
        for (const [index, frame] of frames.slice(1).entries()) {
          const [first] = parse(frame);
          const together = `${frames[index]?.slice(0, -1) ?? ''},${JSON.stringify(first)}]`;
          expect(Buffer.byteLength(together)).toBeGreaterThan(most);
        }
      }),
      300,
    );
  });
});
