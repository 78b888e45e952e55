import { ConnectedSocket, MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { BinaryData, CometGateway, type CometSession } from '../../../../src/index.js';

/** Takes bytes, and gives them back the other way round. */
@CometGateway()
export class BytesGateway {
  readonly received: unknown[] = [];

  @SubscribeMessage('/service/reverse')
  reverse(@MessageBody() data: unknown): unknown {
    this.received.push(data);
    return data instanceof BinaryData ? new BinaryData(data.bytes.toReversed()) : 'no bytes';
  }

  @SubscribeMessage('/service/send')
  send(@MessageBody() data: unknown, @ConnectedSocket() session: CometSession): void {
    if (data instanceof BinaryData) session.send('/sent', new BinaryData(data.bytes.toReversed()));
  }
}
