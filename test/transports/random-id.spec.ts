import { randomId } from '../../src/transports/random-id.js';

describe('ids of sessions and browsers', () => {
  it('have 192 bits and are never given out twice, also where their bytes are fetched anew', () => {
    const ids = Array.from({ length: 1_000 }, () => randomId());

    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{32}$/);
  });

  it('share no bytes, and none of them is left unfilled', () => {
    const bytes = Array.from({ length: 1_000 }, () => Buffer.from(randomId(), 'base64url'));

    const parts = bytes.flatMap((id) => [0, 6, 12, 18].map((at) => id.toString('hex', at, at + 6)));
    expect(new Set(parts).size).toBe(parts.length);
    expect(parts).not.toContain('000000000000');
  });
});
