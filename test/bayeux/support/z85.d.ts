/** The part of the stock client that its types leave out. */
declare module 'cometd/Z85.js' {
  export const Z85: {
    readonly encode: (bytes: ArrayBuffer) => string;
    readonly decode: (text: string) => ArrayBuffer;
  };
}
