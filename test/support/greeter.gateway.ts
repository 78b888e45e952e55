import { CometGateway, type CometSession } from '../../src/index.js';

/** Knows every session from its beginning, and does with it what the test wants. */
@CometGateway()
export class GreeterGateway {
  readonly sessions: CometSession[] = [];
  readonly gone: CometSession[] = [];
  /** What a test wants to happen at a handshake. */
  onConnection: (session: CometSession) => unknown = () => undefined;

  handleConnection(session: CometSession): unknown {
    this.sessions.push(session);
    return this.onConnection(session);
  }

  handleDisconnect(session: CometSession): void {
    this.gone.push(session);
  }
}
