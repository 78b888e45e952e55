import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { CometAuthorize } from './comet-authorize.decorator.js';
import type { CometAuthorizer, CometChannelListener } from './comet-channel.js';
import type { CometService } from './comet.service.js';
import { OnChannel } from './on-channel.decorator.js';

type Listener = NonNullable<CometChannelListener['message']>;

/**
 * Has the methods that `@OnChannel` marks listen to their channels, and those that `@CometAuthorize` marks authorize.
 *
 * @throws TypeError if a method shall authorize that nobody could ask.
 */
export function bindChannelMethods(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  service: CometService,
): void {
  // Providers may be known under several names.
  const seen = new Set<object>();
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const instance = wrapper.instance as unknown;
    if (typeof instance !== 'object' || !instance || seen.has(instance)) continue;
    seen.add(instance);
    // One for each request could only hear of messages that come with its request.
    const lasts = wrapper.isDependencyTreeStatic();
    const prototype = Object.getPrototypeOf(instance) as object | null;
    for (const name of scanner.getAllMethodNames(prototype)) {
      const method = (instance as Record<string, ((...args: never[]) => unknown) | undefined>)[name];
      if (!method) continue;
      const heard = lasts ? discovery.getMetadataByDecorator(OnChannel, wrapper, name) : undefined;
      if (heard !== undefined)
        service.channel(heard).addListener({ message: method.bind(instance) as Listener });
      const guarded = discovery.getMetadataByDecorator(CometAuthorize, wrapper, name);
      if (guarded === undefined) continue;
      if (!lasts) {
        throw new TypeError(
          `${wrapper.name}.${name} shall authorize ${guarded}, but there is one for each request: ` +
            'move it to a provider of the default scope.',
        );
      }
      service.channel(guarded).addAuthorizer(method.bind(instance) as CometAuthorizer);
    }
  }
}
