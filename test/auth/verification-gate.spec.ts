import type { CometPrincipal } from '../../src/auth/comet-principal.js';
import type { Share } from '../../src/auth/concurrency-limit.js';
import { AuthUnavailableError, TokenError } from '../../src/auth/token-verifier.js';
import { type Presenter, VerificationGate } from '../../src/auth/verification-gate.js';
import { settled } from '../bayeux/support/core.harness.js';

const from = (network: string, holder?: string): Presenter => ({ lane: 'clients', network, holder });

/** Counts what it is asked. A token says what becomes of it: `good…`, `old…`, `down…`, or no good. */
class CountingVerifier {
  readonly asked: string[] = [];
  readonly shares: (Share | undefined)[] = [];
  readonly #held: (() => void)[] = [];
  holds = false;

  async verify(token: string, share?: Share): Promise<CometPrincipal> {
    this.asked.push(token);
    this.shares.push(share);
    if (this.holds) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (token.startsWith('good')) return { kind: 'user', userId: token } as CometPrincipal;
    if (token.startsWith('down')) throw new AuthUnavailableError('down');
    throw new TokenError(token.startsWith('old') ? 'token_expired' : 'invalid_token', 'test');
  }

  async release(): Promise<void> {
    this.holds = false;
    for (const resolve of this.#held.splice(0)) resolve();
    await settled();
  }
}

describe('the gate ahead of verification', () => {
  let now: number;
  let verifier: CountingVerifier;
  let warnings: string[];
  beforeEach(() => {
    now = 1_000_000;
    verifier = new CountingVerifier();
    warnings = [];
  });

  function gate(badTokens = 3): VerificationGate {
    const logger = {
      debug: () => undefined,
      warn: (message: string) => void warnings.push(message),
      error: () => undefined,
    };
    return new VerificationGate(verifier, badTokens, logger, () => now);
  }

  const outcome = (subject: VerificationGate, token: string, presenter = from('n')): Promise<string> =>
    subject.verify(token, presenter).then(
      () => 'good',
      (error: unknown) => (error instanceof TokenError ? error.code : (error as Error).name),
    );

  const LIMITED = 'TokenLimitError';

  it('[L1] T68 looks at no more tokens of a network than may be bad', async () => {
    const subject = gate();
    for (const token of ['x1', 'x2', 'x3']) expect(await outcome(subject, token)).toBe('invalid_token');
    for (const token of ['x4', 'good1', 'down1']) expect(await outcome(subject, token)).toBe(LIMITED);
    expect(verifier.asked).toEqual(['x1', 'x2', 'x3']);
    expect(await outcome(subject, 'good1', from('other'))).toBe('good');
    now += 20_000;
    expect(await outcome(subject, 'good2')).toBe('good');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/`trustProxy`/);
  });

  it('[L1] T68 looks at no more of a thousand that come at once', async () => {
    const subject = gate();
    verifier.holds = true;
    const outcomes = Array.from({ length: 1_000 }, (_, index) => outcome(subject, `x${index}`));
    await settled();
    expect(verifier.asked).toHaveLength(3);
    await verifier.release();
    const all = await Promise.all(outcomes);
    expect(verifier.asked).toHaveLength(3);
    expect(all.filter((answer) => answer === 'invalid_token')).toHaveLength(3);
  });

  it('[L1] T68 lets a hundred clients behind one address in that come at once', async () => {
    const subject = gate();
    verifier.holds = true;
    const outcomes = Array.from({ length: 100 }, (_, index) => outcome(subject, `good${index}`));
    await settled();
    expect(verifier.asked).toHaveLength(3);
    await verifier.release();
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['good']));
  });

  it('[L1] T68 lets tokens pass that were found good, whatever their neighbours do', async () => {
    const subject = gate();
    expect(await outcome(subject, 'good1')).toBe('good');
    for (let index = 0; index < 10; index++) await outcome(subject, `x${index}`);
    // Long after caches of verifiers have forgotten it.
    now += 3_600_000;
    for (let index = 0; index < 10; index++) await outcome(subject, `y${index}`);
    expect(await outcome(subject, 'good2')).toBe(LIMITED);
    expect(await outcome(subject, 'good1')).toBe('good');
    expect(subject.refuses(() => 'good1', from('n'))).toBe(false);
    expect(subject.refuses(() => 'good2', from('n'))).toBe(true);
  });

  it('[L1] T68 keeps a session that is proven otherwise apart from its neighbours', async () => {
    const subject = gate();
    for (let index = 0; index < 10; index++) await outcome(subject, `x${index}`);
    expect(await outcome(subject, 'good1')).toBe(LIMITED);
    expect(await outcome(subject, 'good1', from('n', 'alice'))).toBe('good');
    // Its attempts end too, and count for its network.
    for (let index = 0; index < 3; index++) await outcome(subject, `y${index}`, from('m', 'mallory'));
    expect(await outcome(subject, 'good2', from('m', 'mallory'))).toBe(LIMITED);
    expect(await outcome(subject, 'good2', from('m'))).toBe(LIMITED);
    expect(await outcome(subject, 'good2', from('m', 'bob'))).toBe('good');
  });

  it('[L1] T68 counts controllers apart from clients', async () => {
    const subject = gate();
    for (let index = 0; index < 10; index++) await outcome(subject, `x${index}`);
    expect(await outcome(subject, 'good1', { lane: 'controllers', network: 'n' })).toBe('good');
    expect(verifier.shares.at(-1)).toEqual({ lane: 'controllers', party: 'n' });
  });

  it('[L1] T68 bounds also the tokens that nothing can be told of', async () => {
    const subject = gate();
    for (let index = 0; index < 200; index++) {
      expect(await outcome(subject, `down${index}`)).toBe('AuthUnavailableError');
    }
    expect(verifier.asked).toHaveLength(30);
    now += 60_000;
    expect(await outcome(subject, 'good')).toBe('good');
  });

  it('holds expired tokens against nobody', async () => {
    const subject = gate();
    for (let index = 0; index < 10; index++)
      expect(await outcome(subject, `old${index}`)).toBe('token_expired');
    expect(await outcome(subject, 'good')).toBe('good');
  });

  it('forgets that a token was good when it no longer is', async () => {
    const subject = gate();
    await outcome(subject, 'good1');
    verifier.verify = () => Promise.reject(new TokenError('invalid_token', 'withdrawn'));
    expect(await outcome(subject, 'good1')).toBe('invalid_token');
    for (let index = 0; index < 3; index++) await outcome(subject, `x${index}`);
    expect(await outcome(subject, 'good1')).toBe(LIMITED);
  });

  it('is open where nothing is limited', async () => {
    const subject = gate(0);
    for (let index = 0; index < 100; index++) await outcome(subject, `x${index}`);
    expect(verifier.asked).toHaveLength(100);
  });
});
