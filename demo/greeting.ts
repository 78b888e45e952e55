import type { DemoConfig } from './config/demo.config.js';
import { isLoopback } from './config/demo-environment.js';
import { DEMO_USERS } from './provider/demo-accounts.js';

/** What the terminal says once the demo listens. */
export function greeting(config: DemoConfig): string {
  return [
    '',
    `  Comet Portal is ready: ${config.publicUrl}`,
    '',
    ...(config.embedded ? embedded(config) : external(config)),
    '',
  ].join('\n');
}

function embedded({ publicUrl }: DemoConfig): string[] {
  const width = Math.max(...DEMO_USERS.map(({ id }) => id.length));
  return [
    '  Sign in as',
    ...DEMO_USERS.map(
      ({ id, password, roles }) =>
        `    ${id.padEnd(width)}   password  ${password}${roles ? `   (${roles.join()})` : ''}`,
    ),
    '',
    '  1. Open the URL in two browsers, or one private window: alice in the one, bob in the other.',
    '  2. Press init in both.',
    '  3. Type a message: send reaches your own pages, send to everybody reaches all.',
    '  4. As carol, open Administration and end somebody’s access.',
    '',
    `  An access token for other clients:  ${isDefault(publicUrl) ? '' : `PUBLIC_URL=${publicUrl} `}npm run -s token -- alice`,
    ...(isLoopback(new URL(publicUrl).hostname)
      ? []
      : ['', '  Note: everybody who can reach this address can sign in with these passwords.']),
  ];
}

function external({ provider, publicUrl }: DemoConfig): string[] {
  return [
    `  Sign in with an account of ${provider.issuer}`,
    `  The client ${provider.clientId} needs the redirect URI   ${publicUrl}/auth/callback`,
    `  and, for signing out, the post-logout redirect URI   ${publicUrl}/signed-out`,
  ];
}

/** Where the token script looks by itself. */
function isDefault(publicUrl: string): boolean {
  return publicUrl === 'http://127.0.0.1:3000';
}
