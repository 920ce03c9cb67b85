/**
 * The names that an asset may have, as part of a pattern with the flag `u`. They contain no character with a meaning in
 * a symbol, a URL, a header or a terminal, and no leading dot, so that a name cannot be a path.
 *
 * @internal
 */
export const asset = "[\\p{L}\\p{N}$][\\p{L}\\p{N}.$]{0,19}"
