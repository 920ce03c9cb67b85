/** @internal Quotes a text of the user on one line, cut to 60 characters. */
export const quote = (text: string): string => JSON.stringify(text.slice(0, 60))
