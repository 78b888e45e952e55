import { Injectable } from '@nestjs/common';
import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import {
  ChannelParam,
  type ChannelParams,
  CometGateway,
  type CometMessage,
  type CometSession,
  OnChannel,
} from '../../src/index.js';
import { DEFAULT_TRANSPORTS, over } from '../support/bench.js';

@CometGateway()
class RoomsGateway {
  @SubscribeMessage('/service/rooms/{room}/join/{seat}')
  join(
    @ChannelParam('room') room: string,
    @ChannelParam() all: ChannelParams,
    @MessageBody() data: unknown,
    @ConnectedSocket() session: CometSession,
  ): unknown {
    return { room, all, data, alive: session.alive };
  }

  @SubscribeMessage('/service/rooms/lobby/join/1')
  lobby(): string {
    return 'the lobby';
  }

  @SubscribeMessage('/service/plain')
  plain(@ChannelParam() all: ChannelParams): unknown {
    return all;
  }
}

@Injectable()
class Moderator {
  readonly heard: unknown[] = [];
  readonly #muted = 'muted';

  @OnChannel('/rooms/{room}')
  moderate(
    { channel, data }: CometMessage,
    sender: CometSession | undefined,
    params: ChannelParams,
  ): boolean {
    this.heard.push({ channel, data, params, byClient: sender !== undefined });
    return data !== this.#muted;
  }
}

describe('the decorators of channels', () => {
  over(DEFAULT_TRANSPORTS, (bench) => {
    it('a handler on a template is given its variables', async () => {
      await bench.start({}, [RoomsGateway]);
      const client = await bench.client().join();
      const { answers } = await client.call('/service/rooms/blue/join/7', 1);
      const all = { room: 'blue', seat: '7' };
      expect(answers).toEqual([{ room: 'blue', all, data: 1, alive: true }]);
    });

    it('a handler on the channel itself comes before one on a template', async () => {
      await bench.start({}, [RoomsGateway]);
      const client = await bench.client().join();
      expect((await client.call('/service/rooms/lobby/join/1', 1)).answers).toEqual(['the lobby']);
      expect((await client.call('/service/plain', 1)).answers).toEqual([{}]);
      const { reply } = await client.call('/service/rooms/lobby/join', 1);
      expect(reply).toMatchObject({ error: '404::service_unknown' });
    });

    it('a method listens to what passes on its channels, and may stop it', async () => {
      const moderator = new Moderator();
      const app = await bench.start({}, [{ provide: Moderator, useValue: moderator }]);
      const client = await bench.client().join();
      await client.subscribe('/rooms/*');
      expect(await client.publish('/rooms/blue', 'hello')).toMatchObject({ successful: true });
      expect(await client.publish('/rooms/blue', 'muted')).toMatchObject({ error: '404::message_deleted' });
      expect(await app.service.broadcast('/rooms/red', 'muted')).toEqual({ sessions: 0 });
      await app.service.broadcast('/rooms/red', 'from the server');
      await client.catchUp();
      expect(client.pushed().map(({ data }) => data)).toEqual(['hello', 'from the server']);
      expect(moderator.heard).toEqual([
        { channel: '/rooms/blue', data: 'hello', params: { room: 'blue' }, byClient: true },
        { channel: '/rooms/blue', data: 'muted', params: { room: 'blue' }, byClient: true },
        { channel: '/rooms/red', data: 'muted', params: { room: 'red' }, byClient: false },
        { channel: '/rooms/red', data: 'from the server', params: { room: 'red' }, byClient: false },
      ]);
    });
  });
});
