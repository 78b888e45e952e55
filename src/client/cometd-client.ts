/** As much of a Bayeux message as the helper looks at. The types of the `cometd` package fit. */
export interface ClientMessage {
  channel: string;
  successful?: boolean;
  error?: string;
  ext?: object;
  data?: unknown;
}

/** As much of the `cometd` client (versions 7 to 9) as the helper uses. */
export interface CometdClient {
  handshake(): void;
  publish(channel: string, content: unknown, callback?: (reply: ClientMessage) => void): void;
  isDisconnected(): boolean;
  getStatus(): string;
}
