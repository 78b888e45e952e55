import { createParamDecorator } from '@nestjs/common';
import { currentCall } from './call-context.js';

/**
 * A variable of the channel that a handler is called on, or all of them without a name.
 *
 * @example
 * @SubscribeMessage('/service/rooms/{room}/join')
 * join(@ChannelParam('room') room: string, @ConnectedSocket() session: CometSession) { … }
 *
 * @publicApi
 */
export const ChannelParam: (name?: string) => ParameterDecorator = createParamDecorator(
  (name: string | undefined) => {
    const params = currentCall.getStore()?.params ?? {};
    return name === undefined ? params : params[name];
  },
);
