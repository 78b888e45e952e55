import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { EncryptJWT, jwtDecrypt } from 'jose';
import { DemoConfig } from '../config/demo.config.js';

/** Seconds from the start of a login to the provider's answer. */
const LIFETIME = 10 * 60;
/** Logins that one browser may have under way. Its oldest are forgotten, and nobody else's. */
const MAX_OF_BROWSER = 8;
/** Logins that are remembered as over. */
const MAX_USED = 10_000;
/** What begins and ends a login lies below it. */
const COOKIE_PATH = '/auth';
const ENCRYPTION = { alg: 'dir', enc: 'A256GCM' } as const;

/** What a login remembers between its start and the provider's answer. */
export interface LoginState {
  /** Ties the ID token to this login. */
  readonly nonce: string;
  /** A path of the portal. */
  readonly returnTo: string;
}

/** A login under way. */
export interface Pending {
  readonly state: LoginState;
  readonly verifier: string;
}

type Stored = (error: Error | null, handle?: string) => void;
type Loaded = (
  error: Error | null,
  verifier: string | false,
  state?: LoginState | { message: string },
) => void;

/**
 * Logins under way, keyed by the random `state` parameter: any number of tabs can log in at once. A login is good for
 * ten minutes, once, and only in the browser that began it: it is kept there, in an encrypted cookie. The server keeps
 * nothing of it, so that logins that others begin take no room from it.
 */
@Injectable()
export class LoginStateStore {
  private readonly key = randomBytes(32);
  private readonly used = new Set<string>();
  private readonly loaded = new WeakMap<Request, LoginState>();
  private readonly cookiePrefix: string;

  constructor(private readonly config: DemoConfig) {
    this.cookiePrefix = `${config.cookieName('portal-login')}-`;
  }

  /** Called by passport-oauth2, which chooses the form of the call by the number of parameters. */
  store(request: Request, verifier: string, state: LoginState, _meta: unknown, done: Stored): void {
    const handle = randomBytes(16).toString('base64url');
    this.begin(request, handle, { state, verifier }).then(
      () => {
        done(null, handle);
      },
      (error: unknown) => {
        done(error as Error);
      },
    );
  }

  /** Called by passport-oauth2 with the `state` of the callback. */
  verify(request: Request, handle: unknown, _meta: unknown, done: Loaded): void {
    this.take(request, handle).then(
      (login) => {
        if (login) done(null, login.verifier, login.state);
        else done(null, false, { message: 'unknown state' });
      },
      (error: unknown) => {
        done(error as Error, false);
      },
    );
  }

  /** Ends a login under way and returns it; `null` if it is unknown, over, or another browser's. */
  async take(request: Request, handle: unknown): Promise<Pending | null> {
    if (typeof handle !== 'string') return null;
    const name = this.cookiePrefix + handle;
    const sealed = this.loginsOf(request).find((cookie) => cookie.name === name)?.value;
    const login = sealed === undefined ? null : await this.open(sealed, handle);
    // Who lacks the cookie must not be able to spoil the login either, so it stays for its owner.
    if (!login || this.used.has(handle)) return null;
    this.forgetOldest();
    this.used.add(handle);
    request.res?.clearCookie(name, this.cookieOptions());
    this.loaded.set(request, login.state);
    return login;
  }

  /** What the login of this callback began with. */
  stateOf(request: Request): LoginState | undefined {
    return this.loaded.get(request);
  }

  private async begin(request: Request, handle: string, login: Pending): Promise<void> {
    const sealed = await new EncryptJWT({ ...login })
      .setProtectedHeader(ENCRYPTION)
      .setJti(handle)
      .setExpirationTime(Math.floor(Date.now() / 1000) + LIFETIME)
      .encrypt(this.key);
    // Browsers send the cookies of one path in the order in which they were set.
    for (const { name } of this.loginsOf(request).slice(0, 1 - MAX_OF_BROWSER)) {
      request.res?.clearCookie(name, this.cookieOptions());
    }
    const options = { ...this.cookieOptions(), maxAge: LIFETIME * 1000 };
    request.res?.cookie(this.cookiePrefix + handle, sealed, options);
  }

  private async open(sealed: string, handle: string): Promise<Pending | null> {
    try {
      const { payload } = await jwtDecrypt<Pending>(sealed, this.key, {
        keyManagementAlgorithms: [ENCRYPTION.alg],
        contentEncryptionAlgorithms: [ENCRYPTION.enc],
        requiredClaims: ['exp'],
        currentDate: new Date(Date.now()),
      });
      return payload.jti === handle ? { state: payload.state, verifier: payload.verifier } : null;
    } catch {
      // Not sealed here, or over.
      return null;
    }
  }

  private forgetOldest(): void {
    if (this.used.size < MAX_USED) return;
    for (const oldest of this.used) {
      this.used.delete(oldest);
      return;
    }
  }

  private loginsOf(request: Request): { readonly name: string; readonly value: string }[] {
    return (request.headers.cookie ?? '').split(/; */).flatMap((cookie) => {
      if (!cookie.startsWith(this.cookiePrefix)) return [];
      const equals = cookie.indexOf('=');
      return equals < 0 ? [] : [{ name: cookie.slice(0, equals), value: cookie.slice(equals + 1) }];
    });
  }

  private cookieOptions() {
    return { httpOnly: true, sameSite: 'lax', secure: this.config.secure, path: COOKIE_PATH } as const;
  }
}
