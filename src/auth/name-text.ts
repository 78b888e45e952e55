/** RFC 9068 §2.2 and OpenID Connect Core §2 end subjects at 255 characters; client and user ids end there too. */
const MAX_LENGTH = 255;

/**
 * Tells whether a claim can name somebody: a text of 1 to 255 characters that is well-formed Unicode. A text that is
 * not well-formed has no channel segment of its own, so two of them could not be told apart.
 *
 * @internal
 */
export function isNameText(value: unknown): value is string {
  return (
    typeof value === 'string' && value !== '' && value.length <= MAX_LENGTH && !/\p{Surrogate}/u.test(value)
  );
}
