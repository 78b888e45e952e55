import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { Html, html } from '../web/html.js';
import { noticeView } from '../web/notice.view.js';
import { pageView } from '../web/page.view.js';

export interface SignInForm {
  readonly uid: string;
  /** Who asks for the sign-in. */
  readonly client: string;
  /** What was typed before. */
  readonly login?: string;
  readonly failed?: boolean;
}

const ALERT = html`<p id="sign-in-error" class="alert" role="alert">
  The user name or the password is wrong.
</p>`;

/** The provider's own login page. */
export function signInView({ uid, client, login = '', failed = false }: SignInForm): string {
  const described = failed && html` aria-invalid="true" aria-describedby="sign-in-error"`;
  return pageView({
    title: 'Sign in',
    main: html` <section class="card sign-in">
      <h1>Sign in</h1>
      <p class="lead">to continue to ${client}</p>
      ${failed && ALERT}
      <form id="sign-in-form" class="stack" method="post" action="/sign-in/${uid}">
        <div class="field">
          <label for="login">User name</label>
          <input
            id="login"
            name="login"
            value="${login}"
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            required${!failed && html` autofocus`}${described}
          />
        </div>
        <div class="field">
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required${failed && html` autofocus`}${described}
          />
        </div>
        <div class="actions">
          <button id="sign-in" class="button button-primary" type="submit">Sign in</button>
          <button id="cancel" class="button" type="submit" formaction="/sign-in/${uid}/cancel" formnovalidate>
            Cancel
          </button>
        </div>
      </form>
      <p class="hint">
        This is the demo’s own OAuth provider. Its users and their passwords are printed in the terminal that
        runs the demo.
      </p>
    </section>`,
  });
}

/** Asks before the provider's session ends. `form` is made by the provider; the buttons belong to it. */
export function endSessionView(ctx: KoaContextWithOIDC, form: string): void {
  ctx.body = pageView({
    title: 'Sign out',
    main: html` <section class="notice card">
      <h1>Sign out of the login service too?</h1>
      <p>
        You have left the portal. If you stay signed in with the login service, coming back takes no password.
      </p>
      ${new Html(form)}
      <div class="actions">
        <button
          id="end-session"
          class="button button-primary"
          type="submit"
          form="op.logoutForm"
          name="logout"
          value="yes"
        >
          Sign out
        </button>
        <button id="keep-session" class="button" type="submit" form="op.logoutForm">Stay signed in</button>
      </div>
    </section>`,
  });
}

export function signedOutView(ctx: KoaContextWithOIDC): void {
  ctx.body = noticeView({
    title: 'You are signed out',
    text: 'Your session with the login service has ended.',
    action: { href: '/', label: 'To the portal' },
  });
}

export function providerErrorView(ctx: KoaContextWithOIDC, out: ErrorOut): void {
  ctx.type = 'html';
  ctx.body = noticeView({
    title: 'The login service refused this',
    text: 'The request that brought you here cannot be answered. Please start again from the portal.',
    detail: out.error_description ? `${out.error}: ${out.error_description}` : out.error,
    action: { href: '/', label: 'To the portal' },
  });
}
