/**
 * What an asset may be called, as part of a pattern with the flag `u`: no sign that means something in a symbol, a URL, a
 * header or a terminal, and no dot in front, so that it is no path either.
 *
 * @internal
 */
export const asset = "[\\p{L}\\p{N}$][\\p{L}\\p{N}.$]{0,19}"
