/** @internal What a user typed, as it may be said again: whatever it is, on one line and not long. */
export const quote = (text: string): string => JSON.stringify(text.slice(0, 60))
