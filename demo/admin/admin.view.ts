import { html, type Html } from '../web/html.js';
import { type PageUser, pageView } from '../web/page.view.js';

/** A row of the page. */
export interface SignedInPerson {
  readonly userId: string;
  readonly name: string;
  /** Pages that are connected to the push server. */
  readonly pages: number;
}

const row = (user: PageUser, { userId, name, pages }: SignedInPerson): Html =>
  html` <li class="person" data-user="${userId}">
    <span class="avatar" aria-hidden="true">${name.slice(0, 1).toUpperCase()}</span>
    <div class="person-text">
      <strong>${name}</strong>
      <span class="hint">${userId} · ${count(pages)} connected</span>
    </div>
    ${userId === user.id ? html`<span class="hint">That is you</span>` : endForm(user, userId, name)}
  </li>`;

const count = (pages: number): string => (pages < 2 ? (pages ? 'one page' : 'no page') : `${pages} pages`);

const endForm = (user: PageUser, userId: string, name: string): Html =>
  html`<form method="post" action="/admin/end-access">
    <input type="hidden" name="csrf" value="${user.csrf}" />
    <input type="hidden" name="userId" value="${userId}" />
    <button class="button button-quiet button-danger" type="submit">
      End access<span class="visually-hidden"> of ${name}</span>
    </button>
  </form>`;

/** The administration, as its administrator sees it. */
export function adminView(user: PageUser, people: readonly SignedInPerson[], news?: string): string {
  return pageView({
    title: 'Administration',
    user,
    main: html` <h1>Administration</h1>
      <section class="card people" aria-labelledby="people-title">
        <header class="card-header">
          <h2 id="people-title">Signed in</h2>
          <a class="button button-quiet" href="/admin">Refresh</a>
        </header>
        <p class="card-lead">
          Ending somebody’s access takes their tokens back: every page of theirs is disconnected at once, is
          told why, and does not come back by itself.
        </p>
        ${news && html`<p id="admin-news" class="news" role="status">${news}</p>`}
        <ul class="person-list">
          ${people.map((person) => row(user, person))}
        </ul>
      </section>`,
  });
}
