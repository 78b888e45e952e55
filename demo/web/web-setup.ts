import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NestExpressApplication } from '@nestjs/platform-express';
import session from 'express-session';
import type Provider from 'oidc-provider';
import type { DemoConfig } from '../config/demo.config.js';
import { publicOrigin } from './public-origin.js';
import { securityHeaders } from './security-headers.js';

const PUBLIC_FILES = fileURLToPath(new URL('../public', import.meta.url));
// Built beside the demo; in a project of its own these are the files of node_modules/nestjs-comet/dist/client.
const HELPER_FILES = fileURLToPath(new URL('../../src/client', import.meta.url));
const COMETD_FILES = dirname(fileURLToPath(import.meta.resolve('cometd')));

/** What stands before the controllers. The order matters: one origin, then the provider, then files, then sessions. */
export function setUpWeb(
  app: NestExpressApplication,
  config: DemoConfig,
  provider: Provider | undefined,
): void {
  app.disable('x-powered-by');
  app.use(securityHeaders(config));
  app.use(publicOrigin(config));
  if (provider) app.use('/oidc', provider.callback());
  // Revalidated at every load, so that a changed file is seen at once; browsers take the modules as they are.
  const revalidate = { setHeaders: noCache };
  app.useStaticAssets(PUBLIC_FILES, { prefix: '/assets/', ...revalidate });
  app.useStaticAssets(HELPER_FILES, { prefix: '/vendor/nestjs-comet/client/', ...revalidate });
  app.useStaticAssets(COMETD_FILES, { prefix: '/vendor/cometd/', ...revalidate });
  app.use(portalSessions(config));
}

const noCache = (response: { setHeader(name: string, value: string): unknown }): void => {
  response.setHeader('Cache-Control', 'no-cache');
};

/** Sessions in memory, signed with a key of this run: after a restart everybody signs in again. */
function portalSessions(config: DemoConfig) {
  return session({
    name: config.cookieName('portal'),
    secret: randomBytes(32).toString('base64url'),
    resave: false,
    saveUninitialized: false,
    // Believes the forwarded protocol, which web/public-origin.ts has set.
    proxy: true,
    cookie: { httpOnly: true, sameSite: 'lax', secure: config.secure },
  });
}
