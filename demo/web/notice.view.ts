import { html } from './html.js';
import { pageView } from './page.view.js';

/** A page that says one thing plainly and offers the one next step. */
export interface Notice {
  readonly title: string;
  readonly text: string;
  /** What a reader may want to quote to whoever runs the portal. */
  readonly detail?: string;
  readonly action?: { readonly href: string; readonly label: string };
}

export function noticeView({ title, text, detail, action }: Notice): string {
  return pageView({
    title,
    main: html` <section class="notice card">
      <h1>${title}</h1>
      <p>${text}</p>
      ${detail && html`<p class="detail"><code>${detail}</code></p>`}
      ${action && html`<p><a class="button button-primary" href="${action.href}">${action.label}</a></p>`}
    </section>`,
  });
}
