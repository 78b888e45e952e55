import { Injectable } from '@nestjs/common';
import { CometService, type CometSession } from '../../src/index.js';
import type { PortalSession } from './portal-session.js';

/** Ends push sessions when the portal has ended what they came from. */
@Injectable()
export class SessionEnd {
  constructor(private readonly comet: CometService) {}

  /** Ends what one login has open: all tabs of a browser, and none of the user's other browsers. */
  endLogin({ userId, loginIds }: PortalSession): Promise<number> {
    return this.end(userId, ({ principal: { sid } }) => sid === undefined || loginIds.includes(sid));
  }

  /** Ends what a user has open, wherever. Returns how many push sessions there were. */
  endUser(userId: string): Promise<number> {
    return this.end(userId, () => true);
  }

  private end(userId: string, isMeant: (session: CometSession) => boolean): Promise<number> {
    const sessions = this.comet.sessions(userId).filter(isMeant);
    for (const session of sessions) session.disconnect();
    return Promise.resolve(sessions.length);
  }
}
