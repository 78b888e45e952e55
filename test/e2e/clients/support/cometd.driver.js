/* global window, document */
// Runs in the page: the client `cometd` as npm installs it, and `window.client` for tests to call.
import {
  AckExtension,
  BinaryExtension,
  CometD,
  ReloadExtension,
  TimeStampExtension,
  TimeSyncExtension,
} from '/clients/cometd/cometd.js';

const cometd = new CometD();
const arrived = [];
const inboxes = new Map();
const subscriptions = new Map();
const timesync = new TimeSyncExtension();
let connected = false;

const isBuffer = (data) => data?.data instanceof ArrayBuffer;
const plain = (data) =>
  isBuffer(data) ? { ...data, bytes: [...new Uint8Array(data.data)], data: undefined } : data;

/** What a method of the client that takes a callback last says. */
const answerTo = (ask) =>
  new Promise((resolve) => ask((message) => resolve({ ...message, data: plain(message.data) })));

function subscribe(channel, callback) {
  if (!inboxes.has(channel)) inboxes.set(channel, []);
  const listen = (message) => inboxes.get(channel).push(plain(message.data));
  subscriptions.set(channel, cometd.subscribe(channel, listen, callback));
}

function configure({ transport, token, everywhere = false, extensions = false }) {
  for (const type of cometd.getTransportTypes()) if (type !== transport) cometd.unregisterTransport(type);
  // First, so that it sees what comes before any other, and what goes after all others.
  cometd.registerExtension('observer', {
    incoming: (message) => void arrived.push(structuredClone(message)),
    outgoing: (message) => {
      if (everywhere) message.ext = { ...message.ext, auth: { token } };
    },
  });
  if (extensions) {
    cometd.registerExtension('ack', new AckExtension());
    cometd.registerExtension('binary', new BinaryExtension());
    cometd.registerExtension('timestamp', new TimeStampExtension());
    cometd.registerExtension('timesync', timesync);
    cometd.registerExtension('reload', new ReloadExtension());
    window.addEventListener('beforeunload', () => cometd.reload());
  }
  cometd.configure({ url: `${document.location.origin}/cometd`, backoffIncrement: 20, maxBackoff: 100 });
  cometd.addListener('/meta/connect', (message) => (connected = message.successful));
}

window.client = {
  start(settings) {
    configure(settings);
    cometd.addListener('/meta/handshake', ({ successful }) => {
      if (successful) for (const channel of settings.channels ?? []) subscribe(channel);
    });
    const ext = settings.token === undefined ? {} : { auth: { token: settings.token } };
    return answerTo((callback) => cometd.handshake({ ext }, callback));
  },
  subscribe: (channel) => answerTo((callback) => subscribe(channel, callback)),
  unsubscribe: (channel) => answerTo((callback) => cometd.unsubscribe(subscriptions.get(channel), callback)),
  publish: (channel, data) => answerTo((callback) => cometd.publish(channel, data, callback)),
  publishBytes: (channel, bytes, last, meta) =>
    answerTo((callback) => cometd.publishBinary(channel, new Uint8Array(bytes), last, meta, callback)),
  call: (service, data) => answerTo((callback) => cometd.remoteCall(service, data, 5_000, callback)),
  callBytes: (service, bytes) =>
    answerTo((callback) =>
      cometd.remoteCallBinary(service, new Uint8Array(bytes), true, undefined, 5_000, callback),
    ),
  async stop() {
    if (!cometd.isDisconnected()) await answerTo((callback) => cometd.disconnect(callback));
  },
  state: () => ({
    clientId: cometd.getClientId(),
    transport: cometd.getTransport()?.type ?? null,
    connected: connected && !cometd.isDisconnected(),
  }),
  inbox: (channel) => inboxes.get(channel) ?? [],
  arrived: () => arrived,
  clock: () => ({
    offset: timesync.getTimeOffset(),
    samples: arrived.filter(({ ext }) => ext?.timesync).length,
  }),
};
