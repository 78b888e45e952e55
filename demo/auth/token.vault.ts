import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LoginRefusedError } from './auth.errors.js';
import { OidcClient } from './oidc-client.service.js';
import type { TokenSet } from './token-set.js';

/** A session that asks for no token for this long is over. */
const IDLE_LIMIT = 12 * 60 * 60 * 1000;
/** A page that says its token was refused gets another one, but not one at every call. */
const MIN_AGE_TO_RENEW = 5_000;
/** Times in tokens are whole seconds, so that one may end so much earlier than the answer it came with says. */
const ROUNDING = 1_000;
/** Less than this is not worth handing out. */
const MIN_LEFT = 10_000;

/** Who has signed in to the portal. */
export interface Person {
  readonly userId: string;
  readonly name: string;
}

interface Entry {
  readonly owner: Person;
  tokens: TokenSet;
  /** An administrator has ended the access; the entry stays so that its page can be told. */
  ended?: true;
  usedAt: number;
  renewal?: Promise<TokenSet>;
}

/**
 * Keeps the tokens of portal sessions. They are not in the session itself, of which every request has its own copy:
 * two tabs that renew at the same moment would each spend the refresh token, and a provider that rotates them takes
 * the second for a theft.
 */
@Injectable()
export class TokenVault {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly client: OidcClient) {}

  /** Keeps tokens and returns the key to them. */
  put(owner: Person, tokens: TokenSet): string {
    this.sweep();
    const key = randomBytes(24).toString('base64url');
    this.entries.set(key, { owner, tokens, usedAt: performance.now() });
    return key;
  }

  /** Forgets the tokens and returns the ID token, which the provider wants to see at logout. */
  remove(key: string): string | undefined {
    const idToken = this.entries.get(key)?.tokens.idToken;
    this.entries.delete(key);
    return idToken;
  }

  /** Whether an administrator has ended the access of this session. */
  isEnded(key: string): boolean {
    return this.entries.get(key)?.ended === true;
  }

  /** Hands out no more tokens of a user, in none of their sessions so far. */
  endAccess(userId: string): void {
    for (const entry of this.entries.values()) {
      if (entry.owner.userId === userId) entry.ended = true;
    }
  }

  /** Who is signed in, each once, by name. */
  people(): readonly Person[] {
    this.sweep();
    const present = [...this.entries.values()].filter(({ ended }) => !ended);
    const people = new Map(present.map(({ owner }) => [owner.userId, owner]));
    return [...people.values()].sort((a, b) => a.name.localeCompare(b.name));
  }

  /**
   * An access token with at least half of its life ahead, renewed if need be.
   *
   * @param renew asks for a new one although the present one looks good.
   * @throws {@link LoginRefusedError} if there is none to be had any more.
   */
  async accessToken(key: string, renew: boolean): Promise<{ token: string; expiresIn: number }> {
    const entry = this.entries.get(key);
    if (!entry || entry.ended) throw new LoginRefusedError('no tokens are kept for this session');
    entry.usedAt = performance.now();
    const left = entry.tokens.expiresAt - performance.now();
    const age = entry.tokens.lifetime - left;
    const stale = left - ROUNDING < entry.tokens.lifetime / 2;
    if (stale || (renew && age > MIN_AGE_TO_RENEW)) await this.renew(entry, left);
    if (this.isEnded(key)) throw new LoginRefusedError('the access was ended meanwhile');
    const { accessToken, expiresAt } = entry.tokens;
    return { token: accessToken, expiresIn: Math.floor((expiresAt - performance.now()) / 1000) };
  }

  private async renew(entry: Entry, left: number): Promise<void> {
    const { refreshToken, idToken } = entry.tokens;
    if (!refreshToken) {
      // A provider that gives none lets the session live as long as its access token.
      if (left > MIN_LEFT) return;
      throw new LoginRefusedError('the access token has expired and there is no refresh token');
    }
    entry.renewal ??= this.client.refresh(refreshToken).finally(() => delete entry.renewal);
    try {
      entry.tokens = { ...(idToken && { idToken }), ...(await entry.renewal) };
    } catch (error) {
      // While the provider is down the present token serves for what is left of it.
      if (error instanceof LoginRefusedError || left < MIN_LEFT) throw error;
    }
  }

  private sweep(): void {
    for (const [key, entry] of this.entries) {
      if (performance.now() - entry.usedAt > IDLE_LIMIT) this.entries.delete(key);
    }
  }
}
