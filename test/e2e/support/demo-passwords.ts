/** As the terminal prints them. */
export const DEMO_PASSWORDS = {
  alice: 'rabbit-hole',
  bob: 'yes-we-can',
  carol: 'all-hands-on-deck',
} as const;
