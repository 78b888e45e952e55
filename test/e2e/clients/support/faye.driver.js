/* global window, document, Faye */
// Runs in the page: the client of faye as npm installs it, and `window.client` for tests to call.

const OTHERS = {
  websocket: [],
  'long-polling': ['websocket'],
  'callback-polling': ['websocket', 'long-polling'],
};

const faye = new Faye.Client(`${document.location.origin}/cometd`, { retry: 0.05, timeout: 5 });
const arrived = [];
const inboxes = new Map();
const subscriptions = new Map();
let clientId = null;
let transport = null;
let connected = false;
let settle = () => undefined;

/** Its promises tell nothing but success, and errors that are none of the language's. */
const answerTo = (promise) =>
  new Promise((resolve) => {
    promise.then(
      () => resolve({ successful: true }),
      ({ code, params, message }) =>
        resolve({ successful: false, error: `${code}:${params.join(',')}:${message}` }),
    );
  });

function listen(channel, callback) {
  if (!inboxes.has(channel)) inboxes.set(channel, []);
  return faye.subscribe(channel, (data) => {
    inboxes.get(channel).push(data);
    callback?.(data);
  });
}

function observe(message) {
  arrived.push(message);
  if (message.channel === '/meta/handshake') {
    clientId = message.clientId ?? null;
    settle(message);
  }
  if (message.channel === '/meta/connect')
    connected = message.successful && message.advice?.reconnect === 'retry';
}

window.client = {
  start({ transport: wanted, token, everywhere = false, channels = [] }) {
    for (const other of OTHERS[wanted]) faye.disable(other);
    faye.addExtension({
      incoming: (message, callback) => {
        observe(structuredClone(message));
        callback(message);
      },
      outgoing: (message, callback) => {
        if (message.channel === '/meta/connect') transport = message.connectionType;
        if (everywhere || message.channel === '/meta/handshake') message.ext = { auth: { token } };
        callback(message);
      },
    });
    const shaken = new Promise((resolve) => (settle = resolve));
    faye.connect();
    for (const channel of channels) subscriptions.set(channel, listen(channel));
    return shaken;
  },
  subscribe(channel) {
    const subscription = listen(channel);
    subscriptions.set(channel, subscription);
    return answerTo(subscription);
  },
  unsubscribe(channel) {
    subscriptions.get(channel).cancel();
    return Promise.resolve({ successful: true });
  },
  publish: (channel, data) => answerTo(faye.publish(channel, data)),
  /** It knows no calls: the answer of a service is a message on its channel. */
  async call(service, data) {
    let answered;
    const answer = new Promise((resolve) => (answered = resolve));
    const subscribed = listen(`/service/${service}`, (data) => answered({ successful: true, data }));
    await answerTo(subscribed);
    const reply = await answerTo(faye.publish(`/service/${service}`, data));
    return reply.successful ? answer : reply;
  },
  async stop() {
    await faye.disconnect()?.then(undefined, () => undefined);
  },
  state: () => ({ clientId, transport, connected }),
  inbox: (channel) => inboxes.get(channel) ?? [],
  arrived: () => arrived,
};
