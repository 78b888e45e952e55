import { createHash, timingSafeEqual } from 'node:crypto';

/** A user of the embedded provider. */
export interface DemoUser {
  readonly id: string;
  readonly name: string;
  readonly password: string;
  /** What the user may do beyond what everybody may. */
  readonly roles?: readonly string[];
}

/** The users. Their passwords are printed at start and worth nothing beyond this demo. */
export const DEMO_USERS: readonly DemoUser[] = [
  { id: 'alice', name: 'Alice', password: 'rabbit-hole' },
  { id: 'bob', name: 'Bob', password: 'yes-we-can' },
  { id: 'carol', name: 'Carol', password: 'all-hands-on-deck', roles: ['admin'] },
];

/** The client that `demo/token.ts` signs users in with: public, so it has no secret. */
export const CLI_CLIENT = { id: 'cli', redirectUri: 'http://127.0.0.1/callback' } as const;

/** The client that `demo/token.ts --service` uses. The secret is for this demo only and in the open by intention. */
export const SERVICE_CLIENT = { id: 'service', secret: 'demo-only-service-secret' } as const;

export const findUser = (id: string): DemoUser | undefined => DEMO_USERS.find((user) => user.id === id);

/** The user with this name and password, if there is one. */
export function authenticate(id: string, password: string): DemoUser | undefined {
  const user = findUser(id);
  return user && timingSafeEqual(digest(password), digest(user.password)) ? user : undefined;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
