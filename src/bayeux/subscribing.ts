import type { Core } from './core.js';
import type { ChannelListener } from './channel-settings.js';
import type { Session } from './session.js';

/** Enters a subscription that was granted, and tells whoever listens. */
export function enter(core: Core, session: Session, name: string): void {
  const { tenant } = session.principal;
  const { subscriptions } = session.state;
  if (subscriptions.has(name)) return;
  const first = !core.subscriptions.has(tenant, name);
  // Again, as another session that was refused may have had it forgotten since the decision.
  if (first && core.listeners.size > 0) configure(core, tenant, name);
  // A listener may have ended it.
  if (session.endedBy) {
    forget(core, tenant, name);
    return;
  }
  const settled = core.channels.empty ? undefined : core.channels.find(tenant, name);
  if (settled) settled.provisional = false;
  subscriptions.add(name);
  core.subscriptions.add(tenant, name, session);
  if (first && core.listeners.size > 0) {
    core.listeners.tell('A listener to channels', (listener) => listener.channelAdded?.(name, tenant));
  }
  if (subscriptions.has(name)) tell(core, session, name, 'subscribed');
}

/** Forgets what was settled for a channel that has got no subscriber after all. */
export function forget(core: Core, tenant: string, name: string): void {
  const settings = core.channels.find(tenant, name);
  // Not what the application has settled itself: authorizers must not go with those whom they refuse.
  if (settings?.provisional && !settings.persistent && !core.subscriptions.has(tenant, name)) {
    core.channels.remove(settings);
  }
}

/** Takes a subscription back. One that was not there is gone already. */
export function leave(core: Core, session: Session, name: string): void {
  if (!session.state.subscriptions.delete(name)) return;
  const { tenant } = session.principal;
  const last = core.subscriptions.remove(tenant, name, session);
  tell(core, session, name, 'unsubscribed');
  if (!last) return;
  if (!core.channels.empty) dismiss(core, tenant, name);
  if (core.listeners.size > 0) {
    core.listeners.tell('A listener to channels', (listener) => listener.channelRemoved?.(name, tenant));
  }
}

/** What is settled for a channel until its last subscriber goes, goes with them. */
function dismiss(core: Core, tenant: string, name: string): void {
  const own = core.channels.find(tenant, name);
  if (own && !own.persistent) core.channels.remove(own);
  const shared = core.channels.find(undefined, name);
  if (shared && !shared.persistent && !core.subscriptions.has(undefined, name)) core.channels.remove(shared);
}

/** Has listeners settle something for a channel that is about to get its first subscriber. */
export function configure(core: Core, tenant: string, name: string): void {
  if (core.listeners.has('configureChannel') && !isSettled(core, tenant, name)) {
    const settings = core.channels.open(tenant, name);
    settings.persistent = false;
    settings.provisional = true;
    core.listeners.tell('A listener that configures channels', (listener) =>
      listener.configureChannel?.(settings),
    );
  }
}

function isSettled({ channels }: Core, tenant: string, name: string): boolean {
  return channels.find(tenant, name) !== undefined || channels.find(undefined, name) !== undefined;
}

function tell(
  core: Core,
  session: Session,
  name: string,
  hook: keyof Pick<ChannelListener, 'subscribed' | 'unsubscribed'>,
): void {
  // Most applications listen to nothing, and subscriptions come in masses.
  if (!core.channels.empty) {
    for (const { settings } of core.channels.matching(session.principal.tenant, name)) {
      settings.listeners.tell('A listener to a channel', (listener) => listener[hook]?.(session, name));
    }
  }
  if (core.listeners.size > 0) {
    core.listeners.tell('A listener to subscriptions', (listener) => listener[hook]?.(session, name));
  }
}
