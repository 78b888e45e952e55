import { createParamDecorator, type ExecutionContext, type PipeTransform, type Type } from '@nestjs/common';
import { CometContext } from './comet-context.js';

/** @internal */
export function channelParam(name: unknown, context: ExecutionContext): unknown {
  const { params } = CometContext.of(context);
  return name === undefined ? params : params[name as string];
}

/**
 * A variable of the channel that a handler is called on, or all of them without a name. A name that is no variable of the
 * template is refused at boot.
 *
 * @example
 * @SubscribeMessage('/service/rooms/{room}/join')
 * join(@ChannelParam('room') room: string, @ConnectedSocket() session: CometSession) { … }
 *
 * @publicApi
 */
export const ChannelParam: (
  name?: string,
  ...pipes: (Type<PipeTransform> | PipeTransform)[]
) => ParameterDecorator = createParamDecorator(channelParam);
