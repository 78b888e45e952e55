import { html } from '../web/html.js';
import { type PageUser, pageView } from '../web/page.view.js';

/** A page with a notification at its top right. */
const PICTURE = html`<svg class="picture" viewBox="0 0 400 280" aria-hidden="true" focusable="false">
  <rect class="picture-page" x="10" y="26" width="360" height="244" rx="16" />
  <path class="picture-line" d="M10 66H370" />
  <circle class="picture-dot" cx="34" cy="46" r="6" />
  <circle class="picture-dot" cx="54" cy="46" r="6" />
  <circle class="picture-dot" cx="74" cy="46" r="6" />
  <rect class="picture-text" x="38" y="96" width="120" height="16" rx="8" />
  <rect class="picture-text" x="38" y="136" width="250" height="10" rx="5" />
  <rect class="picture-text" x="38" y="160" width="284" height="10" rx="5" />
  <rect class="picture-text" x="38" y="184" width="214" height="10" rx="5" />
  <rect class="picture-button" x="38" y="216" width="84" height="28" rx="9" />
  <g class="picture-note">
    <rect class="picture-page" x="214" y="8" width="178" height="66" rx="12" />
    <rect class="picture-accent" x="226" y="22" width="4" height="38" rx="2" />
    <rect class="picture-strong" x="244" y="27" width="92" height="10" rx="5" />
    <rect class="picture-text" x="244" y="46" width="128" height="9" rx="4.5" />
  </g>
</svg>`;

const HINT = html`<p class="hint">
  The demo’s users and their passwords are printed in the terminal that runs it.
</p>`;

/** What somebody sees who is not signed in. */
export function welcomeView(embeddedProvider: boolean): string {
  return pageView({
    title: 'Welcome',
    main: html` <section class="welcome">
      <div class="welcome-text">
        <h1>Your portal, the moment it happens</h1>
        <p class="lead">
          The server reaches every open page of yours at once: over WebSocket, or over long-polling where that
          is blocked.
        </p>
        <p><a id="sign-in-link" class="button button-primary button-large" href="/auth/login">Sign in</a></p>
        ${embeddedProvider && HINT}
      </div>
      ${PICTURE}
    </section>`,
  });
}

// The buttons are enabled by the script: before it is there they could do nothing.
const COMET_WIDGET = html` <section id="comet-widget" class="card" aria-labelledby="comet-widget-title">
  <header class="card-header">
    <h2 id="comet-widget-title">Comet widget</h2>
    <p id="comet-state" class="badge" role="status" data-state="idle">Idle</p>
  </header>
  <p class="card-lead">The push connection of this page: it brings what the server has for you.</p>
  <div class="actions">
    <button id="comet-init" class="button button-primary" type="button" disabled>init</button>
    <button id="comet-disconnect" class="button" type="button" hidden>disconnect</button>
  </div>
  <p id="comet-problem" class="alert" role="alert" hidden></p>
  <dl class="facts">
    <div>
      <dt>Transport</dt>
      <dd id="comet-transport">–</dd>
    </div>
    <div>
      <dt>Connected since</dt>
      <dd id="comet-since">–</dd>
    </div>
    <div>
      <dt>Token valid until</dt>
      <dd><span id="comet-token">–</span> <span id="comet-token-left" class="left"></span></dd>
    </div>
  </dl>
  <h3 id="arrivals-title">What arrived</h3>
  <p id="arrivals-empty" class="empty">Nothing yet. Press <kbd>init</kbd>, then send yourself a message.</p>
  <ol id="arrivals" class="arrivals" aria-labelledby="arrivals-title" hidden></ol>
</section>`;

const COMETD_DEMO_PORTLET = html` <section id="cometd-demo" class="card" aria-labelledby="cometd-demo-title">
  <header class="card-header"><h2 id="cometd-demo-title">CometdDemo</h2></header>
  <p class="card-lead">Hands a message to the server over plain HTTP. What comes back is pushed.</p>
  <form id="message-form" class="stack" novalidate>
    <div class="field">
      <label for="message">Message</label>
      <input
        id="message"
        name="message"
        maxlength="500"
        autocomplete="off"
        placeholder="hello"
        aria-describedby="message-hint send-result"
      />
      <p id="message-hint" class="hint">
        <strong>send</strong> reaches your own pages, wherever you are signed in;
        <strong>send to everybody</strong> reaches all users who are connected.
      </p>
    </div>
    <div class="actions">
      <button id="send" class="button button-primary" type="submit" value="notification" disabled>
        send
      </button>
      <button id="send-everybody" class="button" type="submit" value="broadcast" disabled>
        send to everybody
      </button>
    </div>
    <output id="send-result" class="result" for="message"></output>
  </form>
</section>`;

/** The portal of a signed-in user. */
export function portalView(user: PageUser): string {
  return pageView({
    title: 'Home',
    user,
    script: '/assets/js/portal.js',
    main: html` <h1>Hello, ${user.name}</h1>
      <noscript><p class="alert">This page needs JavaScript to receive messages.</p></noscript>
      <div class="columns">${COMET_WIDGET}${COMETD_DEMO_PORTLET}</div>
      <div
        id="notifications"
        class="notifications"
        role="status"
        aria-live="polite"
        aria-label="Notifications"
      ></div>`,
  });
}
