/** A decorator that marks methods with the channels they are for, and what it has marked them with. */
export interface ChannelDecorator {
  (channel: string): MethodDecorator;
  /** The channels a method is marked with, in the order they are written. */
  readonly of: (method: object) => readonly string[];
}

/**
 * Makes such a decorator. Where several stand above one method it is marked with all their channels.
 *
 * @param name its name, which the sentence for a mark on something else has.
 */
export function channelDecorator(name: string): ChannelDecorator {
  const key = `nestjs-comet:${name}`;
  const of = (method: object): readonly string[] =>
    (Reflect.getMetadata(key, method) as readonly string[] | undefined) ?? [];
  const decorator = (channel: string): MethodDecorator => {
    return (target, property, descriptor: PropertyDescriptor | undefined) => {
      const method: unknown = descriptor?.value;
      if (typeof method !== 'function') {
        const { name: className } = typeof target === 'function' ? target : target.constructor;
        throw new TypeError(
          `@${name} marks methods, and ${className}.${String(property)} is none: write ${String(property)}() { … }.`,
        );
      }
      // The last one that is written is applied first.
      Reflect.defineMetadata(key, [channel, ...of(method)], method);
    };
  };
  return Object.assign(decorator, { of });
}
