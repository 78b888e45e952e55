import { html, type Html } from './html.js';

/** The user that a page is shown to. */
export interface PageUser {
  readonly id: string;
  readonly name: string;
  readonly administrator: boolean;
  /** Goes with every request that changes something. */
  readonly csrf: string;
}

export interface Page {
  readonly title: string;
  readonly main: Html;
  readonly user?: PageUser;
  /** Path of the module that brings the page to life. */
  readonly script?: string;
}

const LOGO = html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
  <path class="logo-tail" d="M3 27 18.5 9.5 22.5 13.5Z" />
  <circle class="logo-head" cx="22.5" cy="9.5" r="6.5" />
</svg>`;

const account = (user: PageUser): Html =>
  html` <div class="account">
    ${user.administrator && html`<a id="admin-link" class="account-link" href="/admin">Administration</a>`}
    <span class="avatar" aria-hidden="true">${user.name.slice(0, 1).toUpperCase()}</span>
    <span class="account-name"
      ><span class="visually-hidden">Signed in as </span><span id="user-name">${user.name}</span></span
    >
    <form id="sign-out-form" method="post" action="/auth/logout">
      <input type="hidden" name="csrf" value="${user.csrf}" />
      <button id="sign-out" class="button button-quiet" type="submit">Sign out</button>
    </form>
  </div>`;

/** The frame that all pages share. */
export function pageView({ title, main, user, script }: Page): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        ${
          user &&
          html`<meta name="csrf-token" content="${user.csrf}" /> <meta name="user-id" content="${user.id}" />`
        }
        <title>${title} · Comet Portal</title>
        <link rel="icon" href="/assets/favicon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/portal.css" />
        ${script && html`<script type="module" src="${script}"></script>`}
      </head>
      <body>
        <a class="skip-link" href="#main">Skip to content</a>
        <header class="site-header">
          <div class="site-header-inner">
            <a class="brand" href="/">${LOGO}<span>Comet Portal</span></a>
            ${user && account(user)}
          </div>
        </header>
        <main id="main" tabindex="-1">${main}</main>
        <footer class="site-footer">A demo of nestjs-comet: Bayeux push for NestJS, with OAuth 2.0.</footer>
      </body>
    </html> `.text;
}
