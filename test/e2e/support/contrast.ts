import type { Page } from 'playwright-core';

type Rgb = readonly [number, number, number];

/** Colours as the browser computes them. */
export interface Colours {
  readonly text: string;
  readonly background: string;
}

// A text: the tests are compiled without the names of the browser's world.
const COMPUTED = `(() => {
  const { color, backgroundColor } = getComputedStyle(document.body);
  return { text: color, background: backgroundColor };
})()`;

export const coloursOf = (page: Page): Promise<Colours> => page.evaluate<Colours>(COMPUTED);

/** The contrast ratio of WCAG 2, from 1 to 21. */
export function contrast({ text, background }: Colours): number {
  const [darker = 0, lighter = 0] = [luminance(rgb(text)), luminance(rgb(background))].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function rgb(colour: string): Rgb {
  const [red = 0, green = 0, blue = 0] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return [red, green, blue];
}

function luminance(colour: Rgb): number {
  const [red = 0, green = 0, blue = 0] = colour.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
