import { MessageBody, SubscribeMessage } from '@nestjs/websockets';
import { CometGateway } from '../../src/index.js';

/** Answers clients that publish to a service channel: an ordinary Nest gateway. */
@CometGateway()
export class EchoGateway {
  @SubscribeMessage('/service/echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }
}
