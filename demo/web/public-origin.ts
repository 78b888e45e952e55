import type { NextFunction, Request, Response } from 'express';
import type { DemoConfig } from '../config/demo.config.js';

/**
 * Keeps the demo to its one origin. `localhost` and `127.0.0.1` are two hosts to a cookie: who starts a login on one and
 * comes back on the other has lost it, so pages are sent to the public URL first, and nothing else is served elsewhere.
 */
export function publicOrigin(config: DemoConfig) {
  const { host, protocol } = new URL(config.publicUrl);
  return (request: Request, response: Response, next: NextFunction): void => {
    if (request.headers.host === host) {
      // A proxy may end TLS before us. What is public is known, so no header from outside is believed.
      request.headers['x-forwarded-host'] = host;
      request.headers['x-forwarded-proto'] = protocol.slice(0, -1);
      next();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.status(421).type('text').send(`This server answers at ${config.publicUrl} only.\n`);
      return;
    }
    const path = request.originalUrl.startsWith('/') ? request.originalUrl : '/';
    response.redirect(302, config.publicUrl + path);
  };
}
