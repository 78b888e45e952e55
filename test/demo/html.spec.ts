import { Html, html } from '../../demo/web/html.js';
import { NoticeException } from '../../demo/web/notice.exception.js';
import { noticeView } from '../../demo/web/notice.view.js';
import { pageView } from '../../demo/web/page.view.js';

const SCRIPT = '<script>alert(1)</script>';

describe('html', () => {
  it('escapes what means something in markup', () => {
    expect(html`<p>${`&<>"'`}</p>`.text).toBe('<p>&amp;&lt;&gt;&quot;&#39;</p>');
  });

  it('keeps a value within its attribute', () => {
    expect(html`<a title="${'" onclick="alert(1)'}">x</a>`.text).toBe(
      '<a title="&quot; onclick=&quot;alert(1)">x</a>',
    );
  });

  it('escapes once, and markup within markup not at all', () => {
    const inner = html`<b>${'a & b'}</b>`;
    expect(html`<p>${inner}</p>`.text).toBe('<p><b>a &amp; b</b></p>');
    expect(html`${'&amp;'}`.text).toBe('&amp;amp;');
  });

  it('joins lists, each element by the same rule', () => {
    expect(html`${[html`<i>1</i>`, '<i>', [2, false, undefined]]}`.text).toBe('<i>1</i>&lt;i&gt;2');
  });

  it('leaves out what is not there, but keeps zero and the empty text', () => {
    expect(html`[${undefined}${false}${0}${''}]`.text).toBe('[0]');
  });

  it('takes no object for markup that only looks like it', () => {
    const forged = JSON.parse(`{"text":${JSON.stringify(SCRIPT)}}`) as Html;
    expect(() => html`${forged}`.text).toThrow(TypeError);
  });
});

describe('the pages', () => {
  it('escape a title, a user’s name and the CSRF token', () => {
    const page = pageView({
      title: SCRIPT,
      main: html``,
      user: { id: SCRIPT, name: SCRIPT, csrf: '"><script>', administrator: true },
    });
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;alert(1)');
  });

  it('escape every part of a notice', () => {
    const page = noticeView({
      title: SCRIPT,
      text: SCRIPT,
      detail: SCRIPT,
      action: { href: `"${SCRIPT}`, label: SCRIPT },
    });
    expect(page).not.toContain('<script');
  });

  it('escape what a provider says', () => {
    const { notice } = NoticeException.providerError(SCRIPT, SCRIPT);
    expect(noticeView(notice)).not.toContain('<script');
  });
});
