import type { NextFunction, Request, Response } from 'express';
import type { DemoConfig } from '../config/demo.config.js';
import { isLoopback } from '../config/demo-environment.js';

/** The policy of all pages. `formTargets`: other origins that a form's answer may redirect to. */
export function contentSecurityPolicy(config: DemoConfig, formTargets: readonly string[] = []): string {
  // Older Safari does not count ws: of the same host as 'self'.
  const socket = config.publicUrl.replace(/^http/, 'ws');
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${socket}`,
    // The cometd client keeps its timers in a worker made from a blob, so that background tabs stay connected.
    'worker-src blob:',
    `form-action ${["'self'", ...formTargets].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

/** Sets what protects every response, whoever writes it. */
export function securityHeaders(config: DemoConfig) {
  const headers = {
    'Content-Security-Policy': contentSecurityPolicy(config),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    // Not `no-referrer`: with it browsers send `Origin: null` with the portal's own forms.
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=()',
    // Over plain HTTP on a network browsers ignore this one, and say so on the console.
    ...((config.secure || isLoopback(new URL(config.publicUrl).hostname)) && {
      'Cross-Origin-Opener-Policy': 'same-origin',
    }),
  };
  return (_request: Request, response: Response, next: NextFunction): void => {
    response.set(headers);
    next();
  };
}
