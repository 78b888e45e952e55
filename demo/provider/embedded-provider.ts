import type Provider from 'oidc-provider';
import type { DemoConfig } from '../config/demo.config.js';
import { providerConfiguration } from './provider.configuration.js';

/** Starts the embedded provider. Never in production: the configuration has seen to that. */
export async function embeddedProvider(config: DemoConfig): Promise<Provider> {
  return withoutGreetings(async () => {
    // Loaded only where it is used: with a provider of one's own the demo runs without it.
    const library = await import('oidc-provider');
    const provider = new library.default(
      config.provider.issuer,
      await providerConfiguration(config, library),
    );
    // The public origin is put into the forwarded headers by us, see web/public-origin.ts.
    provider.proxy = true;
    return provider;
  });
}

/**
 * oidc-provider greets with two warnings meant for production: of a Node.js before 22 and of the store in memory.
 * Both are known and intended here; everything else it says is let through.
 */
async function withoutGreetings<T>(work: () => Promise<T>): Promise<T> {
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (
      !/oidc-provider WARNING: (Unsupported runtime|a quick start .* in-memory adapter)/.test(
        String(words[0]),
      )
    )
      warn(...words);
  };
  try {
    return await work();
  } finally {
    console.warn = warn;
  }
}
