/** A decorator that marks methods with the channels they are for, and what it has marked them with. */
export interface ChannelDecorator {
  (channel: string): MethodDecorator;
  /** The channels a method is marked with, in the order they are written. */
  readonly of: (method: object) => readonly string[];
}

/** Makes such a decorator. Where several stand above one method it is marked with all their channels. */
export function channelDecorator(name: string): ChannelDecorator {
  const key = `nestjs-comet:${name}`;
  const of = (method: object): readonly string[] =>
    (Reflect.getOwnMetadata(key, method) as readonly string[] | undefined) ?? [];
  const decorator = (channel: string): MethodDecorator => {
    return (_target, _property, descriptor) => {
      const method = descriptor.value as object;
      // The last one that is written is applied first.
      Reflect.defineMetadata(key, [channel, ...of(method)], method);
    };
  };
  return Object.assign(decorator, { of });
}
