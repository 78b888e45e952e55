/** The part of faye's client that is used here; the package has no types of its own. */
declare module 'faye' {
  export interface FayeMessage {
    channel: string;
    clientId?: string;
    ext?: unknown;
    successful?: boolean;
    error?: string;
    advice?: { readonly reconnect?: string };
    data?: unknown;
  }

  export interface FayeExtension {
    outgoing?(message: FayeMessage, callback: (message: FayeMessage) => void): void;
    incoming?(message: FayeMessage, callback: (message: FayeMessage) => void): void;
  }

  export interface FayeConnection {
    addExtension(extension: FayeExtension): void;
    disable(feature: string): void;
    setHeader(name: string, value: string): void;
    connect(callback?: () => void): void;
    subscribe(channel: string, callback: (data: unknown) => void): PromiseLike<unknown>;
    publish(channel: string, data: unknown): PromiseLike<unknown>;
    disconnect(): PromiseLike<unknown> | undefined;
  }

  type Client = new (endpoint: string, options?: { timeout?: number; retry?: number }) => FayeConnection;

  const Faye: { readonly Client: Client };
  export default Faye;
}
