import type { CometModuleOptions } from '../src/index.js';
import type { DemoConfig } from './config/demo.config.js';

/** The push server of the demo: whose tokens it takes, and who may do what on which channel. */
export function cometOptions({ publicUrl, provider, secure }: DemoConfig): CometModuleOptions {
  return {
    auth: {
      issuer: provider.issuer,
      audience: provider.audience,
      ...(provider.tokenTypes && { tokenTypes: provider.tokenTypes }),
      ...(provider.userClaim && { userClaim: provider.userClaim }),
      allowInsecureIssuer: provider.insecure,
    },
    // Nobody may publish here but the server itself: a rule permits what it names, and nothing else.
    rules: [{ channel: '/eXo/portal/**', subscribe: { kind: 'user' } }],
    origins: [publicUrl],
    // The demo itself speaks plain HTTP: if it is public as https, there is a proxy in front that ends TLS.
    ...(secure && { trustProxy: 1 }),
  };
}
