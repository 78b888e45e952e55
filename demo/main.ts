import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { CometAdapter } from '../src/index.js';
import { AppModule } from './app.module.js';
import { ConfigError, type DemoConfig, readConfig } from './config/demo.config.js';
import { greeting } from './greeting.js';
import { embeddedProvider } from './provider/embedded-provider.js';
import { setUpWeb } from './web/web-setup.js';

async function start(config: DemoConfig): Promise<void> {
  const provider = config.embedded ? await embeddedProvider(config) : undefined;
  const app = await NestFactory.create<NestExpressApplication>(AppModule.of(config, provider), {
    // Idle connections of browsers and of fetch would hold up the end for seconds.
    forceCloseConnections: true,
    // Nest's list of modules and routes would bury what there is to read.
    logger: ['warn', 'error', 'fatal'],
  });
  setUpWeb(app, config, provider);
  app.useWebSocketAdapter(new CometAdapter(app));
  app.enableShutdownHooks();
  const server = await app.listen(config.port, config.host);
  // Longer than proxies keep idle connections, so that it is never us who close one as a poll comes in.
  server.keepAliveTimeout = 65_000;
  console.log(greeting(config));
}

/** One sentence for what a person can mend, everything for what they cannot. */
function explain(error: unknown, config: DemoConfig | undefined): string {
  if (error instanceof ConfigError) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return `Port ${config?.port} is in use on ${config?.host}: set PORT to another one.`;
  if (code === 'EADDRNOTAVAIL') return `HOST ${config?.host} is no address of this machine.`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

let config: DemoConfig | undefined;
try {
  config = readConfig(process.env);
  await start(config);
} catch (error) {
  console.error(explain(error, config));
  process.exit(1);
}
