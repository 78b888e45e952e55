/** What one process asks of another. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** The answer to a call, or news that nobody asked for. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly news: string; readonly value: unknown };

/** Methods of a process, by name. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- any parameters there are
export type Methods<M> = { readonly [K in keyof M]: (...params: any[]) => unknown };

/** Answers the calls of the parent process; ends with it. */
export function serveCalls<M extends Methods<M>>(methods: M): void {
  process.on('message', ({ id, method, params }: Call) => {
    const called = new Promise((resolve) => {
      resolve(methods[method as keyof M](...params));
    });
    called.then(
      (value) => post({ id, value }),
      (error: unknown) => post({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit());
  // An interrupt goes to all processes; the parent decides when it is over.
  process.on('SIGINT', () => undefined);
}

/** Tells the parent process something. */
export function tell(news: string, value: unknown): void {
  post({ news, value });
}

/** The parent may have gone in the meantime; then nobody is left to be told. */
function post(message: Answer): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}
