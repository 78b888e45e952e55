import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { DemoConfig } from '../config/demo.config.js';

const LIFETIME = 10 * 60 * 1000;
const MAX_PENDING = 1_000;
const COOKIE_PATH = '/auth/callback';

/** What a login remembers between its start and the provider's answer. */
export interface LoginState {
  /** Ties the ID token to this login. */
  readonly nonce: string;
  /** A path of the portal. */
  readonly returnTo: string;
}

interface Pending {
  readonly state: LoginState;
  readonly verifier: string;
  readonly browser: string;
  readonly expiresAt: number;
}

type Stored = (error: Error | null, handle?: string) => void;
type Loaded = (
  error: Error | null,
  verifier: string | false,
  state?: LoginState | { message: string },
) => void;

/**
 * Logins under way, keyed by the random `state` parameter: any number of tabs can log in at once. A login is good for
 * ten minutes, once, and only in the browser that began it, which shows a cookie of its own for each.
 */
@Injectable()
export class LoginStateStore {
  private readonly pending = new Map<string, Pending>();
  private readonly loaded = new WeakMap<Request, LoginState>();

  constructor(private readonly config: DemoConfig) {}

  /** Called by passport-oauth2, which chooses the form of the call by the number of parameters. */
  store(request: Request, verifier: string, state: LoginState, _meta: unknown, done: Stored): void {
    const handle = randomBytes(16).toString('base64url');
    const browser = randomBytes(32).toString('base64url');
    this.forgetOld();
    this.pending.set(handle, { state, verifier, browser, expiresAt: Date.now() + LIFETIME });
    request.res?.cookie(this.cookieName(handle), browser, { ...this.cookieOptions(), maxAge: LIFETIME });
    done(null, handle);
  }

  /** Called by passport-oauth2 with the `state` of the callback. */
  verify(request: Request, handle: unknown, _meta: unknown, done: Loaded): void {
    const login = this.take(request, handle);
    if (login) done(null, login.verifier, login.state);
    else done(null, false, { message: 'unknown state' });
  }

  /** Ends a login under way and returns it; `null` if it is unknown, over, or another browser's. */
  take(request: Request, handle: unknown): Pending | null {
    if (typeof handle !== 'string') return null;
    const login = this.pending.get(handle);
    // Who lacks the cookie must not be able to spoil the login either, so it stays for its owner.
    if (!login || !isSame(cookieOf(request, this.cookieName(handle)), login.browser)) return null;
    this.pending.delete(handle);
    request.res?.clearCookie(this.cookieName(handle), this.cookieOptions());
    if (login.expiresAt <= Date.now()) return null;
    this.loaded.set(request, login.state);
    return login;
  }

  /** What the login of this callback began with. */
  stateOf(request: Request): LoginState | undefined {
    return this.loaded.get(request);
  }

  private forgetOld(): void {
    for (const [handle, login] of this.pending) {
      // Insertion order is age.
      if (login.expiresAt > Date.now() && this.pending.size < MAX_PENDING) return;
      this.pending.delete(handle);
    }
  }

  private cookieName(handle: string): string {
    return this.config.cookieName(`portal-login-${handle}`);
  }

  private cookieOptions() {
    return { httpOnly: true, sameSite: 'lax', secure: this.config.secure, path: COOKIE_PATH } as const;
  }
}

function cookieOf(request: Request, name: string): string | undefined {
  const cookies = (request.headers.cookie ?? '').split(/; */);
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1);
}

function isSame(given: string | undefined, expected: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
