const MAX_ARRIVALS = 50;
const NONE = '–';

const TRANSPORTS = { websocket: 'WebSocket', 'long-polling': 'long-polling' };
const LABELS = {
  idle: 'Idle',
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting…',
  refused: 'Refused',
  failed: 'Not connected',
  lost: 'Session lost',
  ended: 'Access ended',
};
/** What `init` is good for: there is nothing to begin while the client is at work. */
const CAN_INIT = ['idle', 'failed', 'refused'];
const CAN_DISCONNECT = ['connecting', 'connected', 'reconnecting'];

const time = (date) => date.toLocaleTimeString([], { timeStyle: 'medium', hourCycle: 'h23' });

/** Minutes and seconds until then. */
const left = (date) => {
  const seconds = Math.max(0, Math.round((date.getTime() - Date.now()) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} left`;
};

/** Shows the push connection and what it brings. */
export class CometWidget {
  #root;
  #state = 'idle';
  #expiresAt;
  #clock = 0;

  constructor(root, { topics, onInit, onDisconnect }) {
    this.#root = root;
    this.#element('#comet-init').addEventListener('click', onInit);
    this.#element('#comet-disconnect').addEventListener('click', onDisconnect);
    topics.subscribe('*', (data, topic) => this.#addArrival(data, topic));
    this.#showButtons(this.#state);
  }

  onState(state, { transport, problem }) {
    const badge = this.#element('#comet-state');
    const label =
      state === 'connected' ? `Connected over ${TRANSPORTS[transport] ?? transport}` : LABELS[state];
    // A live region speaks whenever it is written to: connects are answered every half minute, with nothing new to say.
    if (badge.textContent !== label) badge.textContent = label;
    badge.dataset.state = state;
    if (state !== this.#state) {
      this.#element('#comet-since').textContent = state === 'connected' ? time(new Date()) : NONE;
      this.#state = state;
    }
    this.#element('#comet-transport').textContent = transport ?? NONE;
    if (!CAN_DISCONNECT.includes(state)) this.onToken(undefined);
    this.#showButtons(state);
    this.#showProblem(state, problem);
  }

  /** Shows until when the token is good, and counts down to that; `undefined` if there is none. */
  onToken(expiresAt) {
    clearInterval(this.#clock);
    this.#expiresAt = expiresAt;
    this.#element('#comet-token').textContent = expiresAt ? time(expiresAt) : NONE;
    this.#showTokenLeft();
    if (expiresAt) this.#clock = setInterval(() => this.#showTokenLeft(), 1_000);
  }

  #showTokenLeft() {
    this.#element('#comet-token-left').textContent = this.#expiresAt ? left(this.#expiresAt) : '';
  }

  onProblem(problem) {
    const place = this.#element('#comet-problem');
    place.textContent = problem;
    place.hidden = !problem;
  }

  #showButtons(state) {
    const [init, disconnect] = [this.#element('#comet-init'), this.#element('#comet-disconnect')];
    const hadFocus = document.activeElement === disconnect;
    init.disabled = false;
    // Not `disabled`: that would take the focus away from who has just pressed it. The client ignores the press.
    init.setAttribute('aria-disabled', String(!CAN_INIT.includes(state)));
    disconnect.hidden = !CAN_DISCONNECT.includes(state);
    if (hadFocus && disconnect.hidden) init.focus();
  }

  #showProblem(state, problem) {
    if (state === 'lost' || state === 'ended') {
      const link = Object.assign(document.createElement('a'), {
        href: '/auth/login',
        textContent: 'Sign in again',
      });
      this.onProblem(`${problem || 'Your portal session has ended.'} `);
      this.#element('#comet-problem').append(link, ' to go on.');
    } else if (state === 'refused') {
      this.onProblem(`The push server refused the connection: ${problem || 'no reason given'}`);
    } else {
      this.onProblem(problem);
    }
  }

  #addArrival(data, topic) {
    const item = document.createElement('li');
    item.append(part('time', 'arrival-time', time(new Date())), part('span', 'arrival-text', textOf(data)));
    item.append(part('code', 'arrival-channel', topic));
    const list = this.#element('#arrivals');
    list.prepend(item);
    while (list.childElementCount > MAX_ARRIVALS) list.lastElementChild.remove();
    list.hidden = false;
    this.#element('#arrivals-empty').hidden = true;
  }

  #element(selector) {
    return this.#root.querySelector(selector);
  }
}

function part(tag, className, textContent) {
  return Object.assign(document.createElement(tag), { className, textContent });
}

const textOf = (data) => (typeof data?.message === 'string' ? data.message : JSON.stringify(data));
