import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CometAdapter, CometGateway, CometModule, CometService } from '../../../src/index.js';
import { TEST_TLS } from '../../../test/support/tls.js';
import { ECHO, NEWS, NEWS_EVERY } from '../control.js';

// An application on Fastify that speaks HTTP/2 and HTTP/1.1 over TLS, and lets everybody in.

@CometGateway()
class EchoGateway {
  @SubscribeMessage(ECHO)
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }
}

@Controller()
class PageController {
  @Get()
  page(): string {
    return 'a page';
  }
}

@Module({
  imports: [
    CometModule.forRoot({
      auth: { anonymous: true },
      rules: [{ channel: '/**', subscribe: true, publish: true }],
    }),
  ],
  controllers: [PageController],
  providers: [EchoGateway],
})
class SmallModule {}

const app = await NestFactory.create(
  SmallModule,
  new FastifyAdapter({ http2: true, https: { ...TEST_TLS, allowHTTP1: true } }),
  { logger: ['warn', 'error', 'fatal'] },
);
app.useWebSocketAdapter(new CometAdapter(app));
await app.listen(Number(process.env['PORT']), '127.0.0.1');

const comet = app.get(CometService);
let seq = 0;
setInterval(() => {
  void comet.broadcast(NEWS, { from: 'server', seq: seq++ });
}, NEWS_EVERY);
console.log('The small application is ready.');
