/** The error codes of Node.js for a pipe whose reader has closed it. With any other error, output is lost. */
const readerLeft: ReadonlySet<string | undefined> = new Set(["EPIPE", "EOF", "ECONNRESET", "ERR_STREAM_DESTROYED"])

/**
 * Returns `true` if an error of an output stream means that somebody misses the output.
 *
 * @internal
 */
export const isLost = ({ code }: NodeJS.ErrnoException): boolean => !readerLeft.has(code)

/** @internal */
export const lost = ({ message }: Error): string => `The output could not be written: ${message}.\n`
