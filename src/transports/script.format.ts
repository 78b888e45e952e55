import type { PollFormat } from './poll.link.js';

/** Line ends to JavaScript before ES2019, but not to JSON. */
const LINE_SEPARATORS = /[\u2028\u2029]/g;

/** A response that is a script: it calls the function `callback` of the page with the array. */
export function scriptFormat(callback: string): PollFormat {
  return {
    transport: 'callback-polling',
    connectOnly: true,
    headers: (answer) => [
      ...answer,
      ...['Content-Type', 'text/javascript; charset=utf-8'],
      ...['Cache-Control', 'no-store'],
      // Opened as a page it is downloaded, and never shown.
      ...['Content-Disposition', 'attachment; filename=f.txt'],
      // A script runs with what it carries in any page that includes it, and its request says nothing of that page:
      // there is no `Origin` to compare with the list. So the browser is told to give it to no page of another site.
      ...['Cross-Origin-Resource-Policy', 'same-site'],
      ...['Content-Length', 0],
    ],
    // The comment keeps the first bytes of the response out of the client's hands, as some plug-ins ran by these.
    body: ({ text: array }) => {
      const text = `/**/${callback}(${array.replace(LINE_SEPARATORS, escaped)});`;
      return { text, bytes: Buffer.byteLength(text) };
    },
  };
}

function escaped(separator: string): string {
  return separator === '\u2028' ? String.raw`\u2028` : String.raw`\u2029`;
}
