import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { CometChannelListener } from './comet-channel.js';
import type { CometService } from './comet.service.js';
import { OnChannel } from './on-channel.decorator.js';

type Listener = NonNullable<CometChannelListener['message']>;

/** Has the methods that `@OnChannel` marks listen to their channels. */
export function listenToChannels(
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  service: CometService,
): void {
  // Providers may be known under several names.
  const seen = new Set<object>();
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const instance = wrapper.instance as unknown;
    // One for each request could only hear of messages that come with its request.
    if (typeof instance !== 'object' || !instance || !wrapper.isDependencyTreeStatic()) continue;
    if (seen.has(instance)) continue;
    seen.add(instance);
    const prototype = Object.getPrototypeOf(instance) as object | null;
    for (const method of scanner.getAllMethodNames(prototype)) {
      const name = discovery.getMetadataByDecorator(OnChannel, wrapper, method);
      if (name === undefined) continue;
      const message = (instance as Record<string, Listener | undefined>)[method];
      if (message) service.channel(name).addListener({ message: message.bind(instance) });
    }
  }
}
