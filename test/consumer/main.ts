import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Controller, Module, Param, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CometAdapter, CometModule, CometService } from 'nestjs-comet';
import { tokenRefresh } from 'nestjs-comet/client';
import { CometPushModule } from 'nestjs-comet/push';

@Controller('greetings')
class GreetingController {
  constructor(private readonly comet: CometService) {}

  @Post(':name')
  greet(@Param('name') name: string) {
    return this.comet.broadcast('/greetings', { hello: name });
  }
}

@Module({
  imports: [
    CometModule.forRoot({ auth: { anonymous: true }, rules: [{ channel: '/greetings', subscribe: true }] }),
    CometPushModule.register(),
  ],
  controllers: [GreetingController],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'], forceCloseConnections: true });
app.useWebSocketAdapter(new CometAdapter(app));
await app.listen(0, '127.0.0.1');
const url = await app.getUrl();

interface Reply {
  channel: string;
  clientId?: string;
  successful?: boolean;
  data?: unknown;
}

async function send(...messages: object[]): Promise<Reply[]> {
  const response = await fetch(`${url}/cometd`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(messages),
  });
  return (await response.json()) as Reply[];
}

const [welcome] = await send({
  channel: '/meta/handshake',
  version: '1.0',
  supportedConnectionTypes: ['long-polling'],
});
const clientId = welcome?.clientId;
assert.ok(clientId);
await send({ channel: '/meta/connect', clientId, connectionType: 'long-polling' });
const [subscribed] = await send({ channel: '/meta/subscribe', clientId, subscription: '/greetings' });
assert.equal(subscribed?.successful, true);

const held = send({ channel: '/meta/connect', clientId, connectionType: 'long-polling' });
const pushed = (await (await fetch(`${url}/greetings/world`, { method: 'POST' })).json()) as object;
assert.deepEqual(pushed, { sessions: 1 });
const [message] = await held;
assert.deepEqual(message, { channel: '/greetings', data: { hello: 'world' } });

await send({ channel: '/meta/disconnect', clientId });
await app.close();

const helper = tokenRefresh({ fetchToken: () => Promise.resolve({ token: 'a-token', expiresIn: 60 }) });
await helper.start();
assert.deepEqual(helper.outgoing({ channel: '/meta/connect' }), {
  channel: '/meta/connect',
  ext: { auth: { token: 'a-token' } },
});
helper.stop();
console.log('The packed library pushed one message.');
