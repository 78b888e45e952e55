import { randomBytes } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** Who is signed in to the portal, as its session remembers it. Tokens are not in it: see `TokenVault`. */
export interface PortalSession {
  /** The id under which the push server knows the user. */
  readonly userId: string;
  readonly name: string;
  /**
   * The logins at the provider that led to it, if tokens name them (`sid`): a user may sign in again in another tab, while
   * pages of the former login go on.
   */
  readonly loginIds: readonly string[];
  readonly roles: readonly string[];
  /** Where the vault keeps the tokens of this session. */
  readonly vaultKey: string;
  readonly csrf: string;
}

declare module 'express-session' {
  interface SessionData {
    portal?: PortalSession;
  }
}

export const isAdministrator = ({ roles }: PortalSession): boolean => roles.includes('admin');

/** The portal session of the request. Use it behind `SessionGuard`. */
export const Session = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  return context.switchToHttp().getRequest<Request>().session.portal;
});

/** Logins that a session remembers; tokens of those before have long expired. */
const MAX_LOGINS = 10;

/**
 * Begins a portal session under a new session id, so that an id planted beforehand is worth nothing. Returns the session
 * that it takes the place of, if that was another user's.
 */
export async function openSession(
  request: Request,
  { loginId, ...user }: Omit<PortalSession, 'csrf' | 'loginIds'> & { readonly loginId?: string },
): Promise<PortalSession | undefined> {
  const before = request.session.portal;
  await finished((done) => request.session.regenerate(done));
  // A page that the same user has open in another tab goes on working.
  const own = before?.userId === user.userId ? before : undefined;
  const csrf = own?.csrf ?? randomBytes(24).toString('base64url');
  const loginIds = [...(own?.loginIds ?? []), ...(loginId ? [loginId] : [])].slice(-MAX_LOGINS);
  request.session.portal = { ...user, loginIds, csrf };
  return own ? undefined : before;
}

/** Ends the portal session. */
export function closeSession(request: Request): Promise<void> {
  return finished((done) => request.session.destroy(done));
}

function finished(work: (done: (error: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    work((error) => {
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
}
