import fc from 'fast-check';
import { ADVICE_NONE, adviseMultipleClients, adviseRetry } from '../../src/bayeux/advice.js';
import type { Reply } from '../../src/bayeux/message.js';
import { replyText } from '../../src/bayeux/reply-text.js';
import { check } from '../property/support/seeded.js';

const id = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('7', 'a-b_C', '"', '\\', 'ä', '', '1\n'));
const advice = fc.oneof(
  fc.tuple(fc.constantFrom(0, 500), fc.constantFrom(0, 30_000)).map(([interval, timeout]) => {
    return adviseRetry(interval, timeout);
  }),
  fc.constantFrom(ADVICE_NONE, adviseMultipleClients(2_000, 30_000)),
  fc.integer().map((interval) => ({ reconnect: 'retry' as const, interval, timeout: 1 })),
);

/** A connect reply as the server makes it, with or without what may be missing or come on top. */
const connectReply = fc
  .record(
    { id, successful: fc.boolean(), advice, error: fc.string(), ext: fc.constant({ ack: 1 }) },
    { requiredKeys: [] },
  )
  .map((rest): Reply => ({ channel: '/meta/connect', ...rest }));

describe('the text of a reply', () => {
  it('is its JSON, whatever is or is not in it', () => {
    check(
      fc.property(fc.array(connectReply, { maxLength: 10 }), (replies) => {
        for (const reply of replies) expect(replyText(reply)).toBe(JSON.stringify(reply));
      }),
      500,
    );
  });

  it('is that of the advice it has, and not of one that was changed since', () => {
    const changing = { reconnect: 'retry' as 'retry' | 'none', interval: 1, timeout: 2 };
    const reply: Reply = { channel: '/meta/connect', id: '1', successful: true, advice: changing };
    expect(replyText(reply)).toContain('"reconnect":"retry"');
    changing.reconnect = 'none';
    expect(replyText(reply)).toContain('"reconnect":"none"');
  });

  it('leaves out what is undefined', () => {
    const reply = {
      channel: '/meta/connect',
      id: '1',
      successful: true,
      advice: ADVICE_NONE,
      error: undefined,
    };
    expect(replyText(reply as unknown as Reply)).toBe(JSON.stringify(reply));
  });

  it('is JSON for all other channels', () => {
    const reply: Reply = { channel: '/meta/subscribe', id: '1', successful: true, subscription: '/a' };
    expect(replyText(reply)).toBe(JSON.stringify(reply));
  });
});
