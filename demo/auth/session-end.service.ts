import { Injectable } from '@nestjs/common';
import { CometAuth, CometService } from '../../src/index.js';
import type { PortalSession } from './portal-session.js';

/** Ends push sessions when the portal has ended what they came from. */
@Injectable()
export class SessionEnd {
  constructor(
    private readonly auth: CometAuth,
    private readonly comet: CometService,
  ) {}

  /** Ends what one login has open: all tabs of a browser, and none of the user's other browsers. */
  async endLogin({ userId, loginIds }: PortalSession): Promise<void> {
    for (const sid of loginIds) await this.auth.revoke({ sid });
    // Some providers do not say in access tokens of which login they are.
    for (const session of this.comet.sessions(userId)) {
      if (session.principal.sid === undefined) session.disconnect();
    }
  }

  /** Ends what a user has open, wherever. Returns how many push sessions there were. */
  async endUser(userId: string): Promise<number> {
    const { sessions } = await this.auth.revoke({ userId });
    return sessions;
  }
}
