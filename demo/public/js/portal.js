import { CometClient } from './comet-client.js';
import { CometWidget } from './comet-widget.js';
import { CometdDemoPortlet } from './cometd-demo-portlet.js';
import { NotificationWindow } from './notification-window.js';
import { Topics } from './topics.js';

const topics = new Topics();

const widget = new CometWidget(document.querySelector('#comet-widget'), {
  topics,
  onInit: () => client.init(),
  onDisconnect: () => client.disconnect(),
});

const client = new CometClient({
  url: new URL('/cometd', location.href).href,
  userId: document.querySelector('meta[name="user-id"]').content,
  channels: ['/eXo/portal/**'],
  topics,
  listener: widget,
});

new CometdDemoPortlet(document.querySelector('#cometd-demo'), {
  onSessionLost: (error) => client.lose(error),
});
new NotificationWindow(document.querySelector('#notifications'), topics);

// Leaving ends the push session at once instead of after the server's patience.
addEventListener('pagehide', () => client.disconnect());
document.querySelector('#sign-out-form').addEventListener('submit', () => client.disconnect());
