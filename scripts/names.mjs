/** What the module of an exchange is called: its name without what is no letter or digit, `BitMEX` as `BitMex`. */
export const moduleOf = (name) =>
  name.replaceAll(/[^A-Za-z0-9]/g, "")
    .replaceAll(/([A-Z])([A-Z]+)(?=[A-Z][a-z]|$)/g, (_, first, others) => first + others.toLowerCase())
    .replace(/^[a-z]/, (first) => first.toUpperCase())
