/**
 * Applications in a process of their own, for what may end or starve one. It says on which ports they listen, and answers
 * each message with what it holds.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CometAdapter,
  CometGateway,
  CometModule,
  type CometModuleOptions,
  CometService,
} from '../../src/index.js';
import type { AppProcessSettings, AppProcessState } from './app-process.js';
import type { HttpKind } from './comet-app.js';
import { TEST_TLS } from './tls.js';

const {
  http = [],
  gateway = false,
  signals = false,
  options,
} = JSON.parse(process.argv[2] ?? '{}') as Partial<AppProcessSettings>;

const OPEN: CometModuleOptions = {
  auth: { anonymous: true },
  rules: [{ channel: '/**', subscribe: true, publish: true }],
};

@WebSocketGateway({ path: '/plain' })
class PlainGateway {}

@CometGateway()
class BusyGateway {
  /** Answers a while after the signal has come. */
  @SubscribeMessage('/service/slow')
  slow(): Promise<string> {
    return new Promise((resolve) => {
      process.once('SIGTERM', () => setTimeout(resolve, 100, 'done'));
    });
  }

  @SubscribeMessage('/service/hung')
  hung(): Promise<never> {
    return new Promise(() => undefined);
  }
}

@Controller('portal')
class PortalController {
  @Get()
  page(): string {
    return 'the portal';
  }
}

@Module({
  imports: [CometModule.forRoot(options ?? OPEN)],
  controllers: [PortalController],
  providers: [...(gateway ? [PlainGateway] : []), ...(signals ? [BusyGateway] : [])],
})
class AppModule {}

function adapterOf(kind: HttpKind): ExpressAdapter | FastifyAdapter {
  switch (kind) {
    case 'express':
      return new ExpressAdapter();
    case 'fastify':
      return new FastifyAdapter();
    case 'fastify-h2c':
      return new FastifyAdapter({ http2: true });
    case 'fastify-h2':
      return new FastifyAdapter({ http2: true, https: { ...TEST_TLS, allowHTTP1: true } });
  }
}

async function listen(kind: HttpKind): Promise<INestApplication> {
  const app: INestApplication = await NestFactory.create(AppModule, adapterOf(kind), {
    logger: ['error', 'warn'],
  });
  app.useWebSocketAdapter(new CometAdapter(app));
  if (signals) app.enableShutdownHooks();
  await app.listen(0, '127.0.0.1');
  return app;
}

const apps = await Promise.all(http.map(listen));

process.on('message', () => {
  const state: AppProcessState = {
    connections: process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length,
    counts: apps.map((app) => app.get(CometService).counts),
    heap: process.memoryUsage().heapUsed,
  };
  process.send?.(state);
});
process.once('disconnect', () => process.exit());
process.send?.(apps.map((app) => ((app.getHttpServer() as Server).address() as AddressInfo).port));
